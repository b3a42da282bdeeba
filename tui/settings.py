"""What the program remembers of a person: layout, columns, time format, keys, theme, recent files, filters.

One JSON file in the user's configuration folder (XDG_CONFIG_HOME, else ~/.config), written atomically.
A file that cannot be read is said, and left alone.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec

from dissectors.errors import UsageError

RECENT = 12
HISTORY = 100
FILE = "tui.json"


class Settings(msgspec.Struct):
    """All that is remembered. columns: by level. keys: "plain" or "vim". layout, share, time: of the packet view."""

    theme: str = "textual-dark"
    keys: str = "plain"
    layout: str = "bottom"
    share: int = 50
    time: str = "absolute"
    raw: bool = False
    level: str = "frame"
    columns: dict[str, list[str]] = {}
    recent: list[str] = []
    filters: list[str] = []  # history, newest last
    bookmarks: dict[str, str] = {}  # name -> filter
    searches: list[str] = []
    autopsy_first: bool = True  # a capture in which something failed opens with the autopsy

    def opened(self, spec: str) -> None:
        """A source was opened: it is the first of the recent ones; a file by its whole path."""
        if os.path.exists(spec):
            spec = os.path.abspath(spec)
        self.recent = [spec, *(other for other in self.recent if other != spec)][:RECENT]

    def filtered(self, filter: str) -> None:
        """A filter was used: it is the last of the history."""
        self.filters = [*(other for other in self.filters if other != filter), filter][-HISTORY:]


def folder() -> Path:
    """Where a person's files of the program are."""
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return Path(base) / "cosemscope"


def load() -> Settings:
    """What was remembered; the defaults where there is nothing. UsageError: a file that cannot be read."""
    path = folder() / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settings)
    except FileNotFoundError:
        return Settings()
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"{path}: {error}; expected what cosemscope wrote there (delete it to start anew)") from None


def save(settings: Settings) -> None:
    """Writes it; a folder that cannot be written is no reason to stop."""
    path = folder() / FILE
    written = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=FILE, delete=False) as file:
            written = file.name
            file.write(msgspec.json.format(msgspec.json.encode(settings), indent=1))
        os.replace(written, path)
    except OSError:
        if written:
            with suppress(OSError):
                os.unlink(written)
