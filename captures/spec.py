"""Specs of live sources, as typed: what to listen to, and how.

serial:/dev/ttyUSB0?baud=9600&profile=hdlc
serial:/dev/ttyUSB0,/dev/ttyUSB1?baud=300        two receivers: the first hears the client, the second the server
serial:/dev/ttyUSB0,/dev/ttyUSB1?wiring=separate a line each
ip:eth0?filter=port 4059                         ip:eth0,lo listens to both
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from captures.assume import BAUD_RANGE
from dissectors.errors import UsageError
from dissectors.record import Value

FORMATS = {"8N1": 10, "7E1": 10, "7O1": 10, "8E1": 11, "8O1": 11}  # bits of a character with start and stop bit
WIRINGS = ("line", "pair", "separate")
INPUTS = ("cts", "dsr", "dcd", "ri")
MARKER = re.compile(r"[a-z][a-z0-9-]{0,31}")
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)?")
SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class SerialSpec(Value, frozen=True):
    """Taps on serial lines. baud 0: find it by listening. wiring: "line" one receiver on a half-duplex line, "pair" two
    receivers a line, "separate" a line each. signon: follow the baud changes of IEC 62056-21; None: where the line
    begins at its 300 Bd, or where a sign-on was heard while the rate was found. markers: modem input → marker name.
    hears: of a single receiver that hears one side only."""

    devices: tuple[str, ...]
    baud: int = 9600
    format: str = "8N1"
    wiring: str = "line"
    profile: str = ""
    signon: bool | None = None
    hears: str = ""
    markers: tuple[tuple[str, str], ...] = ()
    reopen: bool = False
    duration_s: float = 0.0
    write: str = ""


class IpSpec(Value, frozen=True):
    """Network interfaces. filter: of libpcap. by: "dumpcap", "scapy", "" the first that works."""

    interfaces: tuple[str, ...]
    filter: str = ""
    profile: str = ""
    promiscuous: bool = True
    by: str = ""
    duration_s: float = 0.0
    write: str = ""


Spec = SerialSpec | IpSpec


def parse(spec: str) -> Spec:
    """The spec as typed; UsageError names the part and what could stand there."""
    scheme, _, rest = spec.partition(":")
    if scheme not in ("serial", "ip") or not rest:
        raise UsageError(f"{spec}: expected serial:DEVICE[,DEVICE…][?KEY=VALUE&…] or ip:INTERFACE[,…][?filter=…]")
    names, _, query = rest.partition("?")
    targets = tuple(name for name in names.split(",") if name)
    if not targets:
        raise UsageError(
            f"{spec}: expected a {'device' if scheme == 'serial' else 'network interface'} after {scheme}:"
        )
    found = _items(spec, query, SERIAL_KEYS if scheme == "serial" else IP_KEYS)
    if scheme == "ip":
        return IpSpec(targets, **found)
    if len(set(targets)) < len(targets):
        raise UsageError(f"{spec}: a device is named twice")
    wiring = found.pop("wiring", "line" if len(targets) == 1 else "pair" if len(targets) == 2 else "")
    if not wiring:
        raise UsageError(
            f"{spec}: {len(targets)} devices: expected wiring=pair (client, server, client, …) or separate"
        )
    if wiring == "pair" and len(targets) % 2:
        raise UsageError(f"{spec}: wiring=pair wants two receivers a line, {len(targets)} devices are named")
    if wiring == "line" and len(targets) > 1:
        raise UsageError(f"{spec}: wiring=line is one receiver, {len(targets)} devices are named")
    return SerialSpec(targets, wiring=wiring, **found)


def duration(text: str) -> float:
    """Seconds of "90", "90s", "1.5h", "10min"; ValueError otherwise."""
    match = DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError("expected a time such as 90s, 10min or 1.5h")
    return float(match[1]) * SECONDS[match[2] or ""]


def _items(spec: str, query: str, keys: "dict[str, tuple[str, Callable[[str], Any]]]") -> dict[str, Any]:
    """What stands after the `?`, by field. A filter may hold `&&`: an item begins at KEY= only."""
    found: dict[str, Any] = {}
    starts = rf"&(?=(?:{'|'.join(keys)})=)"
    for item in re.split(starts, query) if query else ():
        key, equals, text = item.partition("=")
        if key not in keys or not equals:
            raise UsageError(f"{spec}: {item!r}: expected KEY=VALUE with one of {', '.join(keys)}")
        field, read = keys[key]
        try:
            value = read(unquote(text))
        except ValueError as error:
            raise UsageError(f"{spec}: {key}={text}: {error}") from None
        found[field] = (*found[field], *value) if field == "markers" and field in found else value
    return found


def _baud(text: str) -> int:
    if text == "find":
        return 0
    if not text.isdigit() or not BAUD_RANGE[0] <= int(text) <= BAUD_RANGE[1]:
        raise ValueError(f"expected {BAUD_RANGE[0]} to {BAUD_RANGE[1]} Bd, or find")
    return int(text)


def _one_of(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = next((word for word in words if word.lower() == text.lower()), None)
        if found is None:
            raise ValueError(f"expected one of {', '.join(words)}")
        return found

    return read


def _yes(text: str) -> bool:
    return {"yes": True, "on": True, "1": True, "no": False, "off": False, "0": False}[_one_of(*_YES)(text)]


def _markers(text: str) -> tuple[tuple[str, str], ...]:
    """cts:power,dsr:button"""
    out = []
    for item in text.split(","):
        line, _, name = item.partition(":")
        if line.lower() not in INPUTS or not MARKER.fullmatch(name):
            raise ValueError(f"expected INPUT:NAME with one of {', '.join(INPUTS)} and a name such as power")
        out.append((line.lower(), name))
    return tuple(out)


def _words(text: str) -> str:
    if not text:
        raise ValueError("is empty")
    return text


_YES = ("yes", "no", "on", "off", "1", "0")
_COMMON: dict[str, tuple[str, Callable[[str], Any]]] = {
    "profile": ("profile", _words),
    "duration": ("duration_s", duration),
    "write": ("write", _words),
}
SERIAL_KEYS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "baud": ("baud", _baud),
    "format": ("format", _one_of(*FORMATS)),
    "wiring": ("wiring", _one_of(*WIRINGS)),
    "signon": ("signon", _yes),
    "hears": ("hears", _one_of("client", "server")),
    "marker": ("markers", _markers),
    "reopen": ("reopen", _yes),
    **_COMMON,
}
IP_KEYS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "filter": ("filter", _words),
    "promiscuous": ("promiscuous", _yes),
    "by": ("by", _one_of("dumpcap", "scapy")),
    **_COMMON,
}
