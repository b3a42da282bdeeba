"""A file is there whole, or not at all."""

from pathlib import Path

import pytest

from captures.atomic import written
from dissectors.errors import UsageError


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with written(path) as file:
        file.write(b"x")
        assert not path.exists()
    assert path.read_bytes() == b"x" and list(tmp_path.iterdir()) == [path]


def test_nothing_stays_of_a_failure(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ours"), written(tmp_path / "a") as file:
        file.write(b"x")
        raise ValueError("ours")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten_unless_wished(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(UsageError, match="exists already"), written(path):
        pass
    with written(path, overwrite=True) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"), written(tmp_path / "none" / "a"):
        pass
    with pytest.raises(UsageError, match="directory"), written(tmp_path, overwrite=True):
        pass
