"""cosemscope against tshark, on one machine in one run: CPU time of whole processes, and memory.

    python benchmarks/against_tshark.py [--packets N] [--quick] [--rounds N] [--json] [--jobs NAME,…] [--folder DIR]

Ours and theirs take turns; of each the round with the least user + system time counts, since other load only
adds. Output goes to the null device. Goals are ratios of one run: no absolute times are judged.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import make_captures

ROOT = Path(__file__).resolve().parent.parent
QUICK = 20_000
ROUNDS = 5
OPEN = """
import sys, analyzer
a = analyzer.open(sys.argv[1])
found = len(a.select("message", sys.argv[2]))
print(len(a.frames), len(a.messages), len(a.exchanges), found)
"""
LOAD = "import sys, analyzer; a = analyzer.open(sys.argv[1]); print(len(a.frames))"
FILTER = "obis == 1-0:1.8.0*255"


@dataclass
class Cost:
    """The cheapest of several runs of a process: CPU and wall time in seconds, peak of resident memory in MB."""

    cpu: float = 1e9
    wall: float = 1e9
    memory: float = 0.0


@dataclass
class Row:
    """One job of the table. ours, theirs: seconds of CPU or MB. ratio: how many times faster than tshark, or how
    many times the bound, the smaller file's memory, the smaller file's time."""

    job: str
    ours: float
    theirs: float
    unit: str
    ratio: float
    goal: str
    met: bool


def run(command: list[str]) -> Cost:
    """One process from start to end, its output thrown away."""
    start = time.perf_counter()
    with open(os.devnull, "wb") as null:
        child = subprocess.Popen(command, cwd=ROOT, stdout=null, stderr=subprocess.PIPE)
        assert child.stderr is not None
        said = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {child.returncode}\n{said.decode(errors='replace')}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def race(commands: list[list[str]], rounds: int) -> list[Cost]:
    """The cheapest round of each command; they take turns, and who begins changes too."""
    best = [Cost() for _ in commands]
    for turn in range(rounds):
        order = range(len(commands))
        for at in order if turn % 2 == 0 else reversed(order):
            cost, seen = best[at], run(commands[at])
            cost.cpu, cost.wall = min(cost.cpu, seen.cpu), min(cost.wall, seen.wall)
            cost.memory = max(cost.memory, seen.memory)
    return best


def ours(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "analyzer.cli", *map(str, words)]


def fields(path: Path, *names: str) -> list[str]:
    """tshark's cheapest way to tell time, addresses and payload of each packet."""
    return ["tshark", "-n", "-r", str(path), "-T", "fields", *(word for name in names for word in ("-e", name))]


class Jobs:
    """The jobs by name; each gives rows of the table."""

    def __init__(self, packets: int, rounds: int, folder: Path) -> None:
        self.packets = packets
        self.rounds = rounds
        self.folder = folder

    def capture(self, kind: str, times: int = 1) -> Path:
        return make_captures.make(kind, self.packets * times, self.folder)

    def faster(self, job: str, us: list[str], them: list[str], goal: float) -> Row:
        mine, other = race([us, them], self.rounds)
        ratio = other.cpu / mine.cpu
        words = "not slower" if goal == 1 else f"{goal:g} times faster"
        return Row(job, mine.cpu, other.cpu, "s CPU", ratio, words, ratio >= goal)

    def udp_timing(self) -> Iterator[Row]:
        path = self.capture("udp")
        them = fields(path, "frame.time_epoch", "ip.src", "ip.dst", "udp.payload")
        yield self.faster(
            "UDP: timing --format csv, tshark -T fields", ours("timing", "--format", "csv", path), them, 3
        )

    def tcp_timing(self) -> Iterator[Row]:
        path = self.capture("tcp")
        them = fields(path, "frame.time_epoch", "ip.src", "ip.dst", "tcp.payload")
        yield self.faster(
            "TCP: timing --format csv, tshark -T fields", ours("timing", "--format", "csv", path), them, 3
        )

    def hdlc_timing(self) -> Iterator[Row]:
        path = self.capture("hdlc")
        them = fields(path, "frame.time_epoch", "frame.len", "data.data")
        row = self.faster(
            "HDLC: timing --format csv, tshark -T fields", ours("timing", "--format", "csv", path), them, 1
        )
        row.goal += ", then 2 times faster"
        yield row

    def json_lines(self) -> Iterator[Row]:
        for kind in ("udp", "tcp"):
            path = self.capture(kind)
            us, them = ours("dump", "--format", "jsonl", path), ["tshark", "-n", "-r", str(path), "-T", "json"]
            yield self.faster(f"{kind.upper()}: dump --format jsonl, tshark -T json", us, them, 5)

    def hdlc_json(self) -> Iterator[Row]:
        """No goal: tshark does not dissect HDLC there."""
        path = self.capture("hdlc")
        us, them = ours("dump", "--format", "jsonl", path), ["tshark", "-n", "-r", str(path), "-T", "json"]
        row = self.faster("HDLC: dump --format jsonl, tshark -T json", us, them, 1)
        row.goal = "(none)"
        yield row

    def opened(self) -> Iterator[Row]:
        for kind in ("udp", "tcp", "hdlc"):
            path = self.capture(kind)
            us = [sys.executable, "-c", OPEN, str(path), FILTER]
            job = f"{kind.upper()}: open, list all, one filter; tshark -r"
            yield self.faster(job, us, ["tshark", "-n", "-r", str(path)], 1)

    def memory(self) -> Iterator[Row]:
        """Peak of a process that holds a capture, with five times the packets too."""
        for kind in ("udp", "tcp", "hdlc"):
            for times in (1, 5):
                path = self.capture(kind, times)
                size = path.stat().st_size / (1 << 20)
                peak = run([sys.executable, "-c", LOAD, str(path)]).memory
                job = f"{kind.upper()}: memory of an open capture of {size:.0f} MB"
                yield Row(job, peak, size, "MB", peak / (3 * size + 60), "≤ 3 × file + 60 MB", peak <= 3 * size + 60)

    def flat(self) -> Iterator[Row]:
        """Memory of the streaming commands as the file grows five times: 10 MB for page caches and chance."""
        for kind in ("udp", "tcp", "hdlc"):
            small, large = self.capture(kind), self.capture(kind, 5)
            for words in (("timing", "--format", "csv"), ("dump", "--format", "jsonl")):
                before, after = run(ours(*words, small)).memory, run(ours(*words, large)).memory
                job = f"{kind.upper()}: memory of {words[0]}, five times the packets"
                yield Row(job, after, before, "MB", after / before, "flat (+ 10 MB)", after <= before + 10)

    def growth(self) -> Iterator[Row]:
        """CPU with twice the packets."""
        for kind in ("udp", "tcp", "hdlc"):
            small, large = self.capture(kind), self.capture(kind, 2)
            for words in (("timing", "--format", "csv"), ("dump", "--format", "jsonl")):
                one, two = race([ours(*words, small), ours(*words, large)], self.rounds)
                ratio = two.cpu / one.cpu
                job = f"{kind.upper()}: cost growth of {words[0]}, twice the packets"
                yield Row(job, two.cpu, one.cpu, "s CPU", ratio, "≤ 2.1 ×", ratio <= 2.1)


NAMES = ("udp_timing", "tcp_timing", "hdlc_timing", "json_lines", "hdlc_json", "opened", "memory", "flat", "growth")


def table(rows: list[Row]) -> str:
    """Markdown. For memory and growth "theirs" is what ours is held against: the file, the smaller capture."""
    lines = ["| job | ours | theirs | ratio | goal | met |", "|---|---|---|---|---|---|"]
    for r in rows:
        met = "" if r.goal == "(none)" else "yes" if r.met else "no"
        lines.append(
            f"| {r.job} | {r.ours:.2f} {r.unit} | {r.theirs:.2f} {r.unit} | {r.ratio:.2f} | {r.goal} | {met} |"
        )
    return "\n".join(lines)


def measure(packets: int, rounds: int, folder: Path, names: tuple[str, ...] = NAMES) -> list[Row]:
    """All rows of the jobs named; says on stderr where it is."""
    if shutil.which("tshark") is None:
        raise SystemExit("tshark is not here: install it (Debian: apt-get install tshark)")
    jobs = Jobs(packets, rounds, folder)
    rows = []
    for name in names:
        for row in getattr(jobs, name)():
            print(f"{row.job}: {row.ratio:.2f}", file=sys.stderr)
            rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="cosemscope against tshark.")
    parser.add_argument("--packets", type=int, default=make_captures.PACKETS)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} packets, two rounds (start-up weighs more)")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--jobs", default=",".join(NAMES), metavar="NAME,…", help=", ".join(NAMES))
    parser.add_argument("--folder", type=Path, default=make_captures.DEFAULT_OUT)
    args = parser.parse_args()
    packets = min(args.packets, QUICK) if args.quick else args.packets
    rounds = args.rounds or (2 if args.quick else ROUNDS)
    names = tuple(args.jobs.split(","))
    unknown = set(names) - set(NAMES)
    if unknown:
        parser.error(f"no such job: {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    rows = measure(packets, rounds, args.folder.resolve(), names)
    print(json.dumps([asdict(row) for row in rows], indent=1) if args.json else table(rows))


if __name__ == "__main__":
    main()
