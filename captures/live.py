"""Live sources: a recorder writes a file, and its analysis reads that file as it grows. So live equals replay."""

import os
import tempfile
import time
from collections.abc import Iterator

from captures.assume import Assume
from captures.health import RecordPlan
from captures.pcapng import PcapngSource
from captures.recorder import Recorder
from captures.spec import parse
from captures.stream import OctetStream
from dissectors.errors import CaptureError
from dissectors.record import Record

POLL_SECONDS = 0.02


class LiveStream(OctetStream):
    """The files of a recorder, one behind the other, until it has ended and everything was read."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        there = [n for n, path in enumerate(recorder.files) if os.path.exists(path)]
        self._at = there[0] if there else 0  # file of the recorder's that is open
        self.missed = self._at  # files of a ring that were gone before they were read
        super().__init__(recorder.files[self._at], follow=True)

    def _raw(self) -> Iterator[bytes]:
        recorder = self.recorder
        while not self.closed.is_set():
            over = recorder.ended.is_set()  # asked before reading: what comes later is in the file already
            piece = os.read(self._fd, 1 << 20) if self._fd >= 0 else b""
            if piece:
                self.octets_read += len(piece)
                yield piece
            elif self._at + 1 < len(recorder.files):
                self._next_file()
            elif over:
                return
            else:
                yield b""
                recorder.ended.wait(POLL_SECONDS)

    def _next_file(self) -> None:
        """The next file of a ring; one that is gone already was overtaken by the recorder."""
        if self._fd >= 0:
            os.close(self._fd)
        self._at += 1
        self.path = self.recorder.files[self._at]
        try:
            self._fd = self._opened()
        except CaptureError:
            self._fd = -1
            self.missed += 1


class LiveSource(PcapngSource):
    """serial:… and ip:…, several at once in one time line. Ends with the recorder (time, device gone, stop())."""

    kind = "live"

    def __init__(
        self,
        specs: tuple[str, ...],
        assume: Assume | None = None,
        plan: RecordPlan | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """plan: says where to and how long; None: a file of its own, which stays. recorder: one that runs already."""
        self.said: list[str] = []
        if recorder is None:
            parsed = [parse(spec) for spec in specs]
            if plan is None:
                path = next((spec.write for spec in parsed if spec.write), "") or spool_path()
                plan = RecordPlan(specs, path)
            recorder = Recorder(plan, self.said.append)
        recorder.say = self.said.append
        self.recorder = recorder
        super().__init__(LiveStream(self.recorder), assume)
        self.path = self.recorder.path
        self.specs = specs

    def __iter__(self) -> Iterator[Record]:
        yield from super().__iter__()
        if self.recorder.error is not None and self.recorder.ended.is_set():
            raise CaptureError(f"{' '.join(self.specs)}: {self.recorder.error}")

    def again(self, assume: Assume | None = None) -> "LiveSource":
        """The same recording from its start, read another way; it goes on, and this source reads no more of it."""
        self.stream.close()
        return LiveSource(self.specs, assume, recorder=self.recorder)

    def stop(self) -> None:
        """Ends the recording; what was recorded is still read to its end."""
        self.recorder.stop()

    def close(self) -> None:
        self.recorder.close()
        missed = self.stream.missed if isinstance(self.stream, LiveStream) else 0
        if missed:
            self.said.append(f"{missed} files of the ring were gone before they could be read")
        self.remarks += self.said
        self.said.clear()
        super().close()


def spool_path() -> str:
    """A new file for a live source that nobody named one for."""
    return os.path.join(spool_folder(), time.strftime("live-%Y%m%d-%H%M%S-") + f"{os.getpid()}.pcapng")


def spool_folder() -> str:
    """Where files are that nobody named, of this user alone; made where it is not there. CaptureError: it cannot be."""
    folder = os.path.join(tempfile.gettempdir(), "cosemscope")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise CaptureError(f"{folder}: cannot be made ({error.strerror})") from None
    return folder
