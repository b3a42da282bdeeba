"""Where a recording is written: one file, a pipe, or a ring of files; whole blocks only, whatever the disk does."""

import os
from datetime import UTC, datetime
from pathlib import Path

from captures.stream import reason
from dissectors.errors import CaptureError
from dissectors.record import Value

RESERVE_OCTETS = 65536  # room kept on the disk for the last records of a disk that is full


class Ring(Value, frozen=True):
    """When a new file begins (0: never for that reason), and how many files stay (0: all)."""

    octets: int = 0
    seconds: float = 0.0
    files: int = 0


class PipeClosed(CaptureError):
    """Nobody reads the pipe any more: no failure."""


class Spool:
    """Takes whole blocks with write() and puts them on the disk with flush().

    next_file(ns) begins a file (in a ring the next one, named after its number and time); full(ns) says when to.
    path: of the file at hand. CaptureError: it cannot be begun, or no longer written: then what was flushed before is
    whole, and rescue() has room for a few more blocks.
    """

    def __init__(self, path: str, ring: Ring | None = None) -> None:
        self.given = path
        self.ring = ring
        self.path = ""
        self.octets = 0  # of the file at hand
        self.total_octets = 0
        self.number = 0
        self.begun: list[str] = []  # files begun, until somebody takes them out
        self._kept: list[str] = []
        self._fd = -1
        self._pending = bytearray()
        self._begun_ns = 0
        self._reserve: Path | None = None

    @property
    def regular(self) -> bool:
        """Whether it is a file on a disk, and no pipe or device."""
        return self.path not in ("", "-") and os.path.isfile(self.path)

    def full(self, ns: int) -> bool:
        """Whether the ring wants a new file at this time."""
        ring = self.ring
        if ring is None:
            return False
        return bool(ring.octets and self.octets >= ring.octets) or bool(
            ring.seconds and ns - self._begun_ns >= ring.seconds * 1e9
        )

    def next_file(self, ns: int) -> None:
        self.close()
        self.number += 1
        self.path = self._name(ns)
        try:
            if self.path == "-":
                self._fd = os.dup(1)
            else:
                self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o644)
            if self.regular:
                self._reserve = Path(self.path + ".reserve")
                self._reserve.write_bytes(bytes(RESERVE_OCTETS))
        except OSError as error:
            raise CaptureError(f"{self.path}: cannot be written ({reason(error)})") from None
        self.octets = 0
        self._begun_ns = ns
        self.begun.append(self.path)
        self._kept.append(self.path)
        if self.ring is not None and self.ring.files:
            while len(self._kept) > self.ring.files:
                Path(self._kept.pop(0)).unlink(missing_ok=True)

    def write(self, octets: bytes) -> int:
        """One whole block; it reaches the file with flush()."""
        self._pending += octets
        self.octets += len(octets)
        self.total_octets += len(octets)
        return len(octets)

    def flush(self) -> None:
        if not self._pending or self._fd < 0:
            return
        whole = os.fstat(self._fd).st_size if self.regular else 0
        try:
            self._put(bytes(self._pending))
        except BrokenPipeError:
            raise PipeClosed(f"{self.path}: whoever read it has seen enough") from None
        except OSError as error:
            if self.regular:
                os.ftruncate(self._fd, whole)
                os.lseek(self._fd, whole, os.SEEK_SET)
            raise CaptureError(f"{self.path}: cannot be written any more ({reason(error)})") from None
        self._pending.clear()

    def taken(self) -> bytes:
        """What was written and not flushed, to be put elsewhere."""
        out = bytes(self._pending)
        self._pending.clear()
        return out

    def rescue(self) -> bool:
        """After a failure: gives the reserve free and tries again. False where even that does not help."""
        if self._reserve is None:
            return False
        self._reserve.unlink(missing_ok=True)
        self._reserve = None
        try:
            self.flush()
        except CaptureError:
            self._pending.clear()
            return False
        return True

    def free_octets(self) -> int | None:
        """Room left on the disk; None for a pipe, or where the system does not say."""
        if not self.regular or not hasattr(os, "statvfs"):
            return None
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def close(self) -> None:
        if self._fd < 0:
            return
        try:
            self.flush()
        finally:
            fd, self._fd = self._fd, -1
            os.close(fd)
            if self._reserve is not None:
                self._reserve.unlink(missing_ok=True)
                self._reserve = None

    def _put(self, octets: bytes) -> None:
        """A write may take a part only, on a pipe or a disk that is nearly full."""
        view = memoryview(octets)
        while view:
            view = view[os.write(self._fd, view) :]

    def _name(self, ns: int) -> str:
        """NAME_00001_20261123101504.pcapng in a ring, as dumpcap names its files."""
        if self.ring is None:
            return self.given
        path = Path(self.given)
        when = datetime.fromtimestamp(ns / 1e9, UTC).strftime("%Y%m%d%H%M%S")
        return str(path.with_name(f"{path.stem}_{self.number:05d}_{when}{path.suffix or '.pcapng'}"))
