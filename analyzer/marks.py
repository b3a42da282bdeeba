"""Marks: what a person marked and wrote while looking at a capture, kept beside it in CAPTURE.marks.json.

The file names the capture's size and the SHA-256 of its first octets: marks of another capture are refused. A capture
that has grown since (a recording that goes on) keeps its marks. Beside a capture in a folder that cannot be written,
they are kept in the user's state folder ($XDG_STATE_HOME/cosemscope, else ~/.local/state/cosemscope).

What is marked is a place among the records, which are what was captured: another profile or key may make more frames
or fewer of them, and each mark stays where it was put.
"""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from analyzer.analysis import Analysis
from captures.atomic import written
from captures.stream import reason
from dissectors.errors import UsageError
from dissectors.record import Record

VERSION = 1
HEAD_OCTETS = 65536
SUFFIX = ".marks.json"


class Place(NamedTuple):
    """A frame: the nth (from 0) of those that begin in a record."""

    record: int
    nth: int = 0


def place_of(analysis: Analysis, frame: int) -> Place:
    """Where a frame is."""
    frames = analysis.frames
    record = frames.value(frame - 1, "record")
    nth = 0
    while frame - 2 - nth >= 0 and frames.value(frame - 2 - nth, "record") == record:
        nth += 1
    return Place(record, nth)


def frames_at(analysis: Analysis, places: Collection[Place], first: int, last: int) -> dict[Place, int]:
    """The frames at these places, among the frames first+1..last."""
    records = analysis.frames.part(first, last)["record"]
    near = np.nonzero(np.isin(records, [place.record for place in places]))[0] + first + 1
    found = {place_of(analysis, frame): frame for frame in near.tolist()}
    return {place: found[place] for place in places if place in found}


class Capture(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which capture it is. head_sha256: of its first head_octets."""

    size: int
    head_octets: int
    head_sha256: str


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    version: int
    capture: Capture
    marked: list[Place] = []
    time_references: list[Place] = []
    comments: list[tuple[Place, str]] = []


class Marks:
    """Places: marked, taken as time references, commented."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.marked: set[Place] = set()
        self.time_references: set[Place] = set()
        self.comments: dict[Place, str] = {}

    def __bool__(self) -> bool:
        return bool(self.places)

    @property
    def places(self) -> set[Place]:
        """Every place that has something."""
        return self.marked | self.time_references | self.comments.keys()

    @classmethod
    def load(cls, path: str | Path) -> "Marks":
        """The marks of a capture file, none where nothing was kept. UsageError: the file of marks is of another
        capture, of a later version, or damaged; the capture cannot be read."""
        marks = cls(path)
        kept = marks._kept()
        if kept is not None:
            marks.marked = set(kept.marked)
            marks.time_references = set(kept.time_references)
            marks.comments = {place: text for place, text in kept.comments if text}
        return marks

    def save(self) -> Path:
        """Writes them, and says where. UsageError: as load has it (what is not ours is never overwritten), or the file
        cannot be written."""
        self._kept()
        kept = Kept(
            VERSION,
            self._capture(),
            sorted(self.marked),
            sorted(self.time_references),
            [(place, text) for place, text in sorted(self.comments.items()) if text],
        )
        beside, state = self.files()
        path = beside if os.access(beside.parent, os.W_OK) else state
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{path.parent}: cannot be made ({reason(error)})") from None
        with written(path, overwrite=True) as file:
            file.write(msgspec.json.encode(kept) + b"\n")
        return path

    def files(self) -> tuple[Path, Path]:
        """Beside the capture, and in the user's state folder."""
        path = self.path.absolute()
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "cosemscope"
        name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        return path.with_name(path.name + SUFFIX), state / f"{path.name}.{name}{SUFFIX}"

    def _kept(self) -> Kept | None:
        """What was kept, if it is of this capture."""
        for file in self.files():
            try:
                octets = file.read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise UsageError(f"{file}: cannot be read ({reason(error)})") from None
            return self._checked(file, octets)
        return None

    def _checked(self, file: Path, octets: bytes) -> Kept:
        try:
            kept = msgspec.json.decode(octets, type=Kept)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UsageError(f"{file}: is no file of marks ({error})") from None
        if kept.version != VERSION:
            raise UsageError(f"{file}: is of version {kept.version}, expected {VERSION}")
        if not 0 <= kept.capture.head_octets <= HEAD_OCTETS:
            raise UsageError(f"{file}: is no file of marks (head_octets {kept.capture.head_octets})")
        now = self._capture(kept.capture.head_octets)
        if now.size < kept.capture.size or now.head_sha256 != kept.capture.head_sha256:
            raise UsageError(f"{file}: holds the marks of another capture; rename or delete it")
        return kept

    def _capture(self, head_octets: int = HEAD_OCTETS) -> Capture:
        try:
            with self.path.open("rb") as file:
                head = file.read(head_octets)
                return Capture(os.fstat(file.fileno()).st_size, len(head), hashlib.sha256(head).hexdigest())
        except OSError as error:
            raise UsageError(f"{self.path}: marks are kept beside a capture file ({reason(error)})") from None


class Comments:
    """Comments that a capture holds itself, remembered as its records pass; by number of the record."""

    def __init__(self) -> None:
        self.by_record: dict[int, str] = {}

    def records(self, records: Iterable[Record]) -> Iterator[Record]:
        """The same records."""
        kept = self.by_record
        for record in records:
            if record.comment:
                kept[record.no] = record.comment
            yield record

    def of(self, records: Iterable[int]) -> str:
        """The comments of these records (a frame's), a line each; "" without."""
        return "\n".join([self.by_record[no] for no in records if no in self.by_record])
