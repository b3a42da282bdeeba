"""The named forms of text logs, and the words and arrows by which logs tell who sent.

Formats that a person can name (`hexlog:FILE?format=NAME`) where the text cannot be read by its looks. Each is a
regular expression with the groups time, dir and octets; none of the three is needed in every line.
"""

import re

from dissectors.record import Direction, Value

TO_SERVER, TO_CLIENT = int(Direction.TO_SERVER), int(Direction.TO_CLIENT)
BACK = {TO_SERVER: TO_CLIENT, TO_CLIENT: TO_SERVER}

# what was done, told from the client's side: the log of a reading program, or of a tap between it and the meter
_SENT = "w tx txd send sent sending write written writing wrote out output request req transmit transmitted snd"
_HEARD = "rx rxd recv received receive receiving rcv rcvd read reading in input incoming response resp reply answer r"
ACTIONS: dict[str, int] = {**dict.fromkeys(_SENT.split(), TO_SERVER), **dict.fromkeys(_HEARD.split(), TO_CLIENT)}
ROLES: dict[str, int] = {
    **dict.fromkeys(("client", "c", "host", "master", "hes", "reader", "pc", "hht"), TO_SERVER),
    **dict.fromkeys(("server", "s", "meter", "slave", "device"), TO_CLIENT),
}
ARROWS: dict[str, int] = {
    **dict.fromkeys((">", ">>", ">>>", "->", "-->", "--->", "=>", "==>", "→", "⇒", "»"), TO_SERVER),
    **dict.fromkeys(("<", "<<", "<<<", "<-", "<--", "<---", "<=", "<==", "←", "⇐", "«"), TO_CLIENT),
}
ARROW = r"(?P<arrow>-{0,3}>{1,3}|={1,2}>|<{1,3}-{0,3}|<={1,2}|[→⇒»←⇐«])"
MARK = re.compile(r"(?P<word>(?<![^\W_])[A-Za-z]+(?![^\W_]))|" + ARROW)


def direction(text: str, s_is_send: bool = False) -> int | None:
    """Who sent, by the first word or arrow in a text that tells; None where nothing does.

    An action decides before a role, a role with an arrow is the end of the arrow that it stands at:
    `client <- server` is an answer. s_is_send: the single letter S means send (its partner being R).
    """
    role: int | None = None
    arrow: int | None = None
    for match in MARK.finditer(text):
        word = match["word"]
        if word is not None:
            lower = word.lower()
            if lower == "s" and s_is_send:
                return TO_SERVER
            if lower in ACTIONS:
                return ACTIONS[lower]
            if role is None and arrow is None:
                role = ROLES.get(lower)
        elif arrow is None:
            arrow = ARROWS.get(match["arrow"])
    if role is not None:
        return BACK[role] if arrow == TO_CLIENT else role
    return arrow


class Layout(Value, frozen=True):
    """How to read the lines of a log. None for a pattern: by its looks.

    line: a line with octets. heading: a line whose time and direction hold for the octets after it.
    more: a line that continues the octets of the one before. joined: bare lines of one width are one frame
    until a shorter one; None: by their looks.
    """

    name: str
    line: re.Pattern[str] | None = None
    heading: re.Pattern[str] | None = None
    more: re.Pattern[str] | None = None
    joined: bool | None = None


_TIME = r"(?P<time>(?:\d[\d./-]*[T ]+)?\d{1,2}[:.]\d{2}[:.]\d{2}(?:[.,:]\d+)?(?: ?[AaPp][Mm])?)"
_TIMED = r"(?:" + _TIME + r"\s+)?"
_OCTETS = r"(?P<octets>[0-9A-Fa-f]{2}(?:[ \t]?[0-9A-Fa-f]{2})*)"
_MORE = re.compile(r"\s*" + _OCTETS + r"(?:\s{2,}.*|\s*)")

FORMATS: dict[str, Layout] = {
    layout.name: layout
    for layout in (
        Layout("auto"),
        Layout("lines", joined=False),
        Layout("wrapped", joined=True),
        # GXDLMSDirector: 05:03:11 TX:<tab>7E A0 07 …; older versions put the direction first
        Layout(
            "gurux",
            re.compile(_TIMED + r"(?P<dir>[TR]X):?\s+(?:\d{1,2}:\d{2}:\d{2}(?:\.\d+)?\s+)?" + _OCTETS + r"\s*"),
            more=_MORE,
        ),
        # 20.10.2017 05:03:11.875 [TX] - 7E A0 07 …
        Layout("docklight", re.compile(_TIME + r"\s+\[(?P<dir>[TR]X)\]\s+-\s*" + _OCTETS + r"(?:\s.*)?"), more=_MORE),
        # jpnevulator --timing-print: a line with the time (and the line's name), then octets, with --ascii a column
        Layout("jpnevulator", heading=re.compile(_TIME + r":\s*(?P<dir>.*)"), more=_MORE),
        # > <tab>0x7e (~), one octet a line
        Layout("interceptty", re.compile(_TIMED + r"(?P<dir>[<>])\s+0x(?P<octets>[0-9A-Fa-f]{2})(?:\s.*)?")),
    )
}
