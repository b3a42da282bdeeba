"""What a row's tree says beside its octets: titles, times with uncertainty, long lists, tables, problems."""

from analyzer import detail_parts as parts
from analyzer.table import Table, TableColumn
from dissectors.problem import APDU_TRAIL, Problem


def test_a_node_is_printable_and_may_be_empty() -> None:
    made = parts.node("x", "a\x1bb", "\x00")
    assert (made.label, made.text, made.buffer) == ("a\\x1bb", "\\x00", "")
    assert parts.node("x", "a", None).text == "" and parts.node("x", "a", 0).text == "0"


def test_facts_without_a_value_are_left_out() -> None:
    found = parts.facts("p", [("a", "A", None), ("b", "B", ""), ("c", "C", 0)])
    assert [(node.field, node.text) for node in found] == [("p.c", "0")]


def test_moment() -> None:
    assert parts.moment(None, 5) == "no clock"
    assert parts.moment(0, None) == "1970-01-01T00:00:00.000000000Z (uncertainty unknown)"
    assert parts.moment(0, 2000) == "1970-01-01T00:00:00.000000000Z (± 2.0 us)"


def test_numbers() -> None:
    assert parts.numbers((3, 4, 9)) == "3, 4, 9"
    assert parts.numbers(range(1, 101)) == "1 to 100 (100)"


def test_sap() -> None:
    assert (parts.sap(-1, "x"), parts.sap(16, None), parts.sap(1, "management")) == (None, "16", "1 (management)")


def test_table() -> None:
    columns = (TableColumn("time"), TableColumn("energy", "kWh"))
    made = parts.table_node(Table("profile", columns, (("a", 1.5), (None, 2))))
    assert made.text == "profile: 2 rows"
    shown = [(node.label, node.text) for node in made.children]
    assert shown == [("columns", "time | energy [kWh]"), ("row 1", "a | 1.5"), ("row 2", "- | 2")]
    long = parts.table_node(Table("p", columns[:1], tuple([(i,) for i in range(parts.SHOWN_ROWS + 7)])))
    assert len(long.children) == parts.SHOWN_ROWS + 2 and long.children[-1].label == "7 more rows"


def test_problems_stand_once_and_inside_their_buffer() -> None:
    place = ("frame", 10, 20)
    inside, outside = Problem(APDU_TRAIL, 2, 4, (2,), "apdu"), Problem(APDU_TRAIL, 2, 40, (38,), "apdu")
    found = parts.problem_nodes([inside, outside], (), place)
    assert [(node.buffer, node.start, node.end) for node in found] == [("frame", 12, 14), ("", 0, 0)]
    layer = parts.node("xdlms", "xdlms", "", found[:1])
    assert parts.problem_nodes([inside, outside], (layer,), place) == found[1:]
    elsewhere = Problem(APDU_TRAIL, 2, 4, (2,), "apdu", frame=7)
    assert parts.problem_nodes([elsewhere], (), place)[0].buffer == ""
