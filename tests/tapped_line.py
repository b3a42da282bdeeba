"""A serial line with taps, for tests: `python -m tests.tapped_line --baud 9600`.

Prints "ready CLIENT METER UP DOWN BOTH": terminals for reader and meter, two that hear one of them each, one that
hears both.
Every octet is passed on at the end of its stop bit. Works until its input is closed.
"""

import argparse
import os
import pty
import select
import sys
import time
import tty


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--baud", type=int, default=9600)
    options = parser.parse_args()
    character = 10_000_000_000 // options.baud
    ends = [pty.openpty() for _ in range(5)]
    for _, terminal in ends:
        tty.setraw(terminal)
    masters = [master for master, _ in ends]
    sides, taps, both = masters[:2], masters[2:4], masters[4]
    print("ready", *(os.ttyname(terminal) for _, terminal in ends), flush=True)
    while True:
        readable = select.select([*sides, sys.stdin], [], [])[0]
        for side, line in enumerate(sides):
            if line not in readable:
                continue
            due = time.monotonic_ns()
            for octet in os.read(line, 4096):
                due = max(due + character, time.monotonic_ns())
                time.sleep(max(0, due - time.monotonic_ns()) / 1e9)
                os.write(taps[side], bytes((octet,)))
                os.write(both, bytes((octet,)))
                os.write(sides[1 - side], bytes((octet,)))
        if sys.stdin in readable:
            return


if __name__ == "__main__":
    main()
