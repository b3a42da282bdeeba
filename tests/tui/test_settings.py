"""What is remembered, and what becomes of a file that cannot be read."""

from pathlib import Path

import pytest

from dissectors.errors import UsageError
from tui import settings
from tui.settings import Settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "cosemscope"


def test_what_was_saved_is_loaded(folder: Path) -> None:
    assert settings.load() == Settings()
    kept = Settings(theme="high-contrast", keys="vim", recent=["a.pcapng"], columns={"frame": ["no"]})
    settings.save(kept)
    assert settings.load() == kept
    assert [path.name for path in folder.iterdir()] == [settings.FILE]


def test_a_file_that_is_none_is_said(folder: Path) -> None:
    folder.mkdir()
    (folder / settings.FILE).write_text('{"share": "wide"}')
    with pytest.raises(UsageError, match=r"tui.json: .*share.*delete it"):
        settings.load()


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(folder: Path) -> None:
    folder.write_text("a file in its place")
    settings.save(Settings())


def test_a_full_disk_leaves_what_was_there(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.save(Settings(theme="high-contrast"))

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(settings.os, "replace", full)
    settings.save(Settings())
    assert settings.load().theme == "high-contrast"
    assert [path.name for path in folder.iterdir()] == [settings.FILE]


def test_recent_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.pcap").touch()
    kept = Settings()
    for spec in ("a.pcap", "serial:/dev/ttyUSB0?baud=9600", str(tmp_path / "a.pcap")):
        kept.opened(spec)
    assert kept.recent == [str(tmp_path / "a.pcap"), "serial:/dev/ttyUSB0?baud=9600"]
    for n in range(50):
        kept.opened(f"tshark:{n}")
    assert len(kept.recent) == settings.RECENT and kept.recent[0] == "tshark:49"


def test_filters_are_once_and_newest_last() -> None:
    kept = Settings()
    for filter in ("a", "b", "a"):
        kept.filtered(filter)
    assert kept.filters == ["b", "a"]
