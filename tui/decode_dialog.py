"""Dialogs of decoding again: a key that nobody sees, a profile."""

import os
import re
from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from analyzer import keys
from dissectors import profile
from dissectors.errors import UsageError
from tui.choice_dialog import ChoiceDialog
from tui.line_dialog import LineDialog

HEX_KEY = re.compile(r"[0-9A-Fa-f]{12,}")  # what must not be taken for a file name, and shown as one
HINT = (
    "A system title and its keys in hexadecimal, TITLE:EK or TITLE:EK:AK (a key alone is tried for every title), "
    "or the path of a key file (TOML). It is kept until the program ends, and written nowhere."
)
BESIDE_HINT = "There is a key file beside this capture: {}"
FILE = "\n"  # no profile is called so


class KeyDialog(LineDialog):
    """Gives the options that the key adds: "key" or "keys" and a value, joined by "="; see `changes`."""

    def __init__(self, spec: str) -> None:
        """spec: the capture, beside which there may be a key file."""
        super().__init__("Add a key, and decode again", check=changes)
        self.hint = HINT
        beside = os.path.join(os.path.dirname(os.path.abspath(spec)), "keys.toml")
        if os.path.isfile(beside):
            self.hint += "\n" + BESIDE_HINT.format(beside)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self.heading, markup=False)
            yield Static(self.hint, markup=False)
            yield Input(id="line", password=True, placeholder="masked while you type")
            yield Static("", markup=False, id="trouble")


def changes(text: str) -> tuple[str, str]:
    """(option, value) of a key as typed: ("keys", path) or ("key", "TITLE:EK"). UsageError: neither; it never says
    what was typed where that may be a key."""
    text = text.strip()
    if not text:
        raise UsageError("expected TITLE:EK, TITLE:EK:AK, or the path of a key file")
    if os.path.isfile(os.path.expanduser(text)):
        path = os.path.expanduser(text)
        keys.load(path)
        return "keys", path
    if HEX_KEY.search(text) or text.count(":") in (1, 2):
        argument = text if ":" in text else f":{text}"
        keys.parse(argument)
        return "key", argument
    raise UsageError("no such file, and no key: expected TITLE:EK, TITLE:EK:AK, or the path of a key file")


def profile_dialog(now: list[str] | None) -> ChoiceDialog[str]:
    """Gives the name of a profile, "auto", or FILE for one of a person's own."""
    found = [("a", "auto: recognise it", "auto")]
    found += [("", f"{name}: {each.title}", name) for name, each in profile.builtin().items()]
    found += [("f", "a file of your own …", FILE)]
    names = [value for _, _, value in found]
    at = names.index(now[0]) if now and now[0] in names else 0
    return ChoiceDialog("Decode again as", found, at)


def file_dialog() -> LineDialog:
    """Asks for a descriptor's path."""
    check: Callable[[str], object] = lambda path: profile.find(os.path.expanduser(path))  # noqa: E731
    return LineDialog("Path of a profile descriptor (TOML)", check=check)
