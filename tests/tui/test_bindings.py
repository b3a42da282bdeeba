"""The table of commands: every command has its method, no key means two things in one place."""

from importlib import import_module

import pytest

from dissectors.errors import UsageError
from tui import bindings
from tui.bindings import BY_ID, COMMANDS

# where a command works -> the class that has its method
CLASSES = {
    "app": "tui.app:CosemscopeApp",
    "capture": "tui.capture_screen:CaptureScreen",
    "list": "tui.row_list:RowList",
    "tree": "tui.tree_view:TreeView",
    "octets": "tui.hex_view:HexView",
    "buffers": "tui.octets_pane:OctetsPane",
    "line": "tui.line_view:LineView",
    "objects": "tui.objects_view:ObjectsView",
}

# a pane's own meaning of a key goes before the screen's
FIRST = {("tree", "space"), ("filter", "escape"), ("exchanges", "r")}


def test_every_command_has_its_method() -> None:
    missing = []
    for command in COMMANDS:
        if command.where not in CLASSES:
            continue
        module, _, name = CLASSES[command.where].partition(":")
        class_ = getattr(import_module(module), name)
        if command.id.startswith("view."):
            continue
        if not callable(getattr(class_, f"action_{command.action.partition('(')[0]}", None)):
            missing.append(command.id)
    assert missing == []


@pytest.mark.parametrize("set_", bindings.SETS)
def test_no_key_means_two_things(set_: str) -> None:
    """A pane, the screen of a capture and the program all hear the keys."""
    seen: dict[tuple[str, str], str] = {}
    for command in COMMANDS:
        for key in filter(None, command.keys(set_).split(",")):
            screen = "start" if command.where == "start" else "capture"
            for place in ("app", screen, command.where):
                assert (place, key) not in seen or (command.where, key) in FIRST, (set_, key, command.id, seen)
            seen[command.where, key] = command.id


def test_ids_are_once_and_words_are_there() -> None:
    assert len(BY_ID) == len(COMMANDS)
    assert all(c.title and c.group and c.where for c in COMMANDS)


def test_keymaps() -> None:
    assert bindings.keys("plain")["list.down"] == "down"
    assert bindings.keys("vim")["list.down"] == "down,j"
    assert bindings.keys("vim")["view.timing"] == "5"
    assert bindings.keys("plain", {"list.down": "s"})["list.down"] == "s"
    assert bindings.keymap("plain") == {}  # each entry costs time at each key
    assert bindings.keymap("plain", {"list.down": "s"}) == {"list.down": "s"}
    vim = bindings.keymap("vim")
    assert vim["list.down"] == "down,j" and "view.timing" not in vim
    with pytest.raises(UsageError, match="expected plain or vim"):
        bindings.keys("emacs")
    with pytest.raises(UsageError, match="no command"):
        bindings.keys("plain", {"list.sideways": "s"})


def test_keys_as_a_person_reads_them() -> None:
    assert bindings.shown("question_mark,f1") == "? F1"
    assert bindings.shown("ctrl+p,alt+left") == "Ctrl-P Alt-←"
    assert bindings.shown("pagedown,G") == "PgDn G"
