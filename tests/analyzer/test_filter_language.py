"""The filter language: text to tree, and errors that name the position and what could stand there."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import filter_language as language
from analyzer.filter_language import UNITS, And, Not, Or, parse, tokens
from dissectors.errors import UsageError


def t(name: str, operator: str = "exists", value: object = None, at: int = 0) -> language.Test:
    return language.Test(name, operator, value, at)


@pytest.mark.parametrize(
    ("source", "tree"),
    [
        ("problems", t("problems")),
        ("hdlc.ns", t("hdlc.ns")),
        ('apdu == "x"', t("apdu", "==", "x")),
        ("apdu == 'x'", t("apdu", "==", "x")),
        ('apdu == "a\\"b\\\\"', t("apdu", "==", 'a"b\\')),
        ("apdu == get-response-normal", t("apdu", "==", "get-response-normal")),
        ("n eq 5", t("n", "==", 5)),
        ("n != -5", t("n", "!=", -5)),
        ("n ne 5", t("n", "!=", 5)),
        ("n < 1.5", t("n", "<", 1.5)),
        ("n lt 1", t("n", "<", 1)),
        ("n <= 0x1F", t("n", "<=", 31)),
        ("n le 1", t("n", "<=", 1)),
        ("n > 500 ms", t("n", ">", 500_000_000)),
        ("n > 500ms", t("n", ">", 500_000_000)),
        ("n gt 1.5 s", t("n", ">", 1_500_000_000)),
        ("n >= 2 kB", t("n", ">=", 2000)),
        ("n ge 1 KiB", t("n", ">=", 1024)),
        ("n >= 3 octets", t("n", ">=", 3)),
        ("n > 7 µs", t("n", ">", 7000)),
        ("obis == 1-0:1.8.0*255", t("obis", "==", "1-0:1.8.0*255")),
        ("obis == 1-0:1.8.0", t("obis", "==", "1-0:1.8.0*255")),
        ("text contains clock", t("text", "contains", "clock")),
        ("n in {1..3, 7}", t("n", "in", ((1, 3), (7, 7)))),
        ("n in {1 ms..3 ms}", t("n", "in", ((1_000_000, 3_000_000),))),
        ("n in {1.5..2.5}", t("n", "in", ((1.5, 2.5),))),
        ("a in {x}", t("a", "in", (("x", "x"),))),
        ("flag == true", t("flag", "==", True)),
        ("flag == false", t("flag", "==", False)),
        ("  problems  ", t("problems", at=2)),
        ("not a", Not(t("a", at=4))),
        ("!a", Not(t("a", at=1))),
        ("not not a", Not(Not(t("a", at=8)))),
    ],
)
def test_trees(source: str, tree: object) -> None:
    assert parse(source) == tree


@pytest.mark.parametrize(
    ("source", "shape"),
    [
        ("a and b or c and d", "((a&b)|(c&d))"),
        ("a && b || c && d", "((a&b)|(c&d))"),
        ("a or b and c", "(a|(b&c))"),
        ("(a or b) and c", "((a|b)&c)"),
        ("not a and b", "(!a&b)"),
        ("not (a and b)", "!(a&b)"),
        ("!a || !b", "(!a|!b)"),
        ("a or b or c", "((a|b)|c)"),
        ("((a))", "a"),
    ],
)
def test_precedence(source: str, shape: str) -> None:
    def show(node: object) -> str:
        if isinstance(node, Not):
            return "!" + show(node.inner)
        if isinstance(node, And | Or):
            return f"({show(node.left)}{'&' if isinstance(node, And) else '|'}{show(node.right)})"
        assert isinstance(node, language.Test)
        return node.name

    assert show(parse(source)) == shape


def test_pattern() -> None:
    node = parse('obis matches "^1-0:"')
    assert isinstance(node, language.Test) and isinstance(node.value, re.Pattern) and node.value.pattern == "^1-0:"
    short = parse("a ~ x.y")
    assert isinstance(short, language.Test) and short.operator == "matches"


@pytest.mark.parametrize(
    ("source", "position", "words"),
    [
        ("", 1, "expected a field name"),
        ("a ==", 5, "expected a value"),
        ("a == )", 6, "expected a value"),
        ("a b", 3, "expected and, or, or the end"),
        ("(a", 3, "expected )"),
        ("a)", 2, "expected and, or, or the end"),
        ("a and", 6, "expected a field name"),
        ("and a", 1, "expected a field name"),
        ("== 5", 1, "expected a field name"),
        ("a in 5", 6, "expected { after in"),
        ("a in {1 2}", 9, "expected , or }"),
        ("a in {1,}", 9, "expected a value"),
        ("a matches '('", 11, "not a regular expression"),
        ("a == 5 $", 8, "expected a field name, a value, an operator"),
        ('a == "x', 6, "expected a field name, a value, an operator"),
        ("a or ", 6, "expected a field name"),
        ("5 == a", 1, "expected a field name"),
    ],
)
def test_errors_name_the_position(source: str, position: int, words: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(source)
    text = str(error.value)
    assert text.startswith(f"filter: at character {position} ("), text
    assert words in text


def test_depth_is_bounded() -> None:
    for source in ("(" * 5000 + "a" + ")" * 5000, "not " * 5000 + "a", "!" * 5000 + "a"):
        with pytest.raises(UsageError, match="nest deeper than 64"):
            parse(source)
    assert parse("(" * 50 + "a" + ")" * 50)
    assert parse(" or ".join(["a"] * 3000))  # a long list is no deep one


def test_every_unit() -> None:
    for unit, factor in UNITS.items():
        node = parse(f"a > 2 {unit}")
        assert isinstance(node, language.Test) and node.value == 2 * factor


def test_tokens_know_where_they_are() -> None:
    assert [(x.text, x.at) for x in tokens(" a>=1..2")] == [("a", 1), (">=", 2), ("1", 4), ("..", 5), ("2", 7), ("", 8)]


@settings(max_examples=150)
@given(st.text(alphabet="ab.()=!<>&|{},\"'0159-:* \\noradim", max_size=30))
def test_any_text_is_a_tree_or_one_clear_line(source: str) -> None:
    try:
        parse(source)
    except UsageError as error:
        assert str(error).startswith("filter: at character ") and "\n" not in str(error)
