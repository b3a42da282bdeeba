"""A person's own keys: `keys.toml` in the folder of the settings.

    set = "vim"                   # or "plain"; what the program begins with
    [keys]
    "go.frame" = "ctrl+g"         # several are joined by commas
    "view.health" = ""            # no key

Names of commands are those of the `?` help; keys are those that Textual knows ("f5", "ctrl+up", "slash", "/").
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec
from textual.keys import Keys as Named
from textual.keys import _character_to_key as name_of

from dissectors.errors import UsageError
from tui import bindings, settings

FILE = "keys.toml"
MODIFIERS = frozenset({"ctrl", "alt", "shift", "meta", "super", "hyper"})
CHARACTERS = {name_of(character): character for character in map(chr, range(0x21, 0x7F))}  # slash: "/"
NAMES = CHARACTERS.keys() | {name.value.rpartition("+")[2] for name in Named if "<" not in name.value}


class OwnKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says. set "": as it was last."""

    set: Literal["plain", "vim", ""] = ""
    keys: dict[str, str] = {}


def load(path: Path | None = None) -> OwnKeys:
    """A person's keys; none where there is no file. UsageError names file, command and what was expected."""
    path = path or settings.folder() / FILE
    try:
        found = msgspec.toml.decode(path.read_bytes(), type=OwnKeys)
    except FileNotFoundError:
        return OwnKeys()
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    for command, keys in found.keys.items():
        if command not in bindings.BY_ID:
            raise UsageError(f"{path}: keys.{command}: no such command, expected one that ? lists, such as go.frame")
        for key in filter(None, keys.split(",")):
            if not is_key(key.strip()):
                raise UsageError(f"{path}: keys.{command}: {key!r} is no key, expected one such as f5, ctrl+g or /")
    for set_ in bindings.SETS:
        _no_clash(path, bindings.keys(set_, found.keys), found.keys)
    return found


def is_key(key: str) -> bool:
    """Whether a terminal may send a key of that name."""
    *modifiers, last = key.split("+") if key != "+" else [key]
    return MODIFIERS.issuperset(modifiers) and (len(last) == 1 or last in NAMES)


def _no_clash(path: Path, keymap: Mapping[str, str], own: Mapping[str, str]) -> None:
    """UsageError where a key of the person's own means two commands in one place."""
    seen: dict[tuple[str, str], str] = {}
    for command in bindings.COMMANDS:
        for key in keymap[command.id].split(","):
            if key == bindings.NO_KEY:
                continue
            place = (command.where, CHARACTERS.get(key.strip(), key.strip()))
            other = seen.setdefault(place, command.id)
            if other != command.id and (other in own or command.id in own):
                raise UsageError(
                    f'{path}: {key} is {other} and {command.id}, expected another key for one of them (or "")'
                )
