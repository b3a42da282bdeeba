"""Completion: what is offered can stand there; errors have their place; tests of cells find their cells again."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import analyzer
from analyzer import filter_language, filters, trees
from analyzer.completion import HOW, STATES, Trouble, check, combine, complete, place, quote
from analyzer.filter_language import And, Node, Not, Or
from analyzer.filter_language import Test as Comparison
from dissectors.errors import UsageError

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
KEPT = analyzer.open(str(DEMO / "hdlc-serial.pcapng"))
WHOLE = [
    (
        "message",
        'apdu == get-response-normal and (obis == 1-0:1.8.0*255 or not result == "success") and latency > 5 ms',
    ),
    ("frame", "kind in {I, RR, SNRM} && hdlc.ns in {1..3, 5} and length >= 20 octets or !(problems)"),
    ("exchange", "attempts > 1 or unanswered and (service matches '^g' or polls in {1 .. 2})"),
]


def texts(source: str, level: str = "message", at: int | None = None, kept: bool = False) -> list[str]:
    found = complete(source, len(source) if at is None else at, level, KEPT if kept else None)
    return [choice.text for choice in found.choices]


@pytest.mark.parametrize(("level", "whole"), WHOLE)
def test_what_is_offered_can_stand_there(level: str, whole: str) -> None:
    """Cut anywhere, every choice put in gives a text that a right filter may begin with."""
    assert check(whole, level) is None
    offered = 0
    for at in range(len(whole) + 1):
        found = complete(whole[:at], at, level, KEPT)
        assert 0 <= found.start <= at == found.end
        for choice in found.choices:
            offered += 1
            assert place(f"{whole[: found.start]}{choice.text} ").state is not None, (whole[:at], choice)
    assert offered > 1000


@pytest.mark.parametrize(("level", "whole"), WHOLE)
def test_what_stands_there_is_offered(level: str, whole: str) -> None:
    """Every word of a filter is among the choices once its first letters are written."""
    for token in filter_language.tokens(whole)[:-1]:
        if token.kind in ("word", "obis") and token.text not in ("ms", "octets"):
            at = token.at + 1
            found = complete(whole[:at], at, level, KEPT)
            assert found.start == token.at
            assert token.text in [choice.text for choice in found.choices], token


def test_names_operators_values_and_joins() -> None:
    assert texts("")[0] == "no" and "hdlc.ns" in texts("") and texts("").count("latency") == 1
    assert texts("obi") == ["obis"] and texts("APD")[0] == "apdu"
    assert "tcp.window" in texts("", "frame") and "tcp.window" not in texts("", "finding")
    assert texts("apdu ") == ["==", "!=", "contains", "matches", "in", "and", "or"]
    assert texts("latency ")[:4] == ["==", "!=", "<", "<="]
    assert texts("apdu =") == ["==", "!="] and texts("apdu !") == ["!="] and texts("apdu &") == []
    assert texts("apdu == aar")[:2] == ["aarq", "aare"] and texts("direction == c")[0] == "client-to-server"
    assert texts('apdu == "aar')[:2] == ['"aarq"', '"aare"']
    assert texts("latency > 5 ") == ["ns", "us", "ms", "s", "min", "h", "and", "or"]
    assert texts("length > 5 o", "frame") == ["octets", "or"]
    assert texts("(apdu == x ") == ["and", "or", ")"] and texts("apdu == x ") == ["and", "or"]
    assert texts("kind in", "frame") == ["in", "contains"] and texts("kind in ", "frame") == ["{"]
    assert texts("kind in {I ", "frame") == [",", "..", "}"] and "RR" in texts("kind in {I,", "frame")
    assert "16" in texts("client in {1..", kept=True) and "16" not in texts("client in {1..")


def test_an_object_is_found_by_what_it_is() -> None:
    found = complete("obis == clock and problems", 13, "message", KEPT)
    assert (found.start, found.end) == (8, 13) and [c.text for c in found.choices] == ["0-0:1.0.0*255"]
    assert texts("obis == 1-0:1.", kept=True)[0] == "1-0:1.8.0*255"


def test_the_word_under_the_cursor_is_replaced() -> None:
    found = complete('apdu == get-req and result == "success"', 11, "message")
    assert (found.start, found.end) == (8, 15)
    found = complete('result == "succ" and problems', 13, "message")
    assert (found.start, found.end) == (10, 16) and found.choices[0].text == '"success"'
    found = complete("kind == I", 0, "frame")
    assert (found.start, found.end) == (0, 0)


@pytest.mark.parametrize(
    "source", ["apdu == )", "== x", "apdu x ", "a) ", "a and and ", 'a == "x" "y" ', "a in x ", "€ "]
)
def test_nothing_behind_an_error(source: str) -> None:
    assert texts(source) == []


def test_every_state_can_be_left() -> None:
    assert set(STATES.values()) == {state for state, _ in STATES}


@given(st.text(max_size=30), st.integers(0, 30))
def test_any_text(source: str, at: int) -> None:
    found = complete(source, min(at, len(source)), "message", KEPT)
    assert 0 <= found.start <= min(at, len(source)) <= found.end <= len(source)


PIECES = st.lists(
    st.sampled_from(
        [
            *"(){},!<>~",
            "..",
            "==",
            "and",
            "or",
            "not",
            "in",
            "apdu",
            "nonsense",
            "latency",
            "5",
            "ms",
            "'x'",
            '"',
            "1-0:1.8.0",
        ]
    ),
    max_size=9,
)


@given(PIECES)
def test_check_says_what_compile_says(pieces: list[str]) -> None:
    source = " ".join(pieces)
    found = check(source, "message")
    try:
        filters.compile(source, "message")
        assert found is None
    except UsageError as error:
        if source.strip():
            assert found is not None and 0 <= found.at <= len(source)
            assert str(error).startswith(f"filter: at character {found.at + 1} (") and str(error).endswith(
                found.message
            )
        else:
            assert found is None
    if found is None and source.strip():
        assert place(source).state in ("name", "done")


def test_where_it_is_wrong() -> None:
    assert check("apdu == ", "message") == Trouble(8, 'expected a value: a number, "text", an OBIS code or a word')
    found = check("problems and hdlc.nz == 1", "message")
    assert found is not None and found.at == 13 and found.message.startswith("no field 'hdlc.nz'")
    assert check("  ", "message") is None


# -- tests made of cells


@given(st.text(max_size=20) | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans())
def test_a_quoted_value_is_the_value(value: Any) -> None:
    test = quote("value", value)
    node = filter_language.parse(test)
    if value in filters.EMPTY:
        assert node == Not(Comparison("value", "exists", None, 4))
        return
    assert isinstance(node, Comparison) and (node.name, node.operator) == ("value", "==")
    assert filters.COMPARE["=="](value, node.value)


def test_forms_of_values() -> None:
    assert quote("obis", "1-0:1.8.0*255") == "obis == 1-0:1.8.0*255"
    assert quote("app_response_ns", 1_500_000) == "app_response_ns == 1500000 ns"
    assert quote("time_ns", 17) == "time_ns == 17" and quote("source", -1) == "source == -1"
    assert [quote("data", nothing) for nothing in (None, "", [], {})] == ["not data"] * 4
    assert quote("frames", [3, 4, 3]) == "frames == 3 and frames == 4"
    assert quote("text", 'a "b" \\') == 'text == "a \\"b\\" \\\\"' and quote("fcs", b"\x0a") == 'fcs == "0A"'
    assert quote("data", {"type": "unsigned", "value": 5}) == "data == 5"


@pytest.mark.parametrize("level", ["frame", "message", "exchange"])
def test_a_cell_finds_its_row(level: str) -> None:
    columns = [c for c in filters.columns(level).values() if c.name not in ("fields", "security", "items", "problems")]
    table, make = KEPT.kept(level)
    for no in range(1, len(table) + 1, 7):
        row = make(no)
        for column in columns:
            keep = filters.compile(quote(column.name, column.get(row, KEPT.run)), level)
            assert keep(row, KEPT.run), (no, column.name, column.get(row, KEPT.run))


def test_a_node_finds_its_row() -> None:
    """The text of a node of the tree, as it is shown."""
    known = filters.layer_fields()
    for no in range(1, len(KEPT.frames) + 1, 9):
        row = KEPT.frame(no)
        waiting = list(trees.frame_tree(row, KEPT.run))
        while waiting:
            node = waiting.pop()
            waiting += node.children
            if node.field in known and node.text and "…" not in node.text:
                assert filters.compile(quote(node.field, node.text), "frame")(row, KEPT.run), (
                    no,
                    node.field,
                    node.text,
                )


NAMES = ("alpha", "beta", "gamma")
FILTERS = st.recursive(
    st.sampled_from(NAMES),
    lambda inner: (
        st.builds("{} and {}".format, inner, inner)
        | st.builds("{} or {}".format, inner, inner)
        | st.builds("not ({})".format, inner)
        | st.builds("({})".format, inner)
    ),
    max_leaves=6,
)


def holds(node: Node, true: set[str]) -> bool:
    if isinstance(node, Not):
        return not holds(node.inner, true)
    if isinstance(node, And):
        return holds(node.left, true) and holds(node.right, true)
    if isinstance(node, Or):
        return holds(node.left, true) or holds(node.right, true)
    return node.name in true


@given(FILTERS, FILTERS, st.sampled_from(HOW), st.sets(st.sampled_from(NAMES)))
def test_combined_filters_mean_what_they_say(old: str, test: str, how: str, true: set[str]) -> None:
    a, b = (holds(filter_language.parse(source), true) for source in (old, test))
    expected = {"apply": b, "not": not b, "and": a and b, "or": a or b, "and-not": a and not b}[how]
    assert holds(filter_language.parse(combine(old, test, how)), true) == expected


def test_combined_filters_are_no_longer_than_they_must_be() -> None:
    assert combine("", "a == 1", "and-not") == "not a == 1" and combine(" ", "a", "and") == "a"
    assert combine("a and b", "c", "and") == "a and b and c" and combine("a or b", "c", "and") == "(a or b) and c"
    assert combine("a", "b and c", "not") == "not (b and c)" and combine("a ==", "b", "and") == "(a ==) and b"
