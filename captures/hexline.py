"""One line of a text log: its time, its direction mark and its octets, recognised by their looks.

    [time] [mark] [words] OCTETS [text column or comment]

in any order of the first three. Octets are pairs of digits with or without 0x, commas, colons, dashes, or words
of any even length; an offset before them (xxd, hexdump -C, Wireshark, tcpdump -x) is recognised by its value.
All loops are bounded by the length of the line.
"""

import re

from captures import logtime
from captures.logformats import ARROW, direction
from captures.logtime import Moment
from dissectors.record import Value

_TOKEN = re.compile(r"(?:0[xX]|\\x|\$)?([0-9A-Fa-f]+)[hH]?(?![\w])|(?:\\x)([0-9A-Fa-f]{2})(?=\\x)")
_SEPARATOR = re.compile(r"[ \t\u00a0]*[,:;_-]?[ \t\u00a0]*")
_COMMENT = re.compile(r"(?:^|(?<=\s))(?:#|//|;|--(?=\s)|%|REM\b)")
_OFFSET = re.compile(r"(?:0x)?([0-9A-Fa-f]{4,16})(:?)([ \t]+|(?<=:))(?=[0-9A-Fa-f]{2})")
_PAIRS = re.compile(r"[0-9A-Fa-f]{2}(?![0-9A-Fa-f])")
_AFTER_TEXT = re.compile(r"[:=>\])|\t\"'{←→«»]+[ \t]*|[ \t]-[ \t]+|[ \t]+(?=[0-9A-Fa-f]{2}[ \t])")
_LEADING = " \t-:=|,;[](){}\"'"
_SUFFIX = re.compile(r"[^0-9A-Za-z]*(?:\([^()]*\)\s*|\[[^][]*\]\s*)?")
_PLACES = 16  # places in the words before the octets that are tried

FEW_OCTETS = 4  # fewer after a time and words could be a number
MANY_OCTETS = 8  # fewer after words alone could be a number


class Line(Value, frozen=True):
    """What a line holds. octets b"" with a time or a direction: a heading for the lines after it.

    offset: of a dump line, else -1. odd: a digit had no partner. pairs: the octets were written one by one.
    """

    octets: bytes = b""
    moment: Moment | None = None
    direction: int | None = None
    offset: int = -1
    odd: bool = False
    date: tuple[int, int, int] | None = None


def read(text: str, expected: int = -1, s_is_send: bool = False) -> Line | None:
    """What the line says; None for an empty line, a comment, or one without octets, time or mark.

    expected: the offset that a dump line would have to continue the one before, -1 without.
    """
    comment = _COMMENT.match(text)
    if comment:
        return _heading(text[comment.end() :].strip(), s_is_send)
    moment, at, before = _time(text)
    if before is None and moment is None:
        date = logtime.date_alone(text.strip(" \t[]-=*"))
        if date:
            return Line(date=date)
    rest = text[at:]
    start = len(rest) - len(rest.lstrip(_LEADING))
    bare = moment is None and not before
    found = _dump(text.strip(), expected) if bare else None
    if found:
        return found
    hexed = digits(rest, start)
    if hexed and (bare or len(hexed[0]) > 0):
        octets, odd = hexed
        mark = direction(before, s_is_send) if before else None
        return Line(octets, moment, mark, odd=odd)
    return _after_words(rest, moment, before or "", s_is_send)


def digits(text: str, at: int = 0, strict: bool = False) -> tuple[bytes, bool] | None:
    """Octets from this place to the end of the line or to its text column or comment; None where words come in.

    strict: no odd digits, as after words. The flag tells that a digit had no partner.
    """
    tokens: list[str] = []
    count, end, last, single = 0, at, at, False
    while True:
        match = _TOKEN.match(text, end)
        if match is None:
            break
        token = match[1] or match[2]
        tokens.append(token)
        count += (len(token) + 1) // 2
        single |= len(token) == 1
        after = last = match.end()
        gap = _SEPARATOR.match(text, after)
        end = after if gap is None else gap.end()
        if gap is not None and ";" in gap[0] and gap[0][0].isspace():
            end = len(text)  # a comment
            break
        if gap is not None and _column(text, after, end, count):
            end = len(text)
            break
    if not tokens:
        return None
    tail = text[last:] if end < len(text) else ""
    if tail and not _SUFFIX.fullmatch(tail):
        words = tail.lstrip()
        column = len(tail) - len(words) >= 2 or tail[0] == "\t" or words[0] == "|"
        if not column and not (tail[0].isspace() and _COMMENT.match(words)):
            return None
    odd = any(len(token) & 1 for token in tokens)
    if odd:
        if strict or (single and (len(tokens) < 3 or all(len(token) == 1 for token in tokens))):
            return None
        short = max(len(token) for token in tokens) <= 2  # leading zeros were left out
        tokens = ["0" + token if len(token) & 1 and short else token[: len(token) & -2] for token in tokens]
    octets = bytes.fromhex("".join(tokens))
    return (octets, odd) if octets else None


def _column(text: str, after: int, end: int, count: int) -> bool:
    """Whether what follows a wide gap is the text column of so many octets, though it may look like digits."""
    gap = text[after:end]
    if len(gap) < 2 or gap.strip():
        return False
    rest = text[end:].rstrip("\r\n")
    return len(rest) == count and (len(gap) > 2 or not _PAIRS.match(rest) or count % 8 != 0)


def _time(text: str) -> tuple[Moment | None, int, str | None]:
    """The time at the start of a line or after one mark, the place after it, and the mark with what surrounds it."""
    start = len(text) - len(text.lstrip(_LEADING))
    found = logtime.at_start(text, start)
    if found:
        at = found[1]
        return found[0], *_mark(text, at, text[:start])
    at, before = _mark(text, start, text[:start])
    if before is None:
        return None, start, None
    inner = at + len(text[at:]) - len(text[at:].lstrip(_LEADING))
    found = logtime.at_start(text, inner)
    return (found[0], found[1], before) if found else (None, at, before)


_MARK_HERE = re.compile(r"[\s\-:=|,;\[\](){}\"']*(?:([A-Za-z]{1,12})(?![\w])|" + ARROW + ")")


def _mark(text: str, at: int, before: str) -> tuple[int, str | None]:
    """The place after the marks that begin here (words that could be octets are none), and their text."""
    begin, end = at, at
    for _ in range(4):
        match = _MARK_HERE.match(text, end)
        if match is None or (match[1] and direction(match[1]) is None):
            break
        end = match.end()
    return (end, before + text[begin:end]) if end > begin else (at, None)


def _dump(text: str, expected: int) -> Line | None:
    """A line of a dump: an offset that begins or continues one, and pairs (or after a colon words) of digits."""
    if expected > 0 and re.fullmatch(r"[0-9A-Fa-f]{4,16}", text) and int(text, 16) == expected:
        return Line()  # the last line of a dump: how long it was
    match = _OFFSET.match(text)
    if match is None:
        return None
    value = int(match[1], 16)
    colon, gap = match[2], match[3]
    further = value % 8 == 0 and (colon or (0 <= expected < value and len(gap) > 1))
    if value not in (0, expected) and not further:
        return None
    begin = match.end()
    if not colon and not (_PAIRS.match(text, begin) and (len(gap) > 1 or len(match[1]) >= 4)):
        return None
    body = text[begin:].split("|")[0].rstrip() if "|" in text[begin:] else text[begin:]
    if colon or "|" not in text:
        body = _without_column(body, words=bool(colon))
    found = digits(body)
    return Line(found[0], offset=value, odd=found[1]) if found else None


def _without_column(body: str, words: bool) -> str:
    """The digits of a dump line without its text column, which begins after a wide gap.

    A gap of two spaces after eight octets is the middle of the line, unless the line is made of words (xxd).
    """
    for match in re.finditer(r"[ \t]{2,}", body):
        count = sum(c not in " \t" for c in body[: match.start()]) // 2
        middle = len(match[0]) == 2 and count == 8 and not words and _PAIRS.match(body, match.end())
        if not middle:
            return body[: match.start()]
    return body


def _after_words(rest: str, moment: Moment | None, before: str, s_is_send: bool) -> Line | None:
    """Octets after words: taken only where a mark or a time stands with them, or where they are many."""
    mark = direction(before, s_is_send) if before else None
    for number, match in enumerate(_AFTER_TEXT.finditer(rest)):
        if number == _PLACES:
            break
        found = digits(rest, match.end(), strict=True)
        if not found:
            continue
        told = mark if mark is not None else direction(rest[: match.end()], s_is_send)
        when = moment or logtime.anywhere(rest[: match.start()])
        octets = found[0]
        enough = 1 if told is not None else FEW_OCTETS if when else MANY_OCTETS
        if len(octets) >= enough or octets[:1] == b"\x7e":
            return Line(octets, when, told)
    if moment is not None or mark is not None:
        return _heading_with(moment, mark if mark is not None else direction(rest, s_is_send), rest)
    return None


def _heading_with(moment: Moment | None, mark: int | None, rest: str) -> Line | None:
    """A line of a time alone, or a mark alone, or both; a mark with other words is a remark of the log."""
    if moment is None and rest.strip(_LEADING):
        return None
    return Line(moment=moment, direction=mark)


def _heading(text: str, s_is_send: bool) -> Line | None:
    """A comment that is nothing but a time or a mark."""
    moment, at, before = _time(text)
    if text[at:].strip(_LEADING) or (moment is None and not before):
        return None
    return Line(moment=moment, direction=direction(before, s_is_send) if before else None)
