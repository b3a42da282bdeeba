"""How good the taps' time stamps are: octets played onto a pty at known times, against what the recorder says.

    python benchmarks/stamps.py [--rates 300,9600,115200] [--octets 400] [--busy 0,4]

One row a rate and condition: error of each octet's end (median, 95 %, 99 %, largest, and the earliest: a stamp is
never early), the uncertainty that records state (median, 95 %), and the share of octets whose true time lay within it.
The truth is when the player wrote an octet; how late that was on its own schedule is the last column. The peer is a
plain pyserial reader in the same run, in one process with a busy interpreter, which takes the time its read returned
(its 95 % error).
"""

import argparse
import json
import os
import pty
import subprocess
import sys
import tempfile
import time
import tty
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from captures.clock import Clock  # noqa: E402
from captures.recorder import Recorder, RecordPlan  # noqa: E402
from captures.serial.calibrate import compare, read  # noqa: E402

PLAYER = """
import json, os, sys
from captures.serial.calibrate import Schedule, LEAD_NS
from captures.serial.player import played
import time
fds, count, character = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))
except (OSError, AttributeError):
    pass
schedule = Schedule(fds[0], count, character)
start = time.monotonic_ns() + 3 * LEAD_NS
out = []
for index, (due, at) in enumerate(played(schedule, start)):
    os.write(fds[1], bytes((index & 0x7F,)))
    schedule.written(at - start)
    out.append((due, at))
json.dump(out, sys.stdout)
"""
PEER = """
import json, sys, threading, time
import serial
port = serial.Serial(sys.argv[1], int(sys.argv[2]))
count, out = int(sys.argv[3]), []
busy = threading.Thread(target=lambda: exec("while True: pass"), daemon=True)
busy.start()
print("ready", flush=True)
while len(out) < count:
    read = port.read(max(1, port.in_waiting))
    out += [time.monotonic_ns()] * len(read)
json.dump(out, sys.stdout)
sys.stdout.flush()
import os
os._exit(0)
"""
HOG = "while True: pass"
HEAD = (
    "baud", "busy", "error p50 us", "p95", "p99", "max", "earliest", "stated p50", "stated p95", "covered %",
    "peer p95", "player p99",
)  # fmt: skip


def measure(baud: int, count: int, busy: int) -> list[Any]:
    """Plays count octets at a rate while so many other processes compute, and compares."""
    ends = [pty.openpty() for _ in range(2)]
    for _, slave in ends:
        tty.setraw(slave)
    character = 10_000_000_000 // baud
    name, other = (os.ttyname(slave) for _, slave in ends)
    masters = [master for master, _ in ends]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "stamps.pcapng")
        peer = subprocess.Popen(
            [sys.executable, "-c", PEER, other, str(baud), str(count)], stdout=subprocess.PIPE, text=True
        )
        assert peer.stdout is not None
        peer.stdout.readline()
        recorder = Recorder(RecordPlan((f"serial:{name}?baud={baud}&signon=no",), path))
        clock = Clock()
        hogs = [subprocess.Popen([sys.executable, "-c", HOG]) for _ in range(busy)]
        command = [sys.executable, "-c", PLAYER, json.dumps(masters), str(count), str(character)]
        try:
            done = subprocess.run(command, pass_fds=masters, capture_output=True, check=True, cwd=ROOT)
            heard = json.loads(peer.stdout.read())
            peer.wait()
            time.sleep(0.5)
        finally:
            for hog in hogs:
                hog.kill()
            recorder.close()
        stamps = read(path, character)
    for fds in ends:
        for fd in fds:
            os.close(fd)
    played = json.loads(done.stdout)
    assert len(stamps) == len(played) == len(heard), f"{len(stamps)}, {len(heard)} of {len(played)} octets arrived"
    errors, inside = compare(stamps, [clock.wall(at) for _, at in played], 0)
    ordered, wide = sorted(errors), sorted(early for _, _, early in stamps)
    plain = sorted(at - begun for at, (_, begun) in zip(heard, played))
    behind = sorted(at - due for due, at in played)

    def share(values: list[int], part: float) -> int:
        return values[min(len(values) - 1, int(len(values) * part))] // 1000

    return [
        baud, busy or "idle", share(ordered, 0.5), share(ordered, 0.95), share(ordered, 0.99), ordered[-1] // 1000,
        ordered[0] // 1000, share(wide, 0.5), share(wide, 0.95), f"{inside / count * 100:.2f}", share(plain, 0.95),
        share(behind, 0.99),
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="quality of the taps' time stamps")
    parser.add_argument("--rates", default="300,1200,2400,9600,19200,38400,57600,115200")
    parser.add_argument("--octets", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=20, help="at slow rates fewer octets")
    parser.add_argument("--busy", default="0,4")
    args = parser.parse_args()
    print("|", " | ".join(HEAD), "|")
    print("|---" * len(HEAD) + "|")
    for busy in map(int, args.busy.split(",")):
        for baud in map(int, args.rates.split(",")):
            count = min(args.octets, int(baud / 30 * args.seconds))
            print("|", " | ".join(map(str, measure(baud, count, busy))), "|", flush=True)


if __name__ == "__main__":
    main()
