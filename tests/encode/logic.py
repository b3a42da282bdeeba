"""Exports of logic analyzers for tests: the octets of a line as each program writes them.

A line is a list of (wire, ns of the start bit, octet); wire 0 is what the client sends.
"""

from collections.abc import Callable, Iterable

Octet = tuple[int, int, int]
BIT_NS = {baud: 1e9 / baud for baud in (300, 9600, 115200)}


def octets(wire: int, ns: int, run: bytes, baud: int = 9600, bits: int = 10, pause_ns: int = 0) -> list[Octet]:
    """A run of octets without pauses but the one stated, which is after each."""
    return [(wire, round(ns + n * (bits * 1e9 / baud + pause_ns)), octet) for n, octet in enumerate(run)]


def hexadecimal(octet: int) -> str:
    return f"0x{octet:02X}"


def decimal(octet: int) -> str:
    return str(octet)


def binary(octet: int) -> str:
    return f"0b{octet >> 4:04b} {octet & 15:04b}"


def both(octet: int) -> str:
    return f"{character(octet)} (0x{octet:02X})"


def character(octet: int) -> str:
    """As AnalyzerHelpers of Saleae's SDK shows ASCII."""
    special = {0x0A: r"\n", 0x0D: r"\r", 0x09: r"\t", 0x20: "' '", 0x2C: "COMMA"}
    return special.get(octet) or (chr(octet) if 0x20 < octet < 0x7F else f"'{octet}'")


def saleae_1(line: Iterable[Octet], show: Callable[[int], str] = hexadecimal, errors: dict[int, str] = {}) -> str:  # noqa: B006
    """errors: number of the octet from 0 → "parity" or "framing"."""
    out = ["Time [s],Value,Parity Error,Framing Error"]
    for n, (_, ns, octet) in enumerate(line):
        parity, framing = (("Error" if errors.get(n) == kind else "") for kind in ("parity", "framing"))
        out.append(f"{ns / 1e9:.15f},{show(octet)},{parity},{framing}")
    return "\n".join(out) + "\n"


def saleae_all(line: Iterable[Octet], show: Callable[[int], str] = hexadecimal) -> str:
    out = ["Time [s],Analyzer Name,Decoded Protocol Result"]
    out += [f"{ns / 1e9:.15f},{('TX', 'RX')[wire]},{show(octet)}" for wire, ns, octet in line]
    return "\r\n".join(out) + "\r\n"


def logic_2(line: Iterable[Octet], baud: int = 9600, iso: bool = False, errors: dict[int, str] = {}) -> str:  # noqa: B006
    """The table: the decoder stops in the middle of the stop bit."""
    out = ['name,type,start_time,duration,"data","error"']
    for n, (wire, ns, octet) in enumerate(line):
        start = f"2026-11-23T10:15:{ns // 10**9:02d}.{ns % 10**9:09d}+00:00" if iso else repr(ns / 1e9)
        error = f'"{errors[n]}"' if n in errors else ""
        out.append(f'"{("UART TX", "UART RX")[wire]}","data",{start},{9.5 / baud:.10g},{hexadecimal(octet)},{error}')
    return "\n".join(out) + "\n"


def sigrok(
    line: Iterable[Octet],
    rate: int = 1_000_000,
    baud: int = 9600,
    samples: bool = True,
    classes: bool = True,
    everything: bool = False,
    pulseview: bool = False,
    errors: dict[int, str] = {},  # noqa: B006
) -> str:
    """everything: start, stop and data bits too, as without -A uart=rx-data:tx-data."""
    out = []
    bit = rate / baud
    for n, (wire, ns, octet) in enumerate(line):
        at = ns * rate / 1e9
        way = ("tx", "rx")[wire]
        name = "UART" if pulseview else "uart-1"

        def say(first: float, last: float, kind: str, text: str, way: str = way, name: str = name) -> None:
            head = f"{round(first)}-{round(last)} " if samples else ""
            shown = f"{way.upper()} {kind}: " if pulseview else f"{way}-{kind}: " if classes else ""
            out.append(f"{head}{name}: {shown}{text}")

        if everything:
            say(at, at + bit, "start", "Start bit")
            for number in range(8):
                say(at + bit * (1 + number), at + bit * (2 + number), "data-bit", str(octet >> number & 1))
        say(at + bit, at + 9 * bit, "data", f"{octet:02X}")
        if everything:
            say(at + 9 * bit, at + 10 * bit, "stop", "Stop bit")
        if n in errors:
            say(at + 9 * bit, at + 10 * bit, "warning", {"framing": "Frame error", "parity": "Parity error"}[errors[n]])
    return "\n".join(out) + "\n"
