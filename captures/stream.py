"""Octets of a file, a pipe, a gzip or a file that still grows, in chunks; and what all file sources share."""

import os
import sys
import threading
import zlib
from collections.abc import Iterator

from captures.assume import NOTHING, Assume
from dissectors.errors import CaptureError
from dissectors.record import Channel

CHUNK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b\x08"
POLL_SECONDS = 0.1  # how often a growing file is looked at


class OctetStream:
    """Reads path ("-": stdin) in order, gzip unpacked. CaptureError names the path and why it cannot be read.

    head(n) looks ahead; chunks() gives everything, in follow mode with b"" for every pause. cut: why a
    gzip ends or breaks in the middle. close() may be called from another thread: the chunks end there.
    """

    def __init__(self, path: str, follow: bool = False, fd: int | None = None) -> None:
        """fd: a descriptor that is open already (a child's pipe), closed with the stream; path only names it."""
        self.path = path
        self.follow = follow and path != "-" and fd is None  # a pipe ends when its writer ends
        self.octets_read = 0  # of the file as it lies on the disk
        self.size: int | None = None
        self.cut: str | None = None
        self.closed = threading.Event()
        self._ahead = b""
        self._failed: CaptureError | None = None
        self._owned = path != "-"
        self._fd = self._opened() if fd is None else fd
        self._pieces = self._raw()
        if self.head(len(GZIP_MAGIC)) == GZIP_MAGIC:
            packed, self._ahead = self._ahead, b""
            self._pieces = self._unpacked(packed, self._pieces)

    def head(self, octets: int) -> bytes:
        """The first octets from here, without taking them; fewer only where the stream is shorter."""
        while len(self._ahead) < octets:
            try:
                piece = next(self._pieces, None)
            except CaptureError as error:
                if not self._ahead:
                    raise
                self._failed = error  # what was read before is used first
                break
            if piece is None:
                break
            self._ahead += piece
        return self._ahead[:octets]

    def chunks(self) -> Iterator[bytes]:
        """All octets, at most about CHUNK at once."""
        ahead, self._ahead = self._ahead, b""
        if ahead:
            yield ahead
        if self._failed is not None:
            raise self._failed
        yield from self._pieces

    def close(self) -> None:
        self.closed.set()
        if self._owned and self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def _opened(self) -> int:
        """A descriptor of path, which must be a file, a pipe or a device."""
        if not self._owned:
            try:
                return sys.stdin.fileno()
            except (OSError, ValueError, AttributeError):
                raise CaptureError("-: there is no stdin to read from") from None
        try:
            if os.path.isdir(self.path):
                raise CaptureError(f"{self.path}: is a directory, expected a capture file")
            fd = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            raise CaptureError(
                f"{self.path}: no such file (expected a path, - for stdin, or serial:, ip:, tshark:, hexlog:)"
            ) from None
        except (OSError, ValueError) as error:
            raise CaptureError(f"{self.path}: cannot be read ({reason(error)})") from None
        if not self.follow and os.path.isfile(self.path):
            self.size = os.fstat(fd).st_size
        return fd

    def _raw(self) -> Iterator[bytes]:
        while not self.closed.is_set():
            try:
                piece = os.read(self._fd, CHUNK)
            except OSError as error:
                if self.closed.is_set():
                    return
                raise CaptureError(f"{self.path}: reading failed ({reason(error)})") from None
            if piece:
                self.octets_read += len(piece)
                yield piece
            elif self.follow:
                yield b""
                self.closed.wait(POLL_SECONDS)
            else:
                return

    def _unpacked(self, packed: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Members of a gzip one after the other. What lies after a broken place is not believed."""
        inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        while True:
            try:
                while packed:
                    yield inflate.decompress(packed, CHUNK)
                    packed = inflate.unconsumed_tail
                    if inflate.eof:
                        packed = inflate.unused_data.lstrip(b"\0")  # zero padding after a member, as on tapes
                        if packed:
                            inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            except zlib.error as error:
                self.cut = f"the gzip data breaks near octet {self.octets_read} of the file ({error})"
                return
            more = next(pieces, None)
            if more is None:
                break
            if not more:
                yield b""
            elif inflate.eof:
                packed = more.lstrip(b"\0")
                if packed:
                    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            else:
                packed = more
        if not inflate.eof and not self.closed.is_set():
            self.cut = f"the gzip data ends early, after {self.octets_read} octets of the file"


def reason(error: Exception) -> str:
    """The words of an operating system's error without its number and path."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class FileSource:
    """What every source over an OctetStream has: see captures.source.Source."""

    kind: str = ""

    def __init__(self, stream: OctetStream, assume: Assume | None = None) -> None:
        self.stream = stream
        self.path = stream.path
        self.assume = NOTHING if assume is None else assume
        self.channels: list[Channel] = []
        self.cut: str | None = None
        self.remarks: list[str] = []

    @property
    def octets_read(self) -> int:
        return self.stream.octets_read

    @property
    def size(self) -> int | None:
        return self.stream.size

    def close(self) -> None:
        self.stream.close()

    def ended(self, cut: str | None) -> None:
        """Called at the end of the chunks: the gzip's reason comes first; a capture that was stopped is not cut."""
        if not self.stream.closed.is_set():
            self.cut = self.stream.cut or cut
