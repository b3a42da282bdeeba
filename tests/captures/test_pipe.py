"""A pipe read more than once: everything, from its start, as it comes."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from screens import DEMO

from captures import pipe
from captures.assume import parse
from captures.pipe import Pipe
from captures.source import open_source
from dissectors.errors import CaptureError

CAPTURE = DEMO / "hdlc-serial.pcapng"


@pytest.fixture
def ends() -> Iterator[tuple[Pipe, int]]:
    """(pipe, descriptor that writes into it)"""
    read, write = os.pipe()
    found = Pipe(read)
    yield found, write
    found.close()


def test_it_is_read_as_often_as_one_likes(ends: tuple[Pipe, int]) -> None:
    found, write = ends
    octets = CAPTURE.read_bytes()
    expected = list(open_source(str(CAPTURE)))
    os.write(write, octets[:5000])
    first = found.open()
    records = iter(first)
    assert next(records) == expected[0]
    second = found.open(parse("0:swap=yes"))
    rest = threading.Thread(target=lambda: (os.write(write, octets[5000:]), os.close(write)))
    rest.start()
    assert [expected[0], *records] == expected
    assert list(second) == expected and second.channels[0].swap
    rest.join()
    assert found.ended.is_set() and first.path == "-" and first.size is None
    for source in (first, second):
        source.close()


def test_its_file_goes_and_is_nobody_elses(ends: tuple[Pipe, int]) -> None:
    found, write = ends
    assert Path(found.path).stat().st_mode & 0o77 == 0
    os.close(write)
    found.close()
    assert not Path(found.path).exists()
    found.close()


def test_an_empty_pipe_and_a_foreign_one(ends: tuple[Pipe, int]) -> None:
    found, write = ends
    os.close(write)
    with pytest.raises(CaptureError, match="-: is empty"):
        found.open()
    read, write = os.pipe()
    other = Pipe(read, "|meter")
    os.write(write, b"PK\3\4 and so on")
    os.close(write)
    with pytest.raises(CaptureError, match=r"\|meter: is a zip archive"):
        other.open()
    other.close()


def test_close_ends_who_waits(ends: tuple[Pipe, int]) -> None:
    found, write = ends
    os.write(write, CAPTURE.read_bytes()[:3000])
    source = found.open()
    reader = threading.Thread(target=lambda: list(source))
    reader.start()
    source.close()
    reader.join()
    os.close(write)


def test_a_full_disk_is_said_after_what_was_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    octets = CAPTURE.read_bytes()
    real, wrote = os.write, []

    def full(fd: int, piece: bytes) -> int:
        if fd == write:
            return real(fd, piece)
        if wrote:
            raise OSError(28, "No space left on device")
        wrote.append(fd)
        return real(fd, piece[:4000])

    monkeypatch.setattr(pipe.os, "write", full)
    found = Pipe(read)
    real(write, octets[:8000])
    os.close(write)
    source = found.open()
    records = []
    with pytest.raises(CaptureError, match="No space left"):
        for record in source:
            records.append(record)  # noqa: PERF402
    assert records
    source.close()
    found.close()
