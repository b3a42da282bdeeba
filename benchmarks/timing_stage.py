"""What the timing stage costs a message and an exchange: 200 000 UDP packets, shipped profiles.

    python benchmarks/timing_stage.py [EXCHANGES]

Prints microseconds for each message and exchange of the stage alone (the generators around it, which
cost the same without it, are subtracted), with and without keeping every measurement.
"""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path as FilePath
from time import process_time
from typing import Any

sys.path.insert(0, str(FilePath(__file__).resolve().parent.parent))

from analyzer.model import Exchange, Message, Target
from analyzer.timing import Timing
from dissectors.apdu import Apdu
from dissectors.profile import builtin
from dissectors.record import Channel, Frame, Path, Pdu

T0 = 1_700_000_000_000_000_000
PROFILE = "tcp-udp-ip"
METERS = 50


def traffic(count: int) -> tuple[list[Frame], list[Message], list[Exchange]]:
    """Requests and responses of METERS meters in turn, 1 to 2 ms to answer."""
    channel = 0
    request = Apdu(0xC0, "get-request-normal", "get", "request", 1, True, 3, b"\1\0\1\x08\0\xff", 2)
    response = Apdu(0xC4, "get-response-normal", "get", "response", 1, result="success", data=(4, 9))
    target = Target(3, b"\1\0\1\x08\0\xff", 2, None)
    ways = []
    for meter in range(METERS):
        host, peer = "10.0.0.1:4059", f"10.0.{meter}.7:4059"
        ways.append((Path(meter, "udp", host, peer), Path(meter, "udp", peer, host)))
    octets = bytes(13)
    frames, messages, exchanges = [], [], []
    for n in range(count):
        there, back = ways[n % METERS]
        server = 1 + n % METERS
        asked, took = T0 + n * 10_000_000, 1_000_000 + n * 7919 % 1_000_000
        answered = asked + took
        for k, (path, direction, at) in enumerate(((there, 0, asked), (back, 1, answered)), 1):
            no = 2 * n + k
            source, destination = (16, server) if direction == 0 else (server, 16)
            frames.append(
                Frame(
                    no,
                    (no,),
                    channel,
                    path,
                    PROFILE,
                    direction,
                    at,
                    at,
                    2000,
                    "wrapper",
                    "wrapper",
                    source,
                    destination,
                    octets,
                )
            )
            pdu = Pdu((no,), channel, path, PROFILE, direction, at, at, 2000, 16, server, octets)
            apdu = response if direction else request
            messages.append(Message(no, pdu, apdu, server, 1, target, (), no - 1 if direction else 0))
        exchanges.append(
            Exchange(
                n + 1, 2 * n + 1, (2 * n + 2,), "get", server, channel, PROFILE, 16, server, -1, there.source,
                there.destination, target, "success", (2 * n + 1, 2 * n + 2), asked, asked, answered, took,
                took - 4000, took + 4000,
            )
        )  # fmt: skip
    return frames, messages, exchanges


def plain(items: Iterable[Any]) -> Iterable[Any]:
    yield from items


def seconds(tap: Callable[[Iterable[Any]], Iterable[Any]], items: list[Any]) -> float:
    """Time to pull all items through a tap."""
    start = process_time()
    for _ in tap(items):
        pass
    return process_time() - start


def main(count: int) -> None:
    frames, messages, exchanges = traffic(count)
    profiles = dict(builtin())
    for keep in (False, True):
        best = [1e9, 1e9, 1e9]
        for _ in range(3):
            timing = Timing(profiles, [Channel(0, "eth0", 1)], keep=keep)
            taps = ((timing.frames, frames), (timing.messages, messages), (timing.exchanges, exchanges))
            for i, (tap, items) in enumerate(taps):
                best[i] = min(best[i], seconds(tap, items) - seconds(plain, items))
        timing.end()
        start = process_time()
        rows = timing.rows("benchmark")
        made = process_time() - start
        each = [1e6 * spent / len(items) for spent, (_, items) in zip(best, taps)]
        print(
            f"keep={keep!s:5}  us a frame {each[0]:.2f}, a message {each[1]:.2f}, an exchange {each[2]:.2f}; "
            f"all {sum(best) * 1e6 / len(frames):.2f} us a packet; {len(rows)} rows in {made * 1e3:.0f} ms"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
