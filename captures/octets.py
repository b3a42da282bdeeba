"""Bare octets of a serial line in a file, as `cat /dev/ttyUSB0 > file` writes them: no times, no direction.

Recognised where the first octets are an HDLC flag and frame format, an M-Bus long frame, or the identification
line of IEC 62056-21 (a P1 telegram saved as text is just that).
"""

import re
from collections.abc import Iterator

from captures.assume import Assume
from captures.linktype import TEXT_LINK
from captures.stream import FileSource, OctetStream
from dissectors.record import Channel, Direction, Record

RECORD_OCTETS = 1 << 12  # a run of octets is cut into records; the link stage joins them again

_STARTS = (
    re.compile(rb"\x7e+[\xa0-\xaf][\x00-\xff]"),
    re.compile(rb"\x68([\x00-\xff])\1\x68", re.DOTALL),
    re.compile(rb"\s{0,8}/[A-Za-z]{3}[^\r\n]{0,32}\r?\n"),
    re.compile(rb"/\?[^\r\n]{0,32}!\r?\n"),
)


def recognise(head: bytes) -> bool:
    """Whether a file that begins with these octets is a recording of a line."""
    return any(pattern.match(head) for pattern in _STARTS)


class OctetsSource(FileSource):
    """One channel of link type "text" (content decides), records without a clock."""

    kind: str = "octets"

    def __init__(self, stream: OctetStream, assume: Assume | None = None) -> None:
        super().__init__(stream, assume)
        self.channels.append(
            self.assume.apply(Channel(0, "0", TEXT_LINK, stamp="unknown", description="octets without times"))
        )

    def __iter__(self) -> Iterator[Record]:
        no = 0
        for chunk in self.stream.chunks():
            for at in range(0, len(chunk), RECORD_OCTETS):
                no += 1
                yield Record(no, 0, int(Direction.UNKNOWN), None, None, None, chunk[at : at + RECORD_OCTETS])
        self.ended(None)
