"""How good the taps' time stamps are: octets played onto a pty at known times, against what the recorder says.

    python benchmarks/stamps.py [--rates 300,9600,115200] [--octets 400] [--busy 0,4]

A table a condition: error of each octet's reconstructed end (median, 95 %, 99 %, largest), the uncertainty that the
records state (median, 95 %), and the share of octets whose true time lies within it. The truth is when the player
wrote an octet: on a machine that is busy it is itself late on its schedule, which is given too. The peer is what a
plain pyserial reader in the same process as busy Python code would have stamped: the time its read returned.
"""

import argparse
import json
import os
import pty
import subprocess
import sys
import tempfile
import threading
import time
import tty
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from captures.recorder import Recorder, RecordPlan  # noqa: E402
from captures.source import open_source  # noqa: E402

PLAYER = """
import json, os, random, sys, time
fd, count, character = map(int, sys.argv[1:])
random.seed(1)
try:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))
except (OSError, AttributeError):
    pass
out, due = [], time.monotonic_ns() + 300_000_000
for index in range(count):
    due += character
    if random.random() < 0.05:  # a pause: the end of a frame, or a turn
        due += random.randrange(character, 60_000_000)
    while True:
        left = due - time.monotonic_ns()
        if left <= 0:
            break
        if left > 300_000:
            time.sleep((left - 200_000) / 1e9)
    at = time.monotonic_ns()
    os.write(fd, bytes([index & 0x7F]))
    out.append((due, at, time.monotonic_ns()))
    due = max(due, at)  # on a wire octets never come closer than a character
json.dump({"offset": time.time_ns() - time.monotonic_ns(), "octets": out}, sys.stdout)
"""
HOG = "while True: pass"


def measure(baud: int, count: int, busy: int) -> dict[str, float]:
    """Plays count octets at a rate while so many other processes compute, and compares."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    character = 10_000_000_000 // baud
    name = os.ttyname(slave)
    plain: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "stamps.pcapng")
        recorder = Recorder(RecordPlan((f"serial:{name}?baud={baud}&signon=no",), path))
        hogs = [subprocess.Popen([sys.executable, "-c", HOG]) for _ in range(busy)]
        try:
            done = subprocess.run(
                [sys.executable, "-c", PLAYER, str(master), str(count), str(character)],
                pass_fds=[master], capture_output=True, check=True,
            )  # fmt: skip
            time.sleep(0.5)
        finally:
            for hog in hogs:
                hog.kill()
            recorder.close()
        source = open_source(path)
        ends, bounds = [], []
        offset = 0
        for r in source:
            if not r.octets or r.first_ns is None or r.last_ns is None:
                continue
            n = len(r.octets)
            for k in range(n):  # octets are at least a character apart: the latest that each can have ended
                ends.append(r.last_ns - (n - 1 - k) * character)
                bounds.append(r.uncertainty_ns or 0)
        source.close()
    os.close(master)
    os.close(slave)
    told = json.loads(done.stdout)
    offset = told["offset"]
    truth = told["octets"]
    assert len(ends) == len(truth), f"{len(ends)} of {len(truth)} octets arrived"
    errors = [end - (at + offset) for end, (_, at, _) in zip(ends, truth)]
    inside = sum(-20_000 <= error <= bound + 1000 for error, bound in zip(errors, bounds))
    behind = sorted(at - due for due, at, _ in truth)
    ordered, wide = sorted(abs(error) for error in errors), sorted(bounds)

    def at(values: list[int], share: float) -> float:
        return values[min(len(values) - 1, int(len(values) * share))] / 1000

    return {
        "p50": at(ordered, 0.5), "p95": at(ordered, 0.95), "p99": at(ordered, 0.99), "max": ordered[-1] / 1000,
        "stated50": at(wide, 0.5), "stated95": at(wide, 0.95), "covered": inside / len(errors) * 100,
        "player99": at(behind, 0.99), "early": min(errors) / 1000,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rates", default="300,1200,2400,9600,19200,38400,57600,115200")
    parser.add_argument("--octets", type=int, default=600)
    parser.add_argument("--busy", default="0,4")
    args = parser.parse_args()
    print(
        "| baud | busy | error p50 us | p95 | p99 | max | earliest | stated p50 us | p95 | covered % | player late p99 us |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for busy in map(int, args.busy.split(",")):
        for baud in map(int, args.rates.split(",")):
            m = measure(baud, min(args.octets, baud * 6 // 10), busy)
            print(
                f"| {baud} | {busy or 'idle'} | {m['p50']:.0f} | {m['p95']:.0f} | {m['p99']:.0f} | {m['max']:.0f} | "
                f"{m['early']:.0f} | {m['stated50']:.0f} | {m['stated95']:.0f} | {m['covered']:.1f} | {m['player99']:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
