"""The ladder: of answered, repeated, polled and unanswered requests, and of a long transfer."""

from pathlib import Path

import pytest
from encode import xdlms
from rich.cells import cell_len
from screens import SERIAL, read
from scripts import DOWN, GET, OPENING, UP, Link, Script, get, got, on_line, opened, over_udp

from analyzer.model import Finding
from tui import ladder
from tui.columns import Cells
from tui.ladder import Rung, arrow, beside, numbers, rungs
from tui.loader import Capture

WIDTH = 60


@pytest.fixture(scope="module")
def serial() -> Capture:
    return read(SERIAL)


def made(capture: Capture, no: int, findings: tuple[Finding, ...] = (), width: int = WIDTH) -> list[Rung]:
    with capture.turn():
        cells = Cells(capture, "frame")
        e = capture.analysis.exchange(no)
        return rungs(cells, e, numbers(cells, e), width, findings)


def drawn(found: list[Rung]) -> list[tuple[int, str, str]]:
    """Number, who held the line, and the direction of the arrow."""
    return [(r.frame, r.row.cells[1].split(" ")[0], r.row.cells[2][:2] + r.row.cells[2][-2:]) for r in found if r.frame]


UPWARD, DOWNWARD = "│─▶│", "│◀─│"


def test_arrows() -> None:
    assert arrow("x", 12, UP) == "│── x ────▶│" and arrow("x", 12, DOWN) == "│◀─ x ─────│"
    for direction in (UP, DOWN, 2):
        for text in ("", "電" * 40, "\x1b[31m", "a" * 100):
            assert cell_len(arrow(text, 30, direction)) == 30
            assert cell_len(beside(text, 30)) == 30
    assert "\x1b" not in arrow("\x1b[31m", 30, UP)


def test_a_repeated_request(serial: Capture) -> None:
    found = made(serial, 3)
    assert drawn(found) == [(7, "", UPWARD), (8, "silence", UPWARD), (9, "server", DOWNWARD)]
    text = "\n".join(rung.row.cells[2] for rung in found)
    assert "response 1.241 ms [157.4 us .. 2.324 ms], complete in" in text and "2 tries" in text
    assert "= 1234567 Wh" in text


def test_polls_between_segments(serial: Capture) -> None:
    found = made(serial, 5)
    assert [rung.frame for rung in found if rung.frame] == [15, 16, 17, 18, 19, 20]
    assert [rung.row.style for rung in found if rung.frame in (17, 19)] == ["muted", "muted"]


def test_an_unanswered_request_ends_with_what_ended_it(serial: Capture) -> None:
    found = made(serial, 44)
    assert [rung.frame for rung in found if rung.frame] == [135, 136]
    assert any("no answer in" in rung.row.cells[2] and rung.row.mark == "✗" for rung in found)


def test_findings_stand_below_and_at_their_frame(serial: Capture) -> None:
    late = Finding(1, "timing.x", 2, "too late", "IEC 62056-46", 9, exchange=3)
    found = made(serial, 3, (late,))
    assert next(rung.row for rung in found if rung.frame == 9).mark == "✗"
    last = found[-1].row
    assert last.cells[2] == "frame 9: timing.x: too late  [IEC 62056-46]" and last.style == "error" and last.mark == "✗"


@pytest.mark.parametrize("width", [24, 50, 150])
def test_it_fits(serial: Capture, width: int) -> None:
    with serial.turn():
        titles = ladder.columns(Cells(serial, "frame"), serial.analysis.exchange(5), width)
    assert titles[-1].width == width == cell_len(titles[-1].title)
    for no in range(1, len(serial.analysis.exchanges) + 1):
        assert all(cell_len(rung.row.cells[2]) <= width for rung in made(serial, no, width=width))


def test_two_requests_at_a_time(tmp_path: Path) -> None:
    steps = [(UP, get(1)), (UP, get(2)), (DOWN, got(invoke=1)), (DOWN, got(invoke=2))]
    capture = read(str(over_udp(*opened(), *steps).save(tmp_path / "two.pcap")))
    assert [[rung.frame for rung in made(capture, no) if rung.frame] for no in (2, 3)] == [[3, 5], [4, 6]]


def test_the_end_of_the_link_ends_the_wait(tmp_path: Path) -> None:
    """Over a line that two meters share: frames of the other one are no part of it."""
    link, other = Link(), Link(server=(1, 18, 4))
    frames = [*link.up(), *other.up(), *link.talk(*OPENING), *link.talk((UP, GET))]
    frames += [(UP, other.frame("RR", nr=0)), (DOWN, other.frame("RR", False, nr=0)), *link.down(), *link.up()]
    capture = read(str(on_line(*frames).save(tmp_path / "line.txt")))
    no = len(capture.analysis.exchanges)
    kinds = [capture.analysis.frame(rung.frame).kind for rung in made(capture, no) if rung.frame]
    assert kinds == ["I", "DISC"]


def test_frames_of_others_are_left_out(serial: Capture) -> None:
    a = serial.analysis
    for no in range(1, len(a.exchanges) + 1):
        shown = {rung.frame for rung in made(serial, no)} - {0}
        assert shown >= set(a.links.frames_of_exchange(no))
        others = {
            e for frame in shown for m in a.links.messages_of_frame(frame) if (e := a.links.exchange_of_message(m))
        }
        assert others == {no}


def test_a_long_transfer_is_cut_in_the_middle(tmp_path: Path) -> None:
    raw = b"\x09\x81\xc8" + bytes(200)
    parts = [raw[at : at + 4] for at in range(0, len(raw), 4)]
    steps = [(UP, GET)]
    for n, part in enumerate(parts, 1):
        last = n == len(parts)
        steps.append((DOWN, xdlms.get_response_with_datablock(0xC1, last, n, part)))
        if not last:
            steps.append((UP, bytes.fromhex("C002C1") + n.to_bytes(4, "big")))
    script: Script = over_udp(*opened(), *steps)
    capture = read(str(script.save(tmp_path / "long.pcap")))
    found = made(capture, 2)
    frames = [rung.frame for rung in found if rung.frame]
    assert frames == [*range(3, 23), *range(len(script.records) - 19, len(script.records) + 1)]
    hidden = len(script.records) - 2 - ladder.SHOWN
    assert any(f"… {hidden} more frames, " in rung.row.cells[2] for rung in found)
    assert any(f"{len(parts)} blocks" in rung.row.cells[2] for rung in found)
    after = next(rung for n, rung in enumerate(found) if n and found[n - 1].row.cells[0] == "…")
    assert after.row.cells[1] == "server 10.000 ms" or after.row.cells[1] == "client 10.000 ms"
