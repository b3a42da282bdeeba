"""profiles list | show | check | doc | new | diff."""

from pathlib import Path

import pytest
from cli_run import run
from scripts import edited_text

from dissectors import profile

NAMES = [p.name for p in profile.builtin().values()]


def test_list() -> None:
    lines = run("profiles", "list").lines
    assert [line.split()[0] for line in lines] == NAMES


@pytest.mark.parametrize("action", ["show", "doc"])
@pytest.mark.parametrize("name", NAMES)
def test_show_and_doc(action: str, name: str) -> None:
    ran = run("profiles", action, name)
    assert ran.code == 0 and name in ran.text and ran.err == ""


def test_check_all() -> None:
    ran = run("profiles", "check", "--all")
    assert ran.code == 0, ran.text
    assert [line.partition(":")[0] for line in ran.lines] == NAMES
    assert all(": ok, " in line and "example steps run" in line for line in ran.lines)


def test_check_wants_a_name() -> None:
    ran = run("profiles", "check")
    assert (ran.code, ran.out) == (2, b"") and "expected FILE or --all" in ran.err


def test_check_of_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(edited_text("hdlc", ('name = "hdlc"', 'nane = "hdlc"')), encoding="utf-8")
    ran = run("profiles", "check", path)
    assert ran.code == 2 and str(path) in ran.err and "nane" in ran.err and ran.err.count("\n") == 1
    path.write_text("[profile\n", encoding="utf-8")
    assert run("profiles", "check", path).code == 2
    assert run("profiles", "check", tmp_path / "none.toml").code == 2


def test_new_is_a_copy_that_checks(tmp_path: Path) -> None:
    ran = run("profiles", "new", "mine", "--from", "tcp-udp-ip")
    assert ran.code == 0
    path = tmp_path / "mine.toml"
    path.write_bytes(ran.out)
    assert profile.find(str(path)).name == "mine"
    checked = run("profiles", "check", path)
    assert checked.code == 0 and checked.text.startswith("mine: ok")


def test_diff() -> None:
    assert run("profiles", "diff", "hdlc", "hdlc").lines == ["no difference"]
    ran = run("profiles", "diff", "hdlc", "tcp-udp-ip")
    assert ran.code == 0 and len(ran.lines) > 3
    assert run("profiles", "diff", "hdlc", "none").code == 2
