"""Where Records come from: one protocol for every kind of capture, and the table that picks the kind.

    source = open_source("session.pcapng")
    for record in source: ...
    source.close()

A spec is a path, `-` (stdin), or `SCHEME:…`. Content decides before the name does.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from captures import hexlog, logic_csv, octets, pcap, pcapng
from captures.assume import Assume
from captures.stream import OctetStream
from dissectors.errors import CaptureError, UsageError
from dissectors.record import Channel, Record, Value


class Source(Protocol):
    """A capture, read once from its start to its end.

    channels may grow while iterating (an interface described in mid-file): channels[r.channel] is there
    once record r is. cut: why the capture ended inside a record, None when whole (exit code 4).
    remarks: one line each about what a person should know of the file (lines passed over, drops that
    the capture itself reports). octets_read of size (None: not known, a pipe) is the progress.
    Iterating raises CaptureError when reading itself fails; traffic never raises.
    """

    kind: str  # "pcap", "pcapng", "hexlog", "octets", "logic", "tshark"
    path: str  # as given; "-" for stdin
    channels: list[Channel]
    cut: str | None
    remarks: list[str]

    @property
    def octets_read(self) -> int: ...

    @property
    def size(self) -> int | None: ...

    def __iter__(self) -> Iterator[Record]: ...

    def close(self) -> None:
        """Ends the iteration (also from another thread, also while following) and frees the file."""


class Kind(Value, frozen=True):
    """One kind of capture file: whether its first octets are of it, and what reads it."""

    name: str
    recognise: Callable[[bytes], bool]
    open: Callable[[OctetStream, Assume | None], Source]


MAGIC_OCTETS = 4  # enough of a pcap or pcapng: a pipe may bring the next octet an hour later
HEAD_OCTETS = 4096  # enough of a text log to tell it from a binary file

BINARY = 2  # the first so many are told by their magic number
# asked in this order; the last takes any text
SOURCES: tuple[Kind, ...] = (
    Kind("pcapng", pcapng.recognise, pcapng.PcapngSource),
    Kind("pcap", pcap.recognise, pcap.PcapSource),
    Kind("octets", octets.recognise, octets.OctetsSource),
    Kind("logic", logic_csv.recognise, logic_csv.LogicSource),
    Kind("hexlog", hexlog.recognise, hexlog.HexlogSource),
)
# first octets → what it is: named so that a person knows what to do with it
FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"snoop\0\0\0", "a snoop capture"),
    (b"\x54\x52\x53\x4e", "a NetXRay capture"),
    (b"RTSS", "a Microsoft Network Monitor capture"),
    (b"GMBU", "a Microsoft Network Monitor capture"),
    (b"BLOG", "a BSD log"),
    (b"btsnoop\0", "a btsnoop capture"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\x04\x22\x4d\x18", "compressed with lz4"),
    (b"\xfd7zXZ", "compressed with xz"),
    (b"BZh", "compressed with bzip2"),
    (
        b"PK\x03\x04",
        "a zip archive (a .sal of Saleae Logic? export its analyzer table as CSV; a .sr of sigrok? sigrok-cli -P uart)",
    ),
)
LIVE = ("serial:", "ip:")
LIVE_JOIN = "\n"
SCHEME = re.compile(r"([a-z][a-z0-9+-]+):(.*)", re.DOTALL)  # two letters at least: C:\x is a path


def open_source(spec: str, *, follow: bool = False, assume: Assume | None = None) -> Source:
    """The source that a spec names, opened. follow: wait for more at the end of a file, until close().

    UsageError: a spec of the wrong form. CaptureError: missing, empty, unreadable, of no known kind.
    """
    match = SCHEME.fullmatch(spec)
    if match and match[1] in SCHEMES:
        return SCHEMES[match[1]](match[2], follow, assume)
    if not spec:
        raise UsageError("no source is named: expected a path, - for stdin, or serial:, ip:, tshark:, hexlog:")
    return recognised(OctetStream(spec, follow), spec, follow=follow, assume=assume)


def recognised(stream: OctetStream, spec: str, *, follow: bool = False, assume: Assume | None = None) -> Source:
    """The source that reads a stream, by its first octets; the stream is closed where there is none.

    follow: few octets must do, more may be long in coming. CaptureError: empty, or of no known kind."""
    try:
        head = stream.head(MAGIC_OCTETS)
        if not head:
            raise CaptureError(f"{spec}: {stream.cut or 'is empty, expected a capture'}")
        if not follow and not any(kind.recognise(head) for kind in SOURCES[:BINARY]):
            head = stream.head(HEAD_OCTETS)
        for kind in SOURCES:
            if kind.recognise(head):
                return kind.open(stream, assume)
        found = next((words for magic, words in FOREIGN if head.startswith(magic)), "of no known kind")
        raise CaptureError(
            f"{spec}: is {found}, expected pcap, pcapng or a text log with hex octets"
            + (" (tshark: reads what Wireshark reads)" if spec != "-" else "")
        )
    except BaseException:
        stream.close()
        raise


def is_live(spec: str) -> bool:
    """Whether a spec names a source that goes on."""
    return spec.startswith(LIVE)


def together(specs: Sequence[str]) -> list[str]:
    """The specs of a command line as sources: a file each; live ones are one source, since they share their time."""
    live = [spec for spec in specs if is_live(spec)]
    out: list[str] = []
    for spec in specs:
        if not is_live(spec):
            out.append(spec)
        elif live:
            out.append(LIVE_JOIN.join(live))
            live = []
    return out


def _live(scheme: str) -> Callable[[str, bool, Assume | None], Source]:
    """serial:… or ip:…, or several joined by together()."""

    def opened(rest: str, follow: bool, assume: Assume | None) -> Source:
        from captures.live import LiveSource

        return LiveSource(tuple(f"{scheme}:{rest}".split(LIVE_JOIN)), assume)

    return opened


def _hexlog(rest: str, follow: bool, assume: Assume | None) -> Source:
    """hexlog:FILE[?format=NAME | ?regex=…]"""
    path, layout = hexlog.parse_spec(rest)
    stream = OctetStream(path, follow)
    try:
        return hexlog.HexlogSource(stream, assume, layout)
    except BaseException:
        stream.close()
        raise


def _tshark(rest: str, follow: bool, assume: Assume | None) -> Source:
    """tshark:FILE or tshark:INTERFACE; imported here because pyshark takes its time."""
    from captures.tshark import TsharkSource

    return TsharkSource(rest, assume)


SCHEMES: dict[str, Callable[[str, bool, Assume | None], Source]] = {
    "serial": _live("serial"),
    "ip": _live("ip"),
    "hexlog": _hexlog,
    "tshark": _tshark,
}
