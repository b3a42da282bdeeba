"""pcapng written: little endian, nanoseconds, one section; tshark and capinfos read it."""

from collections.abc import Sequence
from struct import Struct as Pack
from typing import BinaryIO

from captures.pcapng_blocks import (
    EPB_DROPCOUNT,
    EPB_FLAGS,
    IF_DESCRIPTION,
    IF_NAME,
    IF_SPEED,
    IF_TSRESOL,
    OPTION_COMMENT,
)

END_OF_OPTIONS = b"\0\0\0\0"
CUSTOM_OCTETS = 2989  # custom option that other tools copy when they rewrite a file
SHB_HARDWARE, SHB_OS, SHB_APPLICATION = 2, 3, 4
UNKNOWN_LENGTH = 0xFFFF_FFFF_FFFF_FFFF

_BLOCK = Pack("<II")
_LENGTH = Pack("<I")
_PACKET = Pack("<5I")


def option(code: int, value: bytes) -> bytes:
    """One option with its padding. ValueError beyond 65535 octets."""
    if len(value) > 0xFFFF:
        raise ValueError(f"option {code} has {len(value)} octets, at most 65535 fit")
    return code.to_bytes(2, "little") + len(value).to_bytes(2, "little") + value + bytes(-len(value) & 3)


class PcapngWriter:
    """Appends blocks to an open binary file. It never seeks, so a pipe will do, and a crash leaves whole blocks.

    Each block is one write. The caller flushes and closes. interfaces: the file has a section already, with so many
    interfaces, and this goes on with it.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        application: str = "cosemscope",
        comment: str | None = None,
        interfaces: int | None = None,
    ) -> None:
        self.file = file
        self.interfaces = interfaces or 0
        self._units: dict[int, int] = {}  # interface → ns of one unit of its stamps
        if interfaces is not None:
            return
        head = _LENGTH.pack(0x1A2B3C4D) + (1).to_bytes(2, "little") + bytes(2) + UNKNOWN_LENGTH.to_bytes(8, "little")
        found = b"" if comment is None else option(OPTION_COMMENT, comment.encode())
        self._block(0x0A0D0D0A, head + found + option(SHB_APPLICATION, application.encode()) + END_OF_OPTIONS)

    def interface(
        self,
        link_type: int,
        *,
        name: str = "",
        description: str = "",
        speed: int = 0,
        snap: int = 262144,
        custom: Sequence[tuple[int, bytes]] = (),
        digits: int = 9,
    ) -> int:
        """Describes one more interface (or wire) and gives its number. speed: bit/s, the baud rate of a tap.
        custom: (private enterprise number, octets). digits of a second in its stamps: 6 where they are microseconds."""
        body = link_type.to_bytes(2, "little") + bytes(2) + _LENGTH.pack(snap)
        for code, words in ((IF_NAME, name), (IF_DESCRIPTION, description)):
            if words:
                body += option(code, words.encode())
        if speed:
            body += option(IF_SPEED, speed.to_bytes(8, "little"))
        for enterprise, value in custom:
            body += option(CUSTOM_OCTETS, _LENGTH.pack(enterprise) + value)
        self._block(1, body + option(IF_TSRESOL, bytes((digits,))) + END_OF_OPTIONS)
        self._units[self.interfaces] = 10 ** (9 - digits)
        self.interfaces += 1
        return self.interfaces - 1

    def packet(
        self,
        interface: int,
        ns: int,
        octets: bytes,
        *,
        wire: int | None = None,
        comment: str | None = None,
        flags: int = 0,
        lost: int = 0,
        custom: Sequence[tuple[int, bytes]] = (),
    ) -> None:
        """One enhanced packet block. ns: since 1970 UTC. flags: the epb_flags word (bits 0-1: 1 inbound, from the
        meter; 2 outbound; bit 24 CRC error; bit 31 symbol error). lost: packets or octets missing before it.
        custom: (private enterprise number, octets)."""
        length = len(octets)
        stamp = ns // self._units.get(interface, 1)
        body = _PACKET.pack(interface, stamp >> 32, stamp & 0xFFFF_FFFF, length, length if wire is None else wire)
        body += octets + bytes(-length & 3)
        found = b"" if comment is None else option(OPTION_COMMENT, comment.encode())
        if flags:
            found += option(EPB_FLAGS, _LENGTH.pack(flags))
        if lost:
            found += option(EPB_DROPCOUNT, lost.to_bytes(8, "little"))
        for enterprise, value in custom:
            found += option(CUSTOM_OCTETS, _LENGTH.pack(enterprise) + value)
        self._block(6, body + (found + END_OF_OPTIONS if found else b""))

    def statistics(self, interface: int, ns: int, *, received: int, dropped: int) -> None:
        """Interface statistics block: packets received and dropped so far."""
        body = _LENGTH.pack(interface) + _LENGTH.pack(ns >> 32) + _LENGTH.pack(ns & 0xFFFF_FFFF)
        body += option(4, received.to_bytes(8, "little")) + option(5, dropped.to_bytes(8, "little"))
        self._block(5, body + END_OF_OPTIONS)

    def _block(self, kind: int, body: bytes) -> None:
        length = len(body) + 12
        self.file.write(_BLOCK.pack(kind, length) + body + _LENGTH.pack(length))
