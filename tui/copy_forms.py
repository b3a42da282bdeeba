"""In which forms what is selected may be copied: a row, a field of the tree, octets."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import msgspec

from analyzer import completion, export, translator_xml
from analyzer.lines import csv_cell
from tui.capture_base import CaptureBase
from tui.columns import LEVELS, Cells
from tui.export_choices import counted, message_of, row_text
from tui.loader import Capture
from tui.packets_view import PacketsView
from tui.view import View


class Form(msgspec.Struct, frozen=True):
    """key: chooses it. make: gives the text, in the capture's turn. suffix: of a file of it."""

    key: str
    text: str
    make: Callable[[], str]
    suffix: str = "txt"


def forms(base: CaptureBase) -> Iterator[Form]:
    """What the pane that has the keys offers."""
    packets, focused = base.packets, base.focused
    if base.view is packets and focused is packets.tree_pane:
        yield from of_field(packets)
    elif base.view is packets and focused is not None and packets.octets_pane in focused.ancestors:
        yield from of_octets_pane(packets)
    else:
        yield from of_list(base.view)
        yield from of_row(base.capture, *base.view.selection())


def of_list(view: View) -> Iterator[Form]:
    """The row that a list's cursor is on, as it is seen."""
    table = view.table
    if table is not None and table.cursor >= 0:
        cells = table.row(table.cursor).cells
        yield Form("r", "Row as text", partial("\t".join, cells))
        yield Form("c", "Row as CSV", partial(as_csv, cells), "csv")
        if table.column < len(cells):
            yield Form("v", f"Value: {cells[table.column]}", partial(str, cells[table.column]))
    yield from of_filter(view)


def of_row(capture: Capture, level: str, no: int) -> Iterator[Form]:
    """A frame, message or exchange."""
    if not no or level not in LEVELS:
        return
    yield Form("t", "Row with its tree", partial(row_text, capture, level, no))
    with capture.turn():
        message = message_of(capture, level, no)
        item = Cells(capture, level).item(no)
    if message:
        yield Form("x", "APDU as a translator's XML", partial(translator_xml.as_xml, capture.analysis, message), "xml")
    if level != "exchange":
        yield from of_octets(item.octets if level == "frame" else item.pdu.octets, f"{level}_{no}")


def of_field(packets: PacketsView) -> Iterator[Form]:
    """The field of the tree that is selected."""
    node = packets.tree_pane.selected
    if node is not None:
        said = f"{node.label}: {node.text}" if node.text else node.label
        yield Form("n", "Field: label and value", partial(str, said))
        if node.text:
            yield Form("v", "Value only", partial(str, node.text))
        yield from of_filter(packets)
        yield from of_octets(_buffer(packets, node.buffer)[node.start : node.end], node.field)
    yield Form("t", "Tree as it is seen", packets.tree_pane.text)


def of_octets_pane(packets: PacketsView) -> Iterator[Form]:
    """The octets that are selected there, else all of the buffer."""
    name = packets.octets_pane.active or "octets"
    yield from of_octets(packets.octets_pane.selected_octets() or _buffer(packets, name), name)


def of_filter(view: View) -> Iterator[Form]:
    """The display filter that what is selected passes."""
    level, _ = view.selection()
    field, value = view.cell()
    if field and level in LEVELS:
        test = completion.quote(field, value)
        if completion.check(test, level) is None:
            yield Form("f", f"Filter: {test}", partial(str, test))


def of_octets(octets: bytes, name: str) -> Iterator[Form]:
    """Octets in every notation; name: what they are, for a C array."""
    if not octets:
        return
    size = counted(len(octets), "octet")
    yield Form("h", f"{size} as hex", partial(export.as_hex, octets))
    yield Form("a", f"{size} as a C array", partial(export.as_c_array, octets, name), "h")
    yield Form("d", f"{size} as a hex dump", partial(export.as_hexdump, octets))
    yield Form("s", f"{size} as text", partial(export.as_text, octets))


def as_csv(cells: Sequence[str]) -> str:
    """A line of CSV without its end; formulas are defused."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([csv_cell(cell) for cell in cells])
    return out.getvalue()


def _buffer(packets: PacketsView, name: str) -> bytes:
    buffers = packets.detail.buffers if packets.detail is not None else ()
    return next((buffer.octets for buffer in buffers if buffer.name == name), b"")
