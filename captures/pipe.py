"""A pipe that is read more than once: a thread copies it into a file, and sources follow that file to the pipe's end.

pipe = Pipe(fd)
source = pipe.open(assume)         # as often as one likes, from the start each time
pipe.close()
"""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress

from captures.assume import Assume
from captures.live import POLL_SECONDS, spool_folder
from captures.source import Source, recognised
from captures.stream import CHUNK, OctetStream, reason
from dissectors.errors import CaptureError


class Pipe:
    """ended: everything is in the file. error: why the rest is not. The file goes with close()."""

    def __init__(self, fd: int, name: str = "-") -> None:
        """fd: closed at the pipe's end. CaptureError where no file can be made."""
        self.name = name
        self.ended = threading.Event()
        self.error = ""
        self._fd = fd
        folder = spool_folder()
        try:
            self._out, self.path = tempfile.mkstemp(prefix="pipe-", dir=folder)
        except OSError as error:
            raise CaptureError(f"{folder}: cannot be written into ({reason(error)})") from None
        threading.Thread(target=self._copy, daemon=True, name="pipe").start()

    def open(self, assume: Assume | None = None) -> Source:
        """A source from the pipe's start. Waits for its first octets; CaptureError: none came, or of no known kind."""
        return recognised(PipeStream(self), self.name, follow=True, assume=assume)

    def close(self) -> None:
        """Takes the file away; what writes into the pipe then meets a closed one when the program ends."""
        with suppress(OSError):
            os.unlink(self.path)

    def _copy(self) -> None:
        try:
            while piece := os.read(self._fd, CHUNK):
                while piece:
                    piece = piece[os.write(self._out, piece) :]
        except OSError as error:
            self.error = f"{self.name}: the pipe cannot be kept any more in {self.path} ({reason(error)})"
        finally:
            os.close(self._out)
            os.close(self._fd)
            self.ended.set()


class PipeStream(OctetStream):
    """The file of a Pipe, followed until the pipe has ended and everything was read."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        super().__init__(pipe.path, follow=True)
        self.path = pipe.name

    def _raw(self) -> Iterator[bytes]:
        while not self.closed.is_set():
            over = self.pipe.ended.is_set()  # asked before reading: what came before it is in the file already
            try:
                piece = os.read(self._fd, CHUNK)
            except OSError as error:
                if self.closed.is_set():
                    return
                raise CaptureError(f"{self.pipe.path}: reading failed ({reason(error)})") from None
            if piece:
                self.octets_read += len(piece)
                yield piece
            elif over:
                if self.pipe.error:
                    raise CaptureError(self.pipe.error)
                return
            else:
                yield b""
                self.pipe.ended.wait(POLL_SECONDS)
