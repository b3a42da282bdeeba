"""What may be saved of what is on the screen, each with a name and the work that writes it."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from analyzer import export, translator_xml
from tui import export_work
from tui.capture_base import CaptureBase
from tui.columns import LEVELS
from tui.export_dialog import Choice
from tui.loader import Capture
from tui.view import View


def choices(base: CaptureBase) -> list[Choice]:
    """Of the packet list first the packets, of another view its own list."""
    own = [*of_list(base.capture, base.view), *of_row(base.capture, *base.view.selection())]
    packets = list(of_packets(base))
    return [*packets, *own] if base.view is base.packets else [*own, *packets]


def of_packets(base: CaptureBase) -> Iterator[Choice]:
    """Frames as a pcapng; the rows shown with all their fields."""
    packets, name = base.packets, stem(base.capture)
    level, shown = packets.level, packets.shown
    numbers: Sequence[int] = shown.numbers().tolist() if shown.filter else range(1, shown.total + 1)
    frames = range(1, base.counts.frame + 1)
    marked = sorted(no for no in packets.marked if no in frames)
    for which, of, chosen in (("shown", level, numbers), ("marked", "frame", marked), ("all", "frame", frames)):
        if len(chosen):
            what = "All frames" if which == "all" else f"{of.capitalize()}s {which}"
            start = partial(export_work.pcapng, packets, of, chosen)
            yield Choice(f"{what} as pcapng, with comments", counted(len(chosen), of), f"{name}-{which}.pcapng", start)
    if len(numbers):
        for format in export.FORMATS:
            start = partial(export_work.rows, base.capture, level, numbers, format)
            text = f"{level.capitalize()}s shown, all fields, as {format}"
            yield Choice(text, counted(len(numbers), level), f"{name}-{level}s.{format}", start)


def of_list(capture: Capture, view: View) -> Iterator[Choice]:
    """The list of a view, as it is seen."""
    table = view.table
    if table is None or not len(table.rows):
        return
    names = [column.key for column in table.columns]
    for format in export.FORMATS:
        start = partial(export_work.cells, names, table.rows, format)
        name = f"{stem(capture)}-{view.id}-list.{format}"
        yield Choice(f"This list as it is seen, as {format}", counted(len(table.rows), "row"), name, start)


def of_row(capture: Capture, level: str, no: int) -> Iterator[Choice]:
    """A row with its tree, and its APDU."""
    if not no or level not in LEVELS:
        return
    name = f"{stem(capture)}-{level}-{no}"
    start = partial(export_work.text, capture, partial(row_text, capture, level, no))
    yield Choice("The selected row with its tree, as text", f"{level} {no}", f"{name}.txt", start)
    with capture.turn():
        message = message_of(capture, level, no)
    if message:
        start = partial(export_work.text, capture, partial(translator_xml.as_xml, capture.analysis, message))
        yield Choice("Its APDU as a translator's XML", f"message {message}", f"{name}.xml", start)


def stem(capture: Capture) -> str:
    """How the name of a file begins that is made of a capture."""
    return Path(capture.source.path).stem.strip("-") or "capture"


def message_of(capture: Capture, level: str, no: int) -> int:
    """The message that a row shows, 0 without. In the capture's turn."""
    if level == "frame":
        return next(iter(capture.links.messages_of_frame(no)), 0)
    return no if level == "message" else next(iter(capture.links.messages_of_exchange(no)), 0)


def row_text(capture: Capture, level: str, no: int) -> str:
    """A row with its tree. In the capture's turn."""
    messages = capture.links.messages_of_frame(no) if level == "frame" else ()
    return export.row_text(capture.analysis, level, no, messages)


def counted(count: int, what: str) -> str:
    """ "1 234 frames"."""
    return f"{count:,}".replace(",", " ") + f" {what}{'' if count == 1 else 's'}"
