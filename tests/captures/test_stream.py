"""Octets of files, pipes and gzips: chunks joined are the octets, in any sizes."""

import gzip
import os
import threading

import pytest

from captures.stream import CHUNK, OctetStream
from dissectors.errors import CaptureError

OCTETS = os.urandom(1000) * 2500  # more than two chunks


def joined(path, **options) -> tuple[bytes, OctetStream]:
    stream = OctetStream(str(path), **options)
    octets = b"".join(stream.chunks())
    stream.close()
    return octets, stream


def test_a_file_and_its_gzip(tmp_path):
    (tmp_path / "x").write_bytes(OCTETS)
    octets, stream = joined(tmp_path / "x")
    assert octets == OCTETS and stream.octets_read == stream.size == len(OCTETS)
    (tmp_path / "y").write_bytes(gzip.compress(OCTETS, 1))
    octets, stream = joined(tmp_path / "y")
    assert octets == OCTETS and stream.cut is None
    assert stream.octets_read == stream.size < len(OCTETS)


def test_head_takes_nothing(tmp_path):
    (tmp_path / "x").write_bytes(OCTETS[:100])
    stream = OctetStream(str(tmp_path / "x"))
    assert stream.head(4) == OCTETS[:4] and stream.head(50) == OCTETS[:50] and stream.head(5000) == OCTETS[:100]
    assert b"".join(stream.chunks()) == OCTETS[:100]
    stream.close()


def test_a_gzip_bomb_comes_in_bounded_pieces(tmp_path):
    (tmp_path / "x").write_bytes(gzip.compress(bytes(64 << 20)))
    stream = OctetStream(str(tmp_path / "x"))
    sizes = [len(piece) for piece in stream.chunks()]
    assert sum(sizes) == 64 << 20 and max(sizes) <= CHUNK
    stream.close()


@pytest.mark.parametrize("at", [12, 300, -20])
def test_a_damaged_gzip_gives_what_came_before(at, tmp_path):
    packed = bytearray(gzip.compress(OCTETS[:5000]))
    packed[at] ^= 0x55
    (tmp_path / "x").write_bytes(packed)
    octets, stream = joined(tmp_path / "x")
    assert stream.cut is not None and "gzip" in stream.cut
    assert len(octets) <= 6000


def test_a_pipe(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(OCTETS))
    writer.start()
    octets, stream = joined(path)
    writer.join()
    assert octets == OCTETS and stream.size is None


def test_follow_pauses_with_an_empty_piece(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    stream = OctetStream(str(tmp_path / "x"), follow=True)
    pieces = stream.chunks()
    assert next(pieces) == b"abc" and next(pieces) == b""
    with (tmp_path / "x").open("ab") as file:
        file.write(b"def")
    assert next(piece for piece in pieces if piece) == b"def"
    stream.close()
    assert list(pieces) == []


def test_a_descriptor_of_a_child(tmp_path):
    read_end, write_end = os.pipe()
    os.write(write_end, b"hello")
    os.close(write_end)
    assert joined("child", fd=read_end)[0] == b"hello"


def test_stdin_that_is_closed(monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(CaptureError, match="no stdin"):
        OctetStream("-")
