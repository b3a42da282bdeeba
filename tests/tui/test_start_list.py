"""What the start screen offers: sections, what looks like a capture, folders."""

import os
from pathlib import Path

import pytest

from captures.source import open_source
from tui import start_list
from tui.start_list import Entry


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for n, name in enumerate(("old.pcap", "a.pcapng", "log.TXT", "trace.csv", "not.py")):
        (tmp_path / name).write_text("x" * 1500)
        os.utime(tmp_path / name, (1_700_000_000 + n * 60, 1_700_000_000 + n * 60))
    for name in ("b", "a", ".hidden"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_demos_are_there_and_open() -> None:
    assert [entry.text for entry in start_list.demos()] == list(start_list.DEMOS)
    for entry in start_list.demos():
        open_source(entry.target).close()


def test_captures_newest_first(folder: Path) -> None:
    found = start_list.files(folder)
    assert [entry.text for entry in found] == ["trace.csv", "log.TXT", "a.pcapng", "old.pcap"]
    assert found[0].about.endswith("1.5 kB") and found[0].target == str(folder / "trace.csv")


def test_folders_by_name(folder: Path) -> None:
    assert [entry.text for entry in start_list.folders(folder)] == ["../", "a/", "b/", ".hidden/"]
    assert start_list.folders(Path("/"))[0].text != "../"
    page = start_list.folder_page(folder)
    assert [entry.kind for entry in page] == ["", "folder"] + ["file"] * 4 + ["folder"] * 3


def test_sections_of_the_first_page(folder: Path) -> None:
    live = [Entry("serial", "/dev/ttyUSB0", "", "/dev/ttyUSB0"), Entry("interface", "eth0", "", "eth0")]
    page = start_list.first_page([str(folder / "old.pcap"), "/gone.pcap", "ip:eth0"], folder, live)
    assert [entry.text for entry in page if not entry.kind] == [
        "Captures to learn with", "Opened lately", f"Files in {folder}", "Serial ports", "Network interfaces",
    ]  # fmt: skip
    assert [entry.target for entry in page if entry.kind == "recent"] == [str(folder / "old.pcap"), "ip:eth0"]
    assert [entry.about for entry in page if entry.kind == "browse"] == ["4 captures here"]
    assert all(entry.kind in start_list.HELP for entry in page)
    for n in range(20):
        (folder / f"{n}.pcap").touch()
    assert sum(entry.kind == "file" for entry in start_list.first_page([], folder, [])) == start_list.NEWEST


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        start_list.folder_page(tmp_path / "gone")
    assert [entry.kind for entry in start_list.first_page([], tmp_path / "gone", [])][-1] == "browse"


def test_what_is_said_fits_a_small_screen() -> None:
    assert all(len(text) <= 78 for text in start_list.HELP.values())


def test_interfaces_and_ports() -> None:
    assert any(entry.target == "lo" for entry in start_list.network_interfaces()) or os.name != "posix"
    assert all(entry.kind == "serial" for entry in start_list.serial_ports())
