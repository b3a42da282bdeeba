"""Marks and comments: kept beside their capture and for it alone."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from screens import DEMO

import analyzer
from analyzer.marks import HEAD_OCTETS, Comments, Marks, Place, frames_at, place_of
from captures.pcapng_write import PcapngWriter
from captures.source import open_source
from dissectors.errors import UsageError


@pytest.fixture
def capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "a.pcapng"
    path.write_bytes(bytes(range(256)) * 1000)
    return path


def made(capture: Path) -> Marks:
    marks = Marks(capture)
    marks.marked |= {Place(7), Place(3)}
    marks.time_references.add(Place(3, 1))
    marks.comments |= {Place(3): "slow ü\x1b[31m", Place(9): ""}
    return marks


def told(marks: Marks) -> tuple[Any, ...]:
    return marks.marked, marks.time_references, marks.comments


def test_marks_come_back(capture: Path) -> None:
    assert not Marks.load(capture)
    place = made(capture).save()
    assert place == capture.with_name("a.pcapng.marks.json")
    marks = Marks.load(str(capture))
    assert told(marks) == ({Place(3), Place(7)}, {Place(3, 1)}, {Place(3): "slow ü\x1b[31m"}) and marks
    marks.marked.clear()
    marks.save()
    assert Marks.load(capture).marked == set()
    assert json.loads(place.read_bytes())["version"] == 1


def test_marks_of_another_capture_are_refused(capture: Path) -> None:
    place = made(capture).save()
    octets = capture.read_bytes()
    for other in (b"\xff" + octets[1:], octets[:-1], octets[:10]):
        capture.write_bytes(other)
        with pytest.raises(UsageError, match="another capture"):
            Marks.load(capture)
        with pytest.raises(UsageError, match="another capture"):
            Marks(capture).save()
    assert json.loads(place.read_bytes())["marked"] == [[3, 0], [7, 0]]


@pytest.mark.parametrize("size", [10, HEAD_OCTETS, 256_000])
def test_a_recording_may_grow(capture: Path, size: int) -> None:
    whole = capture.read_bytes()
    capture.write_bytes(whole[:size])
    made(capture).save()
    capture.write_bytes(whole + b"more")
    assert Marks.load(capture).marked == {Place(3), Place(7)}


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"version":1}',
        b'{"version":1,"capture":{"size":1,"head_octets":1,"head_sha256":""},"x":1}',
        b'{"version":1,"capture":{"size":1,"head_octets":-1,"head_sha256":""}}',
        b'{"version":2,"capture":{"size":1,"head_octets":1,"head_sha256":""}}',
    ],
)
def test_a_damaged_file_is_one_line(capture: Path, octets: bytes) -> None:
    capture.with_name("a.pcapng.marks.json").write_bytes(octets)
    with pytest.raises(UsageError, match=r"marks\.json: is (no file of marks|of version 2)") as caught:
        Marks.load(capture)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_written(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != capture.parent)
    place = made(capture).save()
    assert place.parent == capture.parent / "state" / "cosemscope"
    assert not capture.with_name("a.pcapng.marks.json").exists()
    assert Marks.load(capture).marked == {Place(3), Place(7)}


def test_no_file_no_marks(tmp_path: Path) -> None:
    assert not Marks.load(tmp_path / "none")
    with pytest.raises(UsageError, match="beside a capture file"):
        Marks(tmp_path / "none").save()


def test_comments_of_the_capture(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    with path.open("wb") as file:
        writer = PcapngWriter(file)
        writer.interface(1)
        for i, text in enumerate(("first", None, "third")):
            writer.packet(0, i, b"x", comment=text)
    source = open_source(str(path))
    comments = Comments()
    assert [r.no for r in comments.records(source)] == [1, 2, 3]
    source.close()
    assert comments.by_record == {1: "first", 3: "third"}
    assert comments.of((1, 2, 3)) == "first\nthird" and comments.of((2,)) == ""


def test_a_place_is_the_same_frame_however_it_is_decoded() -> None:
    """Two taps heard in turn, and records with more than one frame: every frame has a place of its own."""
    for name in ("hdlc-serial", "wrapper-tcp", "hdlc-tcp"):
        kept = analyzer.open(str(DEMO / f"{name}.pcapng"))
        count = len(kept.frames)
        places = [place_of(kept, no) for no in range(1, count + 1)]
        assert len(set(places)) == count
        assert frames_at(kept, places, 0, count) == {place: no for no, place in enumerate(places, 1)}
        assert frames_at(kept, places, 10, 12) == {places[10]: 11, places[11]: 12}
        assert frames_at(kept, [Place(10**6)], 0, count) == {}
