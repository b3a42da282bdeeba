"""Completion of a display filter: what may stand at the cursor, where it is wrong, and tests made of cells.

complete('apdu == get', 11, "message").choices[0].text == "get-request-normal"
check("apdu == ", "message") == Trouble(8, 'expected a value: …')
combine("kind == I", quote("source", 16), "and") == "kind == I and source == 16"
"""

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer import field_list, filter_language, filters
from analyzer.filter_language import OPERATORS, TOKEN, UNITS, And, FilterError, Node, Or
from analyzer.filter_values import Choice, values
from analyzer.rows import LEVELS, ONLY_FILTERS

if TYPE_CHECKING:
    from analyzer.analysis import Analysis


class Completions(msgspec.Struct, frozen=True):
    """choices may take the place of the characters start to end (exclusive), the best first."""

    start: int
    end: int
    choices: tuple[Choice, ...]


class Trouble(msgspec.Struct, frozen=True):
    """The first error of a filter: its character, from 0, and what was expected there."""

    at: int
    message: str


# -- where the cursor is -----------------------------------------------------------------------------------

# What a filter may go on with: state and what comes next -> state. "test": a test begins; "name": behind its name;
# "value": behind its operator; "done": behind a whole test; "list", "item", "items": before {, in it, behind a value.
STATES = {
    ("test", "word"): "name", ("test", "not"): "test", ("test", "("): "test",
    ("name", "operator"): "value", ("name", "in"): "list", ("name", "join"): "test", ("name", ")"): "done",
    ("value", "value"): "done",
    ("done", "join"): "test", ("done", ")"): "done", ("done", "unit"): "done",
    ("list", "{"): "item", ("item", "value"): "items",
    ("items", ".."): "item", ("items", ","): "item", ("items", "}"): "done", ("items", "unit"): "items",
}  # fmt: skip
EVENTS = {
    **dict.fromkeys(OPERATORS, "operator"), "in": "in", "not": "not", "!": "not",
    **dict.fromkeys(("and", "&&", "or", "||"), "join"), **{mark: mark for mark in ("(", ")", "{", "}", ",", "..")},
}  # fmt: skip
WORD_END = re.compile(r"[^\s\"'(){},<>=!&|~]*$")  # of what is being written: a name, word, number or code
HALF_OPERATOR = re.compile(r"[=!&|]$")
REST = {"": re.compile(r"[\w.\-:*]*"), '"': re.compile(r'[\w.\-:*]*"?'), "'": re.compile(r"[\w.\-:*]*'?")}
BARE = re.compile(r"[A-Za-z_µ][A-Za-z0-9_µ]*(?:[.\-][A-Za-z0-9_]+)*|-?\d+(?: [a-zµ]+)?|\d+-\d+:\d+\.\d+\.\d+\*\d+")


class Place(msgspec.Struct):
    """What stands before the cursor: the state, the name of the test it is in, whether its last value is a number,
    and how many parentheses are open."""

    state: str | None = "test"
    name: str = ""
    number: bool = False
    depth: int = 0


def begun(source: str) -> int:
    """Where what is being written at the end of this text begins."""
    at = 0
    while (match := TOKEN.match(source, at)) is not None:
        at = match.end()
    rest = source[at:].lstrip()
    if rest[:1] in ('"', "'") and rest:
        return len(source) - len(rest)
    found = WORD_END.search(source)
    start = found.start() if found is not None else len(source)
    span = source.rfind("..", start)
    return span + 2 if span >= 0 else start


def place(source: str) -> Place:
    """The state behind a text that ends between two tokens; state None where it is wrong already."""
    found = Place()
    try:
        tokens = filter_language.tokens(source)[:-1]
    except FilterError:
        found.state = None
        return found
    for token in tokens:
        state = found.state
        if state in ("value", "item"):
            event = "value" if token.kind != "mark" else token.text
        elif found.number and state in ("done", "items") and token.text in UNITS:
            event = "unit"
        else:
            plain = token.kind in ("word", "mark")
            event = EVENTS.get(token.text, "word" if token.kind == "word" else "value") if plain else "value"
        found.depth += (event == "(") - (event == ")")
        found.state = STATES.get((state or "", event))
        if found.state is None or found.depth < 0:
            found.state = None
            return found
        if event == "word":
            found.name = token.text
        found.number = event == "value" and token.kind == "number"
    return found


# -- what may stand there --------------------------------------------------------------------------------------

JOINS = (Choice("and", "both must pass"), Choice("or", "one must pass"))
ORDER = {
    "==": "equal", "!=": "different", "<": "below", "<=": "at most", ">": "above", ">=": "at least",
    "contains": "has this text in it", "matches": "a regular expression finds something in it",
    "in": "one of a list of values and ranges: in {1..3, 7}",
}  # fmt: skip
NUMBER_OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "in")
TEXT_OPERATORS = ("==", "!=", "contains", "matches", "in")
NUMBERS = ("int", "time", "duration")
UNITS_OF = {"time": ("ns", "us", "ms", "s", "min", "h"), "octets": ("octets", "kB", "KiB", "MB")}


@lru_cache(maxsize=16)
def names(level: str) -> dict[str, dict[str, Any]]:
    """Every name that a filter of a level may use, as field_list.entries has it."""
    return {entry["name"]: entry for entry in field_list.entries(level)}


@lru_cache(maxsize=16)
def name_choices(level: str) -> tuple[Choice, ...]:
    def about(entry: dict[str, Any]) -> str:
        return f"{entry['about']}, {entry['unit']}" if entry["unit"] else str(entry["about"])

    return (*(Choice(name, about(entry)) for name, entry in names(level).items()), Choice("not", "must not pass"))


def complete(source: str, at: int, level: str, analysis: "Analysis | None" = None) -> Completions:
    """What may stand at the cursor, of the names of a level and, where there is one, the values of a capture.

    Nothing where the filter is wrong before it."""
    before = source[:at]
    start = begun(before)
    half = HALF_OPERATOR.search(before) if start == len(before) else None
    if half is not None and place(before[: half.start()]).state in ("name", "done"):
        start = half.start()
    here = place(before[:start])
    written = before[start:]
    quote_ = written[:1] if written[:1] in ('"', "'") else ""
    rest = REST[quote_].match(source, at) if written and half is None else None
    end = rest.end() if rest is not None else at
    return Completions(start, end, fitting(written.lstrip("\"'"), offers(here, level, analysis), bool(quote_)))


def offers(here: Place, level: str, analysis: "Analysis | None") -> tuple[Choice, ...]:
    """Everything that may stand in a place."""
    entry = names(level).get(here.name, {"type": "", "unit": ""})
    if here.state == "test":
        return (*name_choices(level), Choice("("))
    if here.state in ("value", "item"):
        return tuple(Choice(bare(choice.text), choice.about) for choice in values(here.name, level, analysis))
    if here.state == "list":
        return (Choice("{"),)
    units = UNITS_OF.get("time" if entry["type"] in ("time", "duration") else entry["unit"], ())
    known = tuple(Choice(unit) for unit in units) if here.number else ()
    if here.state == "items":
        return (*known, Choice(","), Choice(".."), Choice("}"))
    if here.state is None:
        return ()
    ends = (*JOINS, Choice(")")) if here.depth else JOINS
    if here.state == "done":
        return (*known, *ends)
    operators = NUMBER_OPERATORS if entry["type"] in NUMBERS else TEXT_OPERATORS
    return (*(Choice(operator, ORDER[operator]) for operator in operators), *ends)


def fitting(written: str, offered: Iterable[Choice], quoted: bool) -> tuple[Choice, ...]:
    """Those that begin with what is written, then those that contain it, then those whose meaning does."""
    wanted = written.lower()
    ranks: tuple[list[Choice], ...] = ([], [], [])
    for choice in offered:
        text = choice.text.lower().lstrip('"')
        if text.startswith(wanted):
            ranks[0].append(choice)
        elif wanted in text:
            ranks[1].append(choice)
        elif len(wanted) > 2 and wanted in choice.about.lower():
            ranks[2].append(choice)
    found = (choice for rank in ranks for choice in rank)
    if not quoted:
        return tuple(found)
    return tuple(c if c.text[:1] == '"' else Choice(as_text(c.text), c.about) for c in found)


def check(source: str, level: str) -> Trouble | None:
    """The first error of a filter, None where it can be used (an empty one passes everything)."""
    try:
        if source.strip():
            filters.compile(source, level)
    except FilterError as error:
        return Trouble(error.at, error.reason)
    return None


# -- tests made of what a person points at ---------------------------------------------------------------------

HOW = ("apply", "not", "and", "or", "and-not")
OBIS = re.compile(r"\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}\*\d{1,3}")
DURATIONS = {
    column.name
    for level in LEVELS
    for column in (*LEVELS[level], *ONLY_FILTERS.get(level, ()))
    if column.type == "duration"
}


def as_text(text: str) -> str:
    """In quotes, as the language writes a text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def bare(text: str) -> str:
    """A value as the language writes it: in quotes where it is neither word, number nor code."""
    return text if BARE.fullmatch(text) is not None else as_text(text)


def quote(name: str, value: Any) -> str:
    """The test that a field has this value; of several values that it has each; of none that it is not there."""
    found = [one for one in filters.flat(value) if one not in filters.EMPTY]
    if not found:
        return f"not {name}"
    return " and ".join(f"{name} == {_value(name, one)}" for one in dict.fromkeys(found))


def _value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value} ns" if name in DURATIONS else str(value)
    if isinstance(value, float) and math.isfinite(value):
        digits = format(Decimal(str(value)), "f")  # the language has no exponents
        return digits if "." in digits else digits + ".0"
    text = value.hex().upper() if isinstance(value, (bytes, bytearray)) else str(value)
    return text if OBIS.fullmatch(text) is not None else as_text(text)


def combine(old: str, test: str, how: str) -> str:
    """The filter in force and one more test. how: "apply" (the test alone), "not", "and", "or", "and-not"."""
    new = f"not {_grouped(test, And | Or)}" if how in ("not", "and-not") else test
    if how in ("apply", "not") or not old.strip():
        return new
    if how == "or":
        return f"{old} or {new}"
    return f"{_grouped(old, Or)} and {_grouped(new, Or)}"


def _grouped(source: str, kinds: Any) -> str:
    """In parentheses where what stands before or behind it would take a part of it."""
    try:
        node: Node | None = filter_language.parse(source)
    except FilterError:
        node = None
    return f"({source})" if node is None or isinstance(node, kinds) else source
