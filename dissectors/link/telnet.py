"""Telnet in front of a serial line (RFC 854; RFC 2217 serial port control).

Many serial-to-Ethernet gateways wrap the line in telnet: commands start with IAC (FF), and an FF
of the line is doubled. Others send the raw line, where FF is an octet like any other: so octets
are taken out only once a negotiation was seen (`negotiates`).
"""

from typing import Final

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
COMMANDS: Final = frozenset(range(SE, SB))  # two octets: SE, NOP, DM, BRK, IP, AO, AYT, EC, EL, GA
NEGOTIATIONS: Final = frozenset({WILL, WONT, DO, DONT})
COM_PORT: Final = 44  # RFC 2217
# options that gateways and terminal servers negotiate: binary, echo, suppress go ahead, status,
# timing mark, terminal type, window size, terminal speed, flow control, line mode, environment, com port
OPTIONS: Final = frozenset({0, 1, 3, 5, 6, 24, 31, 32, 33, 34, 36, 39, COM_PORT})
LOOK: Final = 64  # a gateway negotiates first: no search behind these octets

_DATA, _COMMAND, _OPTION, _SUB, _SUB_COMMAND = range(5)


def negotiates(octets: bytes) -> bool:
    """True when a whole IAC negotiation of a known option stands at the start, or behind at most LOOK octets
    of text (a login prompt)."""
    at = octets.find(b"\xff", 0, LOOK)
    if at < 0 or len(octets) < at + 3 or any(octet > 126 for octet in octets[:at]):
        return False
    command, option = octets[at + 1], octets[at + 2]
    return (command in NEGOTIATIONS or command == SB) and option in OPTIONS


class Telnet:
    """One direction of a telnet stream; keeps the state of an IAC sequence that is split over chunks."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = _DATA

    def feed(self, octets: bytes) -> tuple[bytes, bytes]:
        """(octets of the line, octets taken out). Together they are, in number, the octets fed; the second
        FF of a doubled one is the line's."""
        if self._state == _DATA and IAC not in octets:
            return octets, b""
        line = bytearray()
        out = bytearray()
        at, size = 0, len(octets)
        while at < size:
            state = self._state
            if state in (_DATA, _SUB):
                to = octets.find(b"\xff", at)
                stop = size if to < 0 else to
                (line if state == _DATA else out).extend(octets[at:stop])
                at = stop
                if at < size:
                    out.append(IAC)
                    at += 1
                    self._state = _COMMAND if state == _DATA else _SUB_COMMAND
                continue
            octet = octets[at]
            at += 1
            if state == _COMMAND and octet not in NEGOTIATIONS and octet != SB:
                # a doubled FF, or FF and an octet that is no command: both belong to the line then
                (out if octet in COMMANDS else line).append(octet)
                self._state = _DATA
                continue
            out.append(octet)
            if state == _COMMAND:
                self._state = _SUB if octet == SB else _OPTION
            elif state == _OPTION or octet == SE:
                self._state = _DATA
            else:
                self._state = _SUB
        return bytes(line), bytes(out)

    def reset(self) -> None:
        """Octets of the stream are missing here: an IAC sequence at hand is given up."""
        self._state = _DATA
