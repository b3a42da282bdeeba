"""Every column that a list may have gives a text for every row of the demo captures."""

import pytest
from screens import DEMO, read

from dissectors.errors import UsageError
from tui import columns
from tui.columns import Cells


@pytest.mark.parametrize("name", ["hdlc-serial.pcapng", "wrapper-tcp.pcapng"])
@pytest.mark.parametrize("level", columns.LEVELS)
def test_every_column_of_every_row(name: str, level: str) -> None:
    capture = read(str(DEMO / name))
    cells = Cells(capture, level)
    rows = range(1, capture.counts().of(level) + 1)
    own = [column for column in columns.known(level) if "." not in column and column != "time"]
    for no in rows:
        item = cells.item(no)
        for raw in (False, True):
            cells.raw = raw
            texts = [cells.text(item, column) for column in own]
            assert all(isinstance(text, str) for text in texts)
            assert texts[own.index("no")] == str(no)
    assert {columns.column(level, column, "absolute").key for column in own} == set(own)


def test_dissected_fields_are_columns() -> None:
    capture = read(str(DEMO / "hdlc-serial.pcapng"))
    cells = Cells(capture, "frame")
    assert cells.text(cells.item(6), "hdlc.ns") == "1"
    assert cells.text(cells.item(6), "tcp.window") == ""
    assert columns.column("frame", "hdlc.ns", "absolute").title == "N(S)"


def test_names_that_are_no_columns() -> None:
    with pytest.raises(UsageError, match="no field 'nosuch' at level message"):
        columns.column("message", "nosuch", "absolute")
    assert columns.chosen("frame", ["nosuch", "kind", "no"]) == ("kind", "no")
    assert columns.chosen("frame", ["nosuch"]) == columns.DEFAULTS["frame"]


def test_what_a_damaged_frame_is_called() -> None:
    capture = read(str(DEMO / "hdlc-serial.pcapng"))
    cells = Cells(capture, "frame")
    damaged = [no for no in range(1, 137) if any(p.kind.code == "hdlc.fcs" for p in cells.item(no).problems)]
    assert damaged
    assert all(cells.text(cells.item(no), "info") for no in damaged)
