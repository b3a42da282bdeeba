"""The line of the serial demo capture: two terminals, joined at the pace of a UART, with a tap on both wires.

    python -m captures.demo.relay --write line.pcapng --baud 9600 --lose 26 --damage 30 --damage-request 33

Prints "ready CLIENT METER", the two terminals for reader.py and meter.py, and works until its input is closed. A burst
reaches the other side when its last octet would have, ten bits an octet (8N1). The tap writes one RTAC_SERIAL record
a burst, stamped when its first octet left: wire 0 is what the client sends, wire 1 what the meter sends. Bursts are
counted from 1 in each direction; --lose takes an answer off the line before the tap, --damage turns one bit of an
answer, --damage-request one bit of a request.
"""

import argparse
import os
import pty
import select
import sys
import time
import tty
from pathlib import Path

from captures.linktype import RTAC_HEADER, RTAC_SERIAL, Event
from captures.pcapng_write import PcapngWriter

NAMES = ("client", "meter")
DESCRIPTIONS = ("what the client sends, RS-232 TXD at the client", "what the meter sends, RS-232 RXD at the client")
EVENTS = (Event.TX_START, Event.RX_START)
OUTBOUND, INBOUND = 2, 1  # epb_flags, bits 0 and 1
FLAGS = (OUTBOUND, INBOUND)
BITS = 10  # 8N1
DAMAGED_OCTET = 9  # behind the header of a frame with the addresses of the demo


def damaged(octets: bytes) -> bytes:
    """octets with one bit turned."""
    at = min(DAMAGED_OCTET, len(octets) - 1)
    return octets[:at] + bytes((octets[at] ^ 0x10,)) + octets[at + 1 :]


def record(tap: PcapngWriter, wire: int, ns: int, octets: bytes) -> None:
    head = RTAC_HEADER.pack(ns // 1_000_000_000, ns % 1_000_000_000 // 1000, EVENTS[wire], 0, 0)
    tap.packet(wire, ns, head + octets, flags=FLAGS[wire])


def main() -> None:
    parser = argparse.ArgumentParser(description="a serial line with a tap")
    parser.add_argument("--write", type=Path, required=True)
    parser.add_argument("--baud", type=int, default=9600)
    parser.add_argument("--lose", type=int, action="append", default=[], metavar="ANSWER")
    parser.add_argument("--damage", type=int, action="append", default=[], metavar="ANSWER")
    parser.add_argument("--damage-request", type=int, action="append", default=[], metavar="REQUEST")
    options = parser.parse_args()
    ends = [pty.openpty() for _ in NAMES]
    for _, terminal in ends:
        tty.setraw(terminal)
    lines = [master for master, _ in ends]
    count = [0, 0]
    damage = (options.damage_request, options.damage)
    with options.write.open("wb") as file:
        tap = PcapngWriter(file, application="cosemscope captures/demo/relay.py")
        for name, description in zip(NAMES, DESCRIPTIONS, strict=True):
            tap.interface(RTAC_SERIAL, name=name, description=description, speed=options.baud)
        print("ready", *(os.ttyname(terminal) for _, terminal in ends), flush=True)
        while True:
            readable, _, _ = select.select([*lines, sys.stdin], [], [])
            for wire, line in enumerate(lines):
                if line not in readable:
                    continue
                octets = os.read(line, 4096)
                ns = time.time_ns()
                count[wire] += 1
                if wire == 1 and count[wire] in options.lose:
                    continue
                if count[wire] in damage[wire]:
                    octets = damaged(octets)
                record(tap, wire, ns, octets)
                time.sleep(len(octets) * BITS / options.baud)
                os.write(lines[1 - wire], octets)
            if sys.stdin in readable:
                return


if __name__ == "__main__":
    main()
