"""What `cosemscope --help` costs before it answers: CPU and wall time of the process, and the dearest imports.

    python benchmarks/startup.py [--rounds N] [--top N]

The same for a capture of no packets, which is what every run of `timing` and `dump` pays once.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from against_tshark import ROOT, Cost, ours, race
from make_captures import make

ROUNDS = 5
IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|\s*(\S+)")


def imports(command: list[str], top: int) -> list[tuple[int, str]]:
    """The modules that took longest themselves: (microseconds, name)."""
    timed = [command[0], "-X", "importtime", *command[1:]]
    said = subprocess.run(timed, cwd=ROOT, capture_output=True, text=True, check=True).stderr
    found = [(int(m[1]), m[3]) for m in map(IMPORT.match, said.splitlines()) if m]
    return sorted(found, reverse=True)[:top]


def commands(folder: Path) -> dict[str, list[str]]:
    empty = make("udp", 0, folder)
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "--help": ours("--help"),
        "timing, no packets": ours("timing", "--format", "csv", empty),
        "dump, no packets": ours("dump", "--format", "jsonl", empty),
    }


def measure(rounds: int = ROUNDS) -> dict[str, Cost]:
    with TemporaryDirectory() as folder:
        made = commands(Path(folder))
        return dict(zip(made, race(list(made.values()), rounds)))


def main() -> None:
    parser = argparse.ArgumentParser(description="What starting costs.")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--top", type=int, default=10)
    args = parser.parse_args()
    for name, cost in measure(args.rounds).items():
        print(f"{name:20} {cost.cpu * 1e3:5.0f} ms CPU {cost.wall * 1e3:6.0f} ms wall {cost.memory:5.0f} MB")
    with TemporaryDirectory() as folder:
        for name in ("--help", "timing, no packets"):
            print(f"\ndearest imports of {name}")
            for spent, module in imports(commands(Path(folder))[name], args.top):
                print(f"{spent / 1e3:7.1f} ms  {module}")


if __name__ == "__main__":
    main()
