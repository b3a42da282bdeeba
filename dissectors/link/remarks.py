"""What a recorder writes beside the octets, as a comment of a record: markers, clock steps, losses.

    marker NAME            marker NAME: text       a key, or an edge on a modem-control input (power-on, button, …)
    clock step +3600.000000 s                      the recorder's clock was set, by so much
    loss: N octets …                               so many octets were not recorded

Each is a line of its own; lines of other forms are remarks for people.
"""

import re
from typing import Final

_MARKER: Final = re.compile(r"^marker ([A-Za-z0-9][A-Za-z0-9_.+-]{0,63})(?:: ?(.*))?$", re.MULTILINE)
_STEP: Final = re.compile(r"^clock step ([+-]\d{1,12}(?:\.\d{1,9})?) s\b", re.MULTILINE)
_LOSS: Final = re.compile(r"^loss: (\d{1,12}) octets?\b", re.MULTILINE)


def marker(comment: str) -> tuple[str, str] | None:
    """Name and text of a marker, None where the comment is none."""
    found = _MARKER.search(comment)
    return None if found is None else (found[1], (found[2] or "").strip())


def clock_step(comment: str) -> str | None:
    """By how many seconds the clock was set, as written with its sign; None where it was not."""
    found = _STEP.search(comment)
    return None if found is None else found[1]


def lost(comment: str) -> int:
    """How many octets were lost, 0 where the comment does not say."""
    found = _LOSS.search(comment)
    return 0 if found is None else int(found[1])
