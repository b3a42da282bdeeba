"""How much a live recording takes without loss: packets on the loopback interface, and taps at full rate.

    python benchmarks/live_rates.py [--packets 20000] [--seconds 60] [--taps 8] [--baud 115200] [--by dumpcap,scapy]

Prints what was sent, what is in the file, what the recorder counted as lost, and how much of a core it took.
"""

import argparse
import os
import pty
import socket
import subprocess
import sys
import tempfile
import time
import tty
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from captures.recorder import Recorder, RecordPlan  # noqa: E402
from captures.source import open_source  # noqa: E402

PORT = 40594
APDU = bytes.fromhex("000100100001000dc001c100080000010000ff0200")
PUMP = """
import os, sys, time
baud, seconds, fds = int(sys.argv[1]), float(sys.argv[2]), list(map(int, sys.argv[3:]))
size = 8
step, octets, turn = size * 10_000_000_000 // baud, bytes(range(size)), 0
start = time.monotonic_ns() + 200_000_000
while turn * step < seconds * 1e9:
    turn += 1
    left = start + turn * step - time.monotonic_ns()
    if left > 0:
        time.sleep(left / 1e9)
    for fd in fds:
        os.write(fd, octets)
print(turn * size * len(fds))
"""


def processor(pid: int) -> float:
    """Seconds of processor time that a process took."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def packets(rate: int, seconds: float, by: str) -> str:
    """So many datagrams a second on the loopback interface."""
    count = int(rate * seconds)
    with tempfile.TemporaryDirectory() as folder, socket.socket(type=socket.SOCK_DGRAM) as out:
        recorder = Recorder(RecordPlan((f"ip:lo?filter=udp port {PORT}&by={by}",), os.path.join(folder, "a.pcapng")))
        before, begun = processor(recorder._process.pid), time.monotonic()
        for number in range(count):
            out.sendto(APDU, ("127.0.0.1", PORT))
            if number % 50 == 49:
                time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        took = time.monotonic() - begun
        time.sleep(2)
        share = (processor(recorder._process.pid) - before) / took
        recorder.close()
        there = records(recorder.path)
        dropped = recorder.health.dropped
    return (
        f"| {by} | {count} packets in {took:.1f} s ({count / took:.0f}/s) | {there} in the file | "
        f"{dropped} counted lost | {share:.0%} of a core |"
    )


def taps(number: int, baud: int, seconds: float) -> str:
    """So many taps, each at the full rate of its line all the time."""
    ends = [pty.openpty() for _ in range(number)]
    for _, slave in ends:
        tty.setraw(slave)
    names = ",".join(os.ttyname(slave) for _, slave in ends)
    with tempfile.TemporaryDirectory() as folder:
        spec = f"serial:{names}?baud={baud}" + ("&wiring=separate" if number > 1 else "")
        recorder = Recorder(RecordPlan((spec,), os.path.join(folder, "a.pcapng")))
        before, begun = processor(recorder._process.pid), time.monotonic()
        masters = [master for master, _ in ends]
        command = [sys.executable, "-c", PUMP, str(baud), str(seconds), *map(str, masters)]
        done = subprocess.run(command, pass_fds=masters, capture_output=True, text=True, check=True)
        took = time.monotonic() - begun
        time.sleep(2)
        share = (processor(recorder._process.pid) - before) / took
        recorder.close()
        there = sum(len(r.octets) for r in open_source(recorder.path))
        lost = sum(wire.overruns for wire in recorder.health.wires)
    for fds in ends:
        for fd in fds:
            os.close(fd)
    sent = int(done.stdout)
    return (
        f"| {number} taps at {baud} Bd | {sent} octets in {took:.1f} s ({sent / took:.0f}/s) | {there} in the file | "
        f"{lost} counted lost | {share:.0%} of a core |"
    )


def records(path: str) -> int:
    source = open_source(path)
    count = sum(1 for _ in source)
    source.close()
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description="how much a live recording takes without loss")
    parser.add_argument("--packets", type=int, default=20_000, help="a second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--taps", default="1,8")
    parser.add_argument("--baud", type=int, default=115_200)
    parser.add_argument("--by", default="dumpcap,scapy")
    args = parser.parse_args()
    print("| source | sent | recorded | lost | recorder |\n|---|---|---|---|---|")
    for by in filter(None, args.by.split(",")):
        print(packets(args.packets, args.seconds, by), flush=True)
    for number in map(int, filter(None, args.taps.split(","))):
        print(taps(number, args.baud, args.seconds), flush=True)


if __name__ == "__main__":
    main()
