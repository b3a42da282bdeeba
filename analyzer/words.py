"""How a value becomes words for people and JSON: times, OBIS codes, SAPs; and the one escaping of wire text."""

import time
from functools import lru_cache

_second: tuple[int, str] = (-(1 << 62), "")


def iso(ns: int | None) -> str | None:
    """ "2026-11-23T10:15:04.123456789Z" of nanoseconds since 1970 UTC; None without a clock."""
    global _second
    if ns is None:
        return None
    second, fraction = divmod(ns, 1_000_000_000)
    known = _second  # one reading: another thread may put its own second there
    if second != known[0]:
        try:
            text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        except (OverflowError, ValueError, OSError):
            text = f"{second}s."
        known = _second = (second, text)
    return f"{known[1]}{fraction:09d}Z"


@lru_cache(maxsize=65536)
def obis(code: bytes) -> str | None:
    """ "1-0:1.8.0*255" of six octets; None for none, hex for any other length."""
    if len(code) == 6:
        a, b, c, d, e, f = code
        return f"{a}-{b}:{c}.{d}.{e}*{f}"
    return code.hex().upper() or None


def duration(ns: int | None) -> str:
    """A time span as a person reads it: "1.234 ms", "12.3 s", "-" for None."""
    if ns is None:
        return "-"
    size = abs(ns)
    if size >= 60_000_000_000:
        return f"{ns / 1e9:.1f} s"
    if size >= 1_000_000_000:
        return f"{ns / 1e9:.3f} s"
    if size >= 1_000_000:
        return f"{ns / 1e6:.3f} ms"
    return f"{ns / 1e3:.1f} us"


def printable(text: str) -> str:
    """Wire text for a terminal: control and format characters escaped, so that nothing moves the cursor."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
