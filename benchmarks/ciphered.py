"""What deciphering costs: the same dialogue plain and ciphered through `dump --format jsonl --keys`, in CPU seconds.

    python benchmarks/ciphered.py [--gets N] [--rounds N] [--profile]

One association in the wrapper on UDP, then N GET-Requests with their responses: registers, clock and load profiles as
in dialogue.py. Ciphered, each APDU is glo-… of suite 0, authenticated and encrypted under the global unicast key, made
by tests/encode/security.py, an encoder that shares nothing with dissectors/. The ratio is that of the rates beyond what
an association alone costs (start-up, loading of the cryptography). Goal: at least a third of the plain rate.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from against_tshark import ours, race
from dialogue import START, Meter
from encode import acse
from encode.security import AUTHENTICATED, ENCRYPTED, Protection
from make_captures import ETHERNET, PORT, Hosts, wrapped

from captures.pcap import PcapWriter

GETS, ROUNDS = 20_000, 3
GOAL = 1 / 3
STEP_NS = 20_000_000
TITLES = (b"HES\0\0\0\0\1", b"CSC\0\0\0\0\1")
KEY, AUTHENTICATION = bytes(range(0x40, 0x50)), bytes(range(0x80, 0x90))
KEY_FILE = f"""[[key]]
system_title = "{TITLES[1].hex()}"
encryption = "{KEY.hex()}"
authentication = "{AUTHENTICATION.hex()}"
"""
CIPHERED_CONTEXT = 3


def plain_apdus(gets: int) -> Iterator[bytes]:
    """Requests and responses in turn."""
    meter = Meter(1)
    yield acse.aarq()
    yield acse.aare()
    for number in range(gets):
        yield from meter.read(START + number * 2 * STEP_NS)


def ciphered_apdus(gets: int) -> Iterator[bytes]:
    """The same, protected by each side with its own title and counter."""
    sides = [Protection(AUTHENTICATED | ENCRYPTED, title, KEY, AUTHENTICATION) for title in TITLES]
    users = [side.glo(made()) for side, made in zip(sides, (acse.initiate_request, acse.initiate_response))]
    for number, apdu in enumerate(plain_apdus(gets)):
        side = sides[number % 2]
        if number < 2:
            made = (acse.aarq, acse.aare)[number]
            yield made(context_number=CIPHERED_CONTEXT, title=TITLES[number], user=users[number])  # type: ignore[operator]
        else:
            yield side.glo(apdu)
        side.counter += 1


def write(path: Path, apdus: Iterator[bytes]) -> Path:
    hosts = Hosts(0)
    with path.open("wb") as file:
        writer = PcapWriter(file, ETHERNET, nanoseconds=False)
        for number, apdu in enumerate(apdus):
            way = number % 2
            writer.write(START + number * STEP_NS, hosts.udp(way, (50000, PORT), wrapped(apdu, way)))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description="What deciphering costs.")
    parser.add_argument("--gets", type=int, default=GETS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--profile", action="store_true", help="the dearest functions of the ciphered run instead")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = folder / "keys.toml"
        keys.write_text(KEY_FILE)
        keys.chmod(0o600)
        kinds = {"plain": plain_apdus, "ciphered": ciphered_apdus}
        paths = [
            write(folder / f"{kind}-{gets}.pcap", made(gets)) for gets in (0, args.gets) for kind, made in kinds.items()
        ]
        words = ["dump", "--format", "jsonl", "--keys", str(keys)]
        if args.profile:
            profile(str(paths[3]), words)
            return
        costs = race([ours(*words, path) for path in paths], args.rounds)
    net = [costs[2 + at].cpu - costs[at].cpu for at in range(2)]
    print(f"{'':10} {'CPU s':>7} {'start':>7} {'APDUs/s':>9} {'MB':>5}")
    for at, kind in enumerate(kinds):
        rate = 2 * args.gets / net[at]
        print(f"{kind:10} {costs[2 + at].cpu:7.2f} {costs[at].cpu:7.2f} {rate:9.0f} {costs[2 + at].memory:5.0f}")
    ratio = net[0] / net[1]
    print(f"ciphered rate : plain rate = {ratio:.2f} (goal {GOAL:.2f}: {'met' if ratio >= GOAL else 'missed'})")


def profile(path: str, words: list[str]) -> None:
    import contextlib
    import cProfile
    import os
    import pstats

    from analyzer import cli

    profiler = cProfile.Profile()
    with open(os.devnull, "w") as null, contextlib.redirect_stdout(null):
        profiler.runcall(cli.main, [*words, path])
    pstats.Stats(profiler).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
