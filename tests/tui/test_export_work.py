import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from screens import SERIAL

import analyzer
from dissectors.errors import UsageError
from tui import export_work
from tui.loader import Capture, open_capture
from tui.packets_view import PacketsView
from tui.row_list import FixedRows, Row


@pytest.fixture
def capture() -> Iterator[Capture]:
    found = open_capture(SERIAL)
    found.start()
    found._thread.join()
    found.counts()
    yield found
    found.close()


def all_of(steps: export_work.Steps) -> int:
    return len(list(steps))


def test_frames_with_a_persons_comments(capture: Capture, tmp_path: Path) -> None:
    packets = PacketsView(capture)
    packets.comments = {3: "late", 9: "not chosen", 1000: "of a frame that is not there"}
    path = tmp_path / "some.pcapng"
    assert all_of(export_work.pcapng(packets, "frame", [3, 4, 5], path, False))
    again = open_capture(str(path))
    again.start()
    again._thread.join()
    assert list(again.comments.by_record.values()) == ["late"]
    octets = [capture.analysis.frame(no).octets for no in (3, 4, 5)]
    assert [again.analysis.frame(no + 1).octets for no in range(len(again.analysis.frames))] == octets
    again.close()


@pytest.mark.parametrize("level", ["message", "exchange"])
def test_the_frames_of_other_rows(capture: Capture, level: str, tmp_path: Path) -> None:
    links, path = capture.links, tmp_path / "some.pcapng"
    of = links.frames_of_message if level == "message" else links.frames_of_exchange
    frames = sorted({frame for no in (2, 3) for frame in of(no) if frame})
    assert all_of(export_work.pcapng(PacketsView(capture), level, [3, 2], path, False))
    found = analyzer.open(str(path))
    assert [found.frame(no + 1).octets for no in range(len(found.frames))] == [
        capture.analysis.frame(no).octets for no in frames
    ]


def test_a_pipe_cannot_be_read_again(capture: Capture, tmp_path: Path) -> None:
    capture.spec = "-"
    with pytest.raises(UsageError, match="came by a pipe"):
        export_work.pcapng(PacketsView(capture), "frame", [1], tmp_path / "x", False)


def test_rows_with_all_fields(capture: Capture, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    assert all_of(export_work.rows(capture, "message", [2, 5], "jsonl", path, False))
    assert [json.loads(line)["no"] for line in path.read_text().splitlines()] == [2, 5]


def test_a_list_as_it_is_seen(tmp_path: Path) -> None:
    rows = FixedRows([Row((str(n), "x")) for n in range(3 * export_work.PAGE + 1)])
    steps = list(export_work.cells(["no", "what"], rows, "csv", tmp_path / "l.csv", False))
    assert steps[-1] == (len(rows), len(rows)) and len(steps) == 4
    assert (tmp_path / "l.csv").read_text().splitlines() == ["no,what", *(f"{n},x" for n in range(len(rows)))]


def test_a_text_and_no_half_of_one(capture: Capture, tmp_path: Path) -> None:
    assert all_of(export_work.text(capture, lambda: "7E\n", tmp_path / "t", False)) == 1
    assert (tmp_path / "t").read_text() == "7E\n"

    def fails() -> str:
        raise UsageError("no")

    with pytest.raises(UsageError):
        all_of(export_work.text(capture, fails, tmp_path / "u", False))
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_others_have_their_turn_between_two_rows(capture: Capture) -> None:
    """The screen waits for one row, not for all of them."""
    waiting, had = threading.Event(), threading.Event()

    def screen() -> None:
        waiting.set()
        with capture.turn():
            had.set()

    thread = threading.Thread(target=screen)
    early = False
    for no in export_work.InTurn(capture, range(500_000)):
        capture.analysis.frame(no % 10 + 1)
        if no == 0:
            thread.start()
            waiting.wait()
        if had.is_set():
            early = True
            break
    thread.join()
    assert early


def test_the_turn_is_given_back(capture: Capture) -> None:
    numbers = export_work.InTurn(capture, [1, 2])
    assert list(numbers) == [1, 2] and len(numbers) == 2 and numbers[1] == 2
    rest = iter(numbers)
    next(rest)
    rest.close()  # type: ignore[attr-defined]
    done = threading.Event()
    thread = threading.Thread(target=lambda: capture.counts() and done.set())
    thread.start()
    thread.join()
    assert done.is_set()
