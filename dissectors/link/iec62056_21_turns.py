"""Who sends the messages of an IEC 62056-21 dialogue, where the line itself does not tell (6.4).

A request is the client's and an identification the server's. ACK, NAK and the option select have the same shape from
both sides: in mode E the device repeats the option select at the new rate, and acknowledgements come from whoever did
not speak last.
"""

from dissectors.link.iec62056_21 import DOWN, UNKNOWN, UP, Iec21


class Turns:
    """The dialogue of one line."""

    def __init__(self) -> None:
        self._last = UNKNOWN  # direction of the message before
        self._selected: tuple[str, str, str] | None = None  # the client's option select, until something else comes

    def follow(self, value: Iec21, heard: int = UNKNOWN) -> int:
        """The direction of the next message; heard: what the capture knows of it, which goes first."""
        direction = value.direction if heard == UNKNOWN else heard
        select = (value.protocol, value.baud, value.option) if value.kind == "option-select" else None
        if heard == UNKNOWN:
            if select is not None and select == self._selected:
                direction = DOWN
            elif direction == UNKNOWN and self._last != UNKNOWN:
                direction = 1 - self._last
        self._selected = select if direction == UP else None
        self._last = direction
        return direction

    def forget(self) -> None:
        """Something else was on the line: who has the turn is not known."""
        self._last = UNKNOWN
        self._selected = None
