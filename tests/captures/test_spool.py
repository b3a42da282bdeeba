"""Where a recording is written: whole blocks, rings of files, and disks that are full."""

import os
import subprocess
from pathlib import Path

import pytest

from captures.spool import RESERVE_OCTETS, Ring, Spool
from dissectors.errors import CaptureError

NS = 1_764_000_000_000_000_000


def test_one_file(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path / "a.pcapng"))
    spool.next_file(NS)
    spool.write(b"block")
    assert (tmp_path / "a.pcapng").read_bytes() == b""
    spool.flush()
    assert (tmp_path / "a.pcapng").read_bytes() == b"block"
    assert spool.free_octets()
    assert os.path.getsize(spool.path + ".reserve") == RESERVE_OCTETS
    assert not spool.full(NS * 2)
    spool.close()
    assert [path.name for path in tmp_path.iterdir()] == ["a.pcapng"]


def test_ring_by_size_keeps_so_many_files(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path / "night.pcapng"), Ring(octets=10, files=3))
    for k in range(8):
        if k == 0 or spool.full(NS):
            spool.next_file(NS + k * 1_000_000_000)
        spool.write(b"0123456789")
        spool.flush()
    spool.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [name[:12] for name in names] == ["night_00006_", "night_00007_", "night_00008_"]
    assert all(len(name) == len("night_00006_20251124161331.pcapng") for name in names)


def test_ring_by_time(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path / "a.pcapng"), Ring(seconds=60))
    spool.next_file(NS)
    assert not spool.full(NS + 59_999_000_000)
    assert spool.full(NS + 60_000_000_000)
    spool.close()


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be written"):
        Spool(str(tmp_path / "no" / "a.pcapng")).next_file(NS)


def test_a_pipe_has_no_room_to_tell(tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE) as cat:
        spool = Spool(str(path))
        spool.next_file(NS)
        spool.write(b"block")
        spool.flush()
        assert spool.free_octets() is None
        assert not spool.rescue()
        spool.close()
        assert cat.stdout is not None and cat.stdout.read() == b"block"


def test_a_full_disk_leaves_whole_blocks_and_room_for_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(str(tmp_path / "a.pcapng"))
    spool.next_file(NS)
    spool.write(b"first")
    spool.flush()
    whole = os.write
    state = {"full": True}

    def write(fd: int, octets: bytes) -> int:
        if not state["full"]:
            return whole(fd, octets)
        whole(fd, octets[:2])  # a part fits
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", write)
    spool.write(b"second")
    with pytest.raises(CaptureError, match="No space left on device"):
        spool.flush()
    assert (tmp_path / "a.pcapng").read_bytes() == b"first"
    state["full"] = False
    assert spool.rescue()
    assert (tmp_path / "a.pcapng").read_bytes() == b"firstsecond"
    assert not (tmp_path / "a.pcapng.reserve").exists()
    spool.close()


def test_no_rescue_where_even_the_reserve_does_not_help(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(str(tmp_path / "a.pcapng"))
    spool.next_file(NS)
    spool.write(b"first")

    def write(fd: int, octets: bytes) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(CaptureError):
        spool.flush()
    assert not spool.rescue()
    spool.close()
