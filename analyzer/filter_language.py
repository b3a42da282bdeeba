"""The filter language: text to a typed tree, with the position and what could stand there on error.

    expression  = or
    or          = and *(("or" | "||") and)
    and         = not *(("and" | "&&") not)
    not         = ("not" | "!") not | "(" expression ")" | test
    test        = NAME [operator value | "in" "{" range *("," range) "}"]
    operator    = "==" "!=" "<" "<=" ">" ">=" "contains" "matches", or eq ne lt le gt ge ~
    range       = value [".." value]
    value       = number [unit] | "text" | OBIS code | word

A name alone is true where the field is there and is not empty. A field with several values (a list,
a field that a frame has twice) passes a test when any of them does.
"""

import re
from typing import Any

import msgspec

from dissectors.errors import UsageError

UNITS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "min": 60_000_000_000,
    "h": 3_600_000_000_000, "octets": 1, "octet": 1, "B": 1, "kB": 1_000, "KiB": 1_024, "MB": 1_000_000,
}  # fmt: skip
OPERATORS = {
    "==": "==", "eq": "==", "!=": "!=", "ne": "!=", "<": "<", "lt": "<", "<=": "<=", "le": "<=", ">": ">",
    "gt": ">", ">=": ">=", "ge": ">=", "contains": "contains", "matches": "matches", "~": "matches",
}  # fmt: skip
TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<obis>\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}(?:\*\d{1,3})?)
    | (?P<hex>0[xX][0-9A-Fa-f]+)
    | (?P<number>-?\d+(?:\.(?!\.)\d+)?)
    | (?P<word>[A-Za-z_µ][A-Za-z0-9_µ]*(?:[.\-](?![.])[A-Za-z0-9_]+)*)
    | (?P<mark>\.\.|==|!=|<=|>=|&&|\|\||[<>!~(){},])
    )""",
    re.VERBOSE,
)


class Token(msgspec.Struct, frozen=True):
    kind: str  # text, obis, hex, number, word, mark, end
    text: str
    at: int


class Test(msgspec.Struct, frozen=True):
    """name operator value; operator "exists" has no value, "in" a tuple of (low, high) pairs."""

    name: str
    operator: str
    value: Any
    at: int


class Not(msgspec.Struct, frozen=True):
    inner: "Node"


class And(msgspec.Struct, frozen=True):
    left: "Node"
    right: "Node"


class Or(msgspec.Struct, frozen=True):
    left: "Node"
    right: "Node"


Node = Test | Not | And | Or
MAX_DEPTH = 64


class FilterError(UsageError):
    """A filter that cannot be read. at: the character, from 0; reason: what was expected there. Its text is the one
    line with both, the position from 1."""

    def __init__(self, source: str, at: int, reason: str) -> None:
        shown = source[at : at + 12] or "end of filter"
        super().__init__(f"filter: at character {at + 1} ({shown!r}): {reason}")
        self.at = at
        self.reason = reason


def tokens(source: str) -> list[Token]:
    out: list[Token] = []
    at = 0
    while at < len(source):
        match = TOKEN.match(source, at)
        if match is None or match.end() == at:
            if not source[at:].strip():
                break
            start = at + len(source[at:]) - len(source[at:].lstrip())
            raise FilterError(source, start, "expected a field name, a value, an operator or a parenthesis")
        kind = match.lastgroup or ""
        out.append(Token(kind, match.group(kind), match.start(kind)))
        at = match.end()
    out.append(Token("end", "", len(source)))
    return out


class Parser:
    """Recursive descent over the grammar above; depth bounded."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokens(source)
        self.at = 0
        self.depth = 0

    def peek(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def taken(self, *texts: str) -> bool:
        token = self.peek()
        if token.kind in ("mark", "word") and token.text in texts:
            self.next()
            return True
        return False

    def parse(self) -> Node:
        node = self.either()
        token = self.peek()
        if token.kind != "end":
            raise FilterError(self.source, token.at, "expected and, or, or the end of the filter")
        return node

    def either(self) -> Node:
        node = self.both()
        while self.taken("or", "||"):
            node = Or(node, self.both())
        return node

    def both(self) -> Node:
        node = self.negated()
        while self.taken("and", "&&"):
            node = And(node, self.negated())
        return node

    def negated(self) -> Node:
        self.depth += 1
        try:
            if self.depth > MAX_DEPTH:
                raise FilterError(self.source, self.peek().at, f"parentheses and not nest deeper than {MAX_DEPTH}")
            if self.taken("not", "!"):
                return Not(self.negated())
            if self.taken("("):
                node = self.either()
                if not self.taken(")"):
                    raise FilterError(self.source, self.peek().at, "expected )")
                return node
            return self.test()
        finally:
            self.depth -= 1

    def test(self) -> Node:
        name = self.next()
        if name.kind != "word" or name.text in ("and", "or", "in", *OPERATORS):
            raise FilterError(self.source, name.at, "expected a field name, not or (")
        token = self.peek()
        if token.kind in ("mark", "word") and token.text in OPERATORS:
            self.next()
            operator = OPERATORS[token.text]
            at = self.peek().at
            value = self.value()
            if operator == "matches":
                value = self.pattern(value, at)
            return Test(name.text, operator, value, name.at)
        if self.taken("in"):
            return Test(name.text, "in", self.ranges(), name.at)
        return Test(name.text, "exists", None, name.at)

    def pattern(self, value: Any, at: int) -> re.Pattern[str]:
        try:
            return re.compile(str(value))
        except re.error as error:
            raise FilterError(self.source, at, f"not a regular expression: {error}") from None

    def ranges(self) -> tuple[tuple[Any, Any], ...]:
        if not self.taken("{"):
            raise FilterError(self.source, self.peek().at, "expected { after in, as in {1..3, 7}")
        out = []
        while True:
            low = self.value()
            high = self.value() if self.taken("..") else low
            out.append((low, high))
            if self.taken("}"):
                return tuple(out)
            if not self.taken(","):
                raise FilterError(self.source, self.peek().at, "expected , or } in the list")

    def value(self) -> Any:
        token = self.next()
        if token.kind == "text":
            return re.sub(r"\\(.)", r"\1", token.text[1:-1])
        if token.kind == "obis":
            return token.text if "*" in token.text else token.text + "*255"
        if token.kind == "hex":
            return int(token.text, 16)
        if token.kind == "number":
            number: float | int = float(token.text) if "." in token.text else int(token.text)
            unit = self.peek()
            if unit.kind == "word" and unit.text in UNITS:
                self.next()
                number = number * UNITS[unit.text]
            return number
        if token.kind == "word":
            return {"true": True, "false": False}.get(token.text, token.text)
        raise FilterError(self.source, token.at, 'expected a value: a number, "text", an OBIS code or a word')


def parse(source: str) -> Node:
    """The tree of a filter. UsageError names the position and what could stand there."""
    return Parser(source).parse()
