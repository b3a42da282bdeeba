"""All benchmarks, as Markdown on stdout; where it is, on stderr. `make bench` runs this.

python benchmarks/run.py [--quick] [--packets N] [--rounds N] [--folder DIR]
"""

import argparse
import subprocess
import sys
from pathlib import Path

import against_tshark
import make_captures
import startup

HERE = Path(__file__).resolve().parent
OTHERS = ("apdu.py", "timing_stage.py", "ciphered.py")


def printed(script: str, *words: str) -> str:
    """What another script prints; it runs by itself so that its memory and caches are its own."""
    done = subprocess.run([sys.executable, str(HERE / script), *words], capture_output=True, text=True, check=True)
    return done.stdout.rstrip()


def main() -> None:
    parser = argparse.ArgumentParser(description="All benchmarks.")
    parser.add_argument("--packets", type=int, default=make_captures.PACKETS)
    parser.add_argument("--quick", action="store_true", help=f"{against_tshark.QUICK} packets, two rounds")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--folder", type=Path, default=make_captures.DEFAULT_OUT)
    args = parser.parse_args()
    packets = min(args.packets, against_tshark.QUICK) if args.quick else args.packets
    rounds = args.rounds or (2 if args.quick else against_tshark.ROUNDS)
    folder = args.folder.resolve()

    print(f"## Against tshark, {packets} packets\n")
    print(against_tshark.table(against_tshark.measure(packets, rounds, folder)), flush=True)
    print("\n## Starting\n\n| command | CPU ms | wall ms | MB |\n|---|---|---|---|")
    for name, cost in startup.measure(rounds).items():
        print(f"| {name} | {cost.cpu * 1e3:.0f} | {cost.wall * 1e3:.0f} | {cost.memory:.0f} |", flush=True)
    for kind in make_captures.KINDS:
        print(f"\n## Stages, {kind}\n\n```", flush=True)
        path = make_captures.make(kind, packets, folder)
        print(printed("stages.py", str(path), "--rounds", str(rounds)), end="\n```\n", flush=True)
    for script in OTHERS:
        if (HERE / script).is_file():
            print(f"\n## {script}\n\n```\n{printed(script)}\n```", flush=True)


if __name__ == "__main__":
    main()
