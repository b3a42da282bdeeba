"""Recorder: the handle of a recording that runs in a process of its own (record_process.py).

    recorder = Recorder(RecordPlan(specs=("serial:/dev/ttyUSB0?baud=9600",), path="night.pcapng"))
    recorder.health.line()
    recorder.stop()
    recorder.wait()

The file is readable at any moment, and after the recorder was killed too: mend() cuts a block that was not whole and
adds a record that says what happened.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from captures.health import Health, RecordPlan
from captures.pcapng import ORDERS, SECTION_MAGIC
from captures.pcapng_write import PcapngWriter
from captures.recording import RECORDER, Recording
from captures.stream import reason
from dissectors.errors import CaptureError, UsageError
from dissectors.record import Flag

__all__ = ["Health", "RecordPlan", "Recorder", "mend"]
ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 20


class Recorder:
    """Starts recording; UsageError or CaptureError where a source cannot be opened. say: one line for a person.

    files: begun so far, in order; ended is set once the process is over and everything is in the file.
    """

    def __init__(self, plan: RecordPlan, say: Callable[[str], None] = lambda line: None) -> None:
        self.plan = plan
        self.say = say
        self.health = Health()
        self.files: list[str] = []
        self.ended = threading.Event()
        self.error: str | None = None  # why it ended, where something failed
        self._begun = time.monotonic()
        environment = dict(os.environ)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), environment.get("PYTHONPATH"))))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "captures.record_process"],
                stdin=subprocess.PIPE,
                stdout=None if plan.path == "-" else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=environment,
                start_new_session=True,  # Control-C is for the parent, which then says stop
            )
        except OSError as error:
            raise CaptureError(f"the recorder cannot be started ({reason(error)})") from None
        self._tell(msgspec.json.encode(plan).decode())
        self._words: list[str] = []  # on stderr, and no Health: a traceback
        if not self._hear():
            self._over()
            raise (UsageError if self.health.code == 2 else CaptureError)(self.error or "the recorder did not start")
        self._thread = threading.Thread(target=self._follow, daemon=True, name="recorder")
        self._thread.start()

    @property
    def path(self) -> str:
        """The file at hand."""
        return self.health.file

    @property
    def seconds(self) -> float:
        """How long ago it was started."""
        return time.monotonic() - self._begun

    def mark(self, name: str) -> None:
        """Writes a marker record, now."""
        self._tell(f"mark {name}")

    def stop(self) -> None:
        """Asks for the end; what was heard up to now is still written."""
        self._tell("stop")

    def wait(self, seconds: float | None = None) -> bool:
        """Until it is over, or so long; whether it is."""
        return self.ended.wait(seconds)

    def close(self) -> None:
        """Stops and waits."""
        self.stop()
        if not self.wait(STOP_SECONDS):
            self._process.kill()
            self.wait()

    def _tell(self, line: str) -> None:
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            pass  # it is over: wait() says so

    def _hear(self) -> bool:
        """One more line of it; False at its end."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            try:
                health = msgspec.json.decode(line, type=Health)
            except msgspec.MsgspecError:
                self._words.append(line.decode(errors="replace").rstrip())
                continue
            self.health = health
            self.files += health.began
            for words in health.said:
                self.say(words)
            return not health.code
        return False

    def _follow(self) -> None:
        while self._hear():
            pass
        self._over()

    def _over(self) -> None:
        code = self._process.wait()
        health = self.health
        if health.ended:
            self.error = health.ended if health.failed else None
        else:
            how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
            words = self._words[-1] if self._words else ""
            self.error = f"the recorder ended unexpectedly ({how}){': ' + words if words else ''}"
            for path in self.files[-1:]:
                mend(path, f"loss: {self.error}")
        self.ended.set()


def mend(path: str, words: str) -> None:
    """Cuts what follows the last whole block of a pcapng, and adds a record that says why it ends there."""
    if not os.path.isfile(path):
        return
    try:
        with open(path, "r+b") as file:
            whole, interfaces = _whole(file)
            if interfaces is None:
                return
            file.truncate(whole)
            file.seek(whole)
            recording = Recording(path)
            recording.go_on(PcapngWriter(cast(BinaryIO, recording.spool), interfaces=interfaces))
            recording.status(RECORDER, time.time_ns(), words, flag=Flag.LOSS)
            file.write(recording.blocks())
    except OSError:
        pass  # the disk is gone with it
    Path(path + ".reserve").unlink(missing_ok=True)


def _whole(file: BinaryIO) -> tuple[int, int | None]:
    """(octets up to the end of the last whole block, interfaces that its section has); None: no pcapng of ours."""
    end = file.seek(0, os.SEEK_END)
    at, interfaces = 0, None
    while at + 12 <= end:
        file.seek(at)
        head = file.read(12)
        if head[:4] == SECTION_MAGIC:
            if ORDERS.get(head[8:12]) != "little":
                break
            interfaces = 0
        total = int.from_bytes(head[4:8], "little")
        if total < 12 or at + total > end:
            break
        if head[:4] == b"\1\0\0\0" and interfaces is not None:
            interfaces += 1
        at += total
    return at, interfaces
