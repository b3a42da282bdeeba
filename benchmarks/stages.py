"""What each stage of the pipeline costs a record of a capture, in microseconds of CPU.

    python benchmarks/stages.py CAPTURE [--rounds N] [--profile STAGE] [--top N]

Each line runs the pipeline up to that stage and subtracts the line before it (JSON lines: the messages).
--profile shows the functions of one of them by their own time; under the profiler all calls look dearer than
they are, so read its order and not its sums.
"""

import argparse
import cProfile
import gc
import pstats
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analyzer import exchange, jsonl
from analyzer.analysis import Analysis
from analyzer.association import Associations
from analyzer.run import Run
from analyzer.timing import Timing
from captures.source import open_source
from dissectors import profile, reassembly
from dissectors.link.stage import LinkStage

ROUNDS = 3
PROFILES = list(profile.builtin().values())
BY_NAME = {p.name: p for p in PROFILES}


def records(path: str) -> Iterable[Any]:
    return open_source(path)


def frames(path: str) -> Iterable[Any]:
    source = open_source(path)
    return LinkStage(source.channels, PROFILES).frames(source)


def pdus(path: str) -> Iterable[Any]:
    return reassembly.join(frames(path))


def messages(path: str) -> Iterable[Any]:
    return Associations(BY_NAME).messages(pdus(path))


def exchanges(path: str) -> Iterable[Any]:
    return exchange.pair(messages(path))


def timing(path: str) -> Iterable[Any]:
    source = open_source(path)
    taps = (Timing(BY_NAME, source.channels, keep=False),)
    return Run(source, source.channels, PROFILES, taps).exchanges()


def json_lines(path: str) -> Iterable[Any]:
    source = open_source(path)
    run = Run(source, source.channels, PROFILES)
    line = jsonl.MessageLines(run)
    return (line(m) for m in run.messages())


def kept(path: str) -> Iterable[Any]:
    source = open_source(path)
    return Analysis(source.channels, PROFILES).load(source)


# name → (what it runs, the stage that its addition is counted from)
STAGES: dict[str, tuple[Callable[[str], Iterable[Any]], str]] = {
    "records": (records, ""),
    "frames": (frames, "records"),
    "pdus": (pdus, "frames"),
    "messages": (messages, "pdus"),
    "exchanges": (exchanges, "messages"),
    "timing": (timing, "exchanges"),
    "jsonl": (json_lines, "messages"),
    "kept": (kept, "exchanges"),
}


def drain(items: Iterable[Any]) -> int:
    count = 0
    for _ in items:
        count += 1
    return count


def seconds(make: Callable[[str], Iterable[Any]], path: str, rounds: int) -> float:
    """CPU time of the cheapest round."""
    best = 1e9
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        drain(make(path))
        best = min(best, time.process_time() - start)
    return best


def measure(path: str, rounds: int = ROUNDS) -> list[tuple[str, float, float]]:
    """(stage, microseconds a record up to it, microseconds that it added)."""
    count = max(1, drain(records(path)))
    gc.freeze()
    spent: dict[str, float] = {"": 0.0}
    out = []
    for name, (make, before) in STAGES.items():
        spent[name] = seconds(make, path, rounds) / count * 1e6
        out.append((name, spent[name], spent[name] - spent[before]))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description="Microseconds a record after each stage.")
    parser.add_argument("capture")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--profile", choices=STAGES)
    parser.add_argument("--top", type=int, default=30)
    args = parser.parse_args()
    if args.profile:
        watch = cProfile.Profile()
        watch.runcall(drain, STAGES[args.profile][0](args.capture))
        pstats.Stats(watch).sort_stats("tottime").print_stats(args.top)
        return
    print(f"{'stage':12} {'us/record':>10} {'added':>8}")
    for name, total, added in measure(args.capture, args.rounds):
        print(f"{name:12} {total:10.2f} {added:+8.2f}")


if __name__ == "__main__":
    main()
