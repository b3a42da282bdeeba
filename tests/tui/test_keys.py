"""A person's own key file: read, checked, said in one line."""

from pathlib import Path

import pytest

from dissectors.errors import UsageError
from tui import bindings, keys


def load(tmp_path: Path, text: str) -> keys.OwnKeys:
    path = tmp_path / "keys.toml"
    path.write_text(text)
    return keys.load(path)


def test_no_file_no_keys(tmp_path: Path) -> None:
    assert keys.load(tmp_path / "none.toml") == keys.OwnKeys()


def test_keys_of_a_person(tmp_path: Path) -> None:
    found = load(tmp_path, 'set = "vim"\n[keys]\n"go.frame" = "ctrl+j,f6"\n"view.health" = ""\n"app.keys" = "f8"\n')
    keymap = bindings.keys(found.set, found.keys)
    assert (keymap["go.frame"], keymap["view.health"], keymap["app.keys"]) == ("ctrl+j,f6", bindings.NO_KEY, "f8")
    assert keymap["list.down"] == "down,j"
    assert bindings.shown(keymap["view.health"]) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("set = 'emacs'", "set"),
        ("[keys", "keys.toml: "),
        ("colour = 1", "unknown field `colour`"),
        ('[keys]\n"go.nowhere" = "f6"', "keys.go.nowhere: no such command"),
        ('[keys]\n"go.frame" = "f6,cntrl+x"', "keys.go.frame: 'cntrl+x' is no key, expected one such as"),
        ('[keys]\n"go.frame" = "pagesideways"', "is no key"),
        ('[keys]\n"go.frame" = "m"', "m is go.frame and mark.toggle"),
        ('[keys]\n"go.frame" = "/"', "/ is filter.edit and go.frame, expected another key"),
        ('[keys]\n"list.top" = "j"', "j is list.down and list.top"),
    ],
)
def test_what_cannot_be_is_said(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    line = str(caught.value)
    assert said in line and "keys.toml" in line and "\n" not in line


def test_names_of_keys() -> None:
    for name in (
        "f5",
        "ctrl+g",
        "ctrl+up",
        "shift+f1",
        "slash",
        "/",
        "?",
        "+",
        "ctrl+plus",
        "Ä",
        "escape",
        "space",
        "alt+left",
    ):
        assert keys.is_key(name), name
    for name in ("", "ctrl+", "control+g", "page", "none"):
        assert not keys.is_key(name), name
