"""What a person saves, as work for a thread: each gives steps (done, of so many) and leaves nothing when it is closed.

The analysis is read in the capture's turn, which is given away between two rows when somebody waits for it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from analyzer import cell_table, export
from captures.atomic import written
from dissectors.errors import UsageError
from tui.loader import Capture
from tui.packets_view import PacketsView
from tui.progress_dialog import Steps
from tui.row_list import Rows

PAGE = 64  # rows made in one turn


class InTurn(Sequence[int]):
    """Numbers of rows; while they are iterated the analysis may be read."""

    def __init__(self, capture: Capture, numbers: Sequence[int]) -> None:
        self.capture = capture
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: Any) -> Any:
        return self.numbers[index]

    def __iter__(self) -> Iterator[int]:
        with self.capture.turn():
            yield from self.capture.turns.between(iter(self.numbers), waits=False)


def pcapng(packets: PacketsView, level: str, numbers: Sequence[int], path: Path, overwrite: bool) -> Steps:
    """The packets of rows of a level, with a person's comments. UsageError as export.frames_to_pcapng has it, and of
    a capture that came by a pipe."""
    capture = packets.capture
    source = capture.source.path if capture.is_live else capture.spec
    if source == "-":
        raise UsageError("the capture came by a pipe, which cannot be read again: save it to a file first")
    frames = numbers if level == "frame" else _frames(capture, level, numbers)
    with capture.turn():
        there = len(capture.analysis.frames)  # decoded in another way, a capture may have fewer
        comments = {no: text for no, text in packets.comments.items() if no <= there}
        return export.frames_to_pcapng(
            capture.analysis, source, frames, path, comments, overwrite, capture.session.assume()
        )


def _frames(capture: Capture, level: str, numbers: Sequence[int]) -> Sequence[int]:
    """The frames of messages or exchanges, in order."""
    of = capture.links.frames_of_message if level == "message" else capture.links.frames_of_exchange
    return sorted({frame for no in InTurn(capture, numbers) for frame in of(no) if frame})


def rows(capture: Capture, level: str, numbers: Sequence[int], format: str, path: Path, overwrite: bool) -> Steps:
    """Rows of a level with all their fields, as `dump` gives them. UsageError as export.table has it."""
    with capture.turn():
        return export.table(capture.analysis, level, InTurn(capture, numbers), format, path, overwrite=overwrite)


def cells(names: Sequence[str], shown: Rows, format: str, path: Path, overwrite: bool) -> Steps:
    """A list as it is seen, as many rows as it has now. UsageError as cell_table.save has it."""
    total = len(shown)
    return cell_table.save(names, _pages(shown, total), total, format, path, overwrite)


def _pages(shown: Rows, total: int) -> Iterable[cell_table.Page]:
    for first in range(0, total, PAGE):
        yield [row.cells for row in shown.page(first, min(total, first + PAGE))]


def text(capture: Capture, make: Callable[[], str], path: Path, overwrite: bool) -> Steps:
    """A text, made in the capture's turn. UsageError: the file exists or cannot be written."""
    with written(path, overwrite) as file:
        with capture.turn():
            made = make()
        file.write(made.encode("utf-8", "replace"))
        yield 1, 1
