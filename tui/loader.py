"""Loader: one thread reads and analyzes a capture; everything else looks at what is there so far.

    capture = Capture(session, "session.pcapng")      # UsageError, CaptureError: it cannot be opened
    capture.start()
    with capture.turn():                              # the analysis stands still
        capture.analysis.frame(12)

There are no messages between threads: a view asks, under its turn, how far the analysis has come.
"""

import argparse
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from analyzer.analysis import Analysis
from analyzer.explain import Attempt, Autopsy
from analyzer.marks import Comments
from analyzer.report_case import Facts, counted
from analyzer.session import Session
from analyzer.timing import Timing
from captures.assume import Assume
from captures.live import LiveSource
from captures.source import Source, open_source
from dissectors.errors import CaptureError
from dissectors.profile import Profile

T = TypeVar("T")

Opener = Callable[[Assume], Source]


class Turns:
    """Whose turn it is. The loader has it, and gives it away between two records when somebody waits for it."""

    def __init__(self) -> None:
        self._gate = threading.Lock()  # whoever waits holds it, so that the loader cannot take the turn back
        self._turn = threading.Lock()
        self._owner = 0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """While it lasts the loader waits. Within a turn another one is the same."""
        me = threading.get_ident()
        if self._owner == me:
            yield
            return
        with self._gate:
            self._turn.acquire()
        self._owner = me
        try:
            yield
        finally:
            self._owner = 0
            self._turn.release()

    def between(self, records: Iterator[T], waits: bool) -> Iterator[T]:
        """The records (or rows), given by a thread that has the turn. waits: the next one may be long in coming."""
        gate, turn = self._gate, self._turn
        while True:
            if waits or gate.locked():
                me, self._owner = self._owner, 0
                turn.release()
                try:
                    with gate:
                        pass
                    record = next(records, None)
                finally:
                    turn.acquire()
                    self._owner = me
            else:
                record = next(records, None)
            if record is None:
                return
            yield record


class Counts(msgspec.Struct, frozen=True):
    """Rows analyzed so far. progress: share of a file read, None where its end is not known."""

    frame: int = 0
    message: int = 0
    exchange: int = 0
    finding: int = 0
    progress: float | None = None

    def of(self, level: str) -> int:
        return int(getattr(self, level))


class Capture:
    """One source being analyzed: what every view reads. state: "reading", "live", "ended" or "failed"."""

    def __init__(self, session: Session, spec: str, source: Source | None = None, opener: Opener | None = None) -> None:
        """source: one that is open already. opener: opens the source again, where open_source cannot (a pipe)."""
        self.session = session
        self.spec = spec
        self.profiles: list[Profile] = session.profiles()
        self._open: Opener = opener or (lambda assume: open_source(spec, assume=assume))
        self.source = self._open(session.assume()) if source is None else source
        self.said: list[str] = []
        self.state = "live" if isinstance(self.source, LiveSource) else "reading"
        self.error = ""  # why it failed, for a person
        self.crash = ""  # and the traceback, where that was our own fault
        self.facts = Facts(kind=self.source.kind)
        self.comments = Comments()
        self.analysis = Analysis(self.source.channels, self.profiles, session.known)
        self.timing = Timing({p.name: p for p in self.profiles}, self.source.channels, self._decision, keep=True)
        self.autopsy = Autopsy()
        self.links = self.analysis.links
        self.turns = Turns()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name="loader", daemon=True)
        waits = self.source.size is None  # live, or a pipe: its next record may be long in coming
        self._steps = self.analysis.load(
            self.comments.records(self.turns.between(iter(counted(self.source, self.facts)), waits)),
            (self.timing, self.autopsy),
            ring=session.keys,
        )
        self.autopsy.run = self.analysis.run

    @property
    def _decision(self) -> str:
        return str(getattr(self.session.args, "decision", "guarded"))

    @property
    def is_live(self) -> bool:
        """It goes on until somebody stops it."""
        return isinstance(self.source, LiveSource)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    # -- the loader's thread --------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def _read(self) -> None:
        with self.turns.turn():
            try:
                for _ in self._steps:
                    if self._stopped.is_set():
                        break
                self.state = "ended"
            except CaptureError as error:
                self.state, self.error = "failed", str(error)
            except Exception as error:  # our own fault: what was analyzed stays, and a person learns of it
                self.state = "failed"
                self.error = f"internal error: {type(error).__name__}: {error}"
                self.crash = traceback.format_exc()
            self.timing.end()
            self.analysis.gather(self.timing.take())
            self.analysis.cut = self.facts.cut = self.source.cut
        self.facts.remarks = tuple(self.source.remarks)

    # -- for the views ----------------------------------------------------------------------------------

    @contextmanager
    def turn(self) -> Iterator[None]:
        """While it lasts the analysis stands still and may be read. Keep it short: a page of rows."""
        with self.turns.turn():
            yield

    def counts(self) -> Counts:
        """How far it has come; takes in what was found since the last time."""
        with self.turn():
            a = self.analysis
            a.gather(self.timing.take())
            self.links.update()
            size = self.source.size
            return Counts(
                len(a.frames), len(a.messages), len(a.exchanges), len(a.findings),
                min(1.0, self.source.octets_read / size) if size else None,
            )  # fmt: skip

    def attempts(self) -> list[Attempt]:
        """The autopsy so far. It takes a second for 50 000 attempts, of which the analysis stands still for a fifth."""
        with self.turn():
            attempts = self.autopsy.copies()
        return self.autopsy.judged(attempts)

    # -- live ---------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Ends a recording (what was heard is still analyzed), or the reading of a file."""
        if isinstance(self.source, LiveSource):
            self.source.stop()
        else:
            self._stopped.set()
            self.source.close()

    def leave(self) -> None:
        """Reads no more of it; a recording goes on."""
        self._stopped.set()
        if isinstance(self.source, LiveSource):
            self.source.stream.close()
        else:
            self.source.close()

    def close(self) -> None:
        """Ends everything, a recording too, and waits for the thread."""
        self._stopped.set()
        self.source.close()
        if self._thread.ident is not None:
            self._thread.join(20)

    def again(self, **changes: Any) -> "Capture":
        """The same source, decoded anew: changes are options of the command line (profile, key, keys, assume).

        UsageError: a profile, key or statement that is none; this capture then goes on."""
        session = Session(argparse.Namespace(**{**vars(self.session.args), **changes}), self.said.append)
        session.profiles()
        assume = session.assume()
        if isinstance(self.source, LiveSource):
            self._stopped.set()
            source: Source = self.source.again(assume)
        else:
            source = self._open(assume)
            self.leave()
        return Capture(session, self.spec, source, self._open)


def options(**given: Any) -> argparse.Namespace:
    """The command line's options, where there was none."""
    defaults: Mapping[str, Any] = {
        "profile": None, "assume": [], "keys": [], "key": [], "objects": None, "quiet": True, "decision": "guarded",
    }  # fmt: skip
    return argparse.Namespace(**{**defaults, **given})


def open_capture(spec: str, say: Callable[[str], None] = lambda line: None, **given: Any) -> Capture:
    """A capture with the default options, or those given."""
    return Capture(Session(options(**given), say), spec)


__all__ = ["Capture", "Counts", "Turns", "open_capture", "options"]
