"""Fast ways against slow ways over Data and APDUs: microseconds each, and their ratio.

    python benchmarks/apdu.py

Read the ratios; the microseconds are those of the machine at hand.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from timeit import repeat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dissectors import apdus, data, quickapdu, quickdata, tree
from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Trace

SECONDS = 0.1
ROW = bytes.fromhex("0204090C07E507010000000000FFC40011000600001234060000ABCD")
PROFILE = b"\x01\x0a" + ROW * 10
PUSH = bytes.fromhex("0204060190560B120326020312000109060100010800FF0F0016 1E")
DATAS = {
    "double-long-unsigned": bytes.fromhex("0600000001"),
    "octet-string": bytes.fromhex("09060100010800FF"),
    "scaler and unit": bytes.fromhex("02020FFD161E"),
    "structure of mixed": PUSH,
    "ten rows of a profile": PROFILE,
}
APDUS = {
    "get-request-normal": bytes.fromhex("C001C100030100010800FF0200"),
    "get-response-normal": bytes.fromhex("C401C1000600000001"),
    "get-response-normal, profile": bytes.fromhex("C401C100") + PROFILE,
    "set-request-normal": bytes.fromhex("C101C100030100010800FF02000600000001"),
    "action-response-normal": bytes.fromhex("C701C10000"),
    "data-notification": bytes.fromhex("0F0000000100") + PUSH,
}


def microseconds(call: Callable[[], object]) -> float:
    """The best of five, each of about SECONDS."""
    once = max(min(repeat(call, number=10, repeat=3)) / 10, 1e-8)
    number = max(10, int(SECONDS / once))
    return min(repeat(call, number=number, repeat=5)) / number * 1e6


def line(name: str, fast: Callable[[], object], slow: Callable[[], object]) -> None:
    quick, plain = microseconds(fast), microseconds(slow)
    print(f"{name:32} {quick:8.2f} {plain:9.2f} {plain / quick:7.1f}")


def traced(octets: bytes) -> object:
    trace = Trace(octets)
    apdus.dissect(trace, EMPTY)
    return tree.fields(trace.finish())


def main() -> None:
    print(f"{'scan of Data':32} {'fast us':>8} {'slow us':>9} {'ratio':>7}")
    for name, octets in DATAS.items():
        line(name, lambda o=octets: quickdata.scan(o, 0, len(o)), lambda o=octets: data.scan(Cursor(o)))  # type: ignore[misc]
    print("\nJSON of Data")
    for name, octets in DATAS.items():
        line(name, lambda o=octets: quickdata.json(o), lambda o=octets: data.to_json(data.build(Cursor(o))))  # type: ignore[misc]
    print("\nAPDU")
    for name, octets in APDUS.items():
        line(name, lambda o=octets: quickapdu.dissect(o), lambda o=octets: apdus.dissect(Cursor(o), EMPTY))  # type: ignore[misc]
    print("\nAPDU, slow way with tree and fields")
    for name, octets in APDUS.items():
        line(name, lambda o=octets: quickapdu.dissect(o), lambda o=octets: traced(o))  # type: ignore[misc]


if __name__ == "__main__":
    main()
