"""Markdown and words of a profile document."""

from analyzer.profile_markdown import (
    cell,
    condition,
    facts,
    limit,
    per,
    plain,
    printable,
    prose,
    share,
    span,
    table,
    widths,
)
from dissectors.duration import Duration
from dissectors.profile_application import Timing, When
from dissectors.profile_types import Sap


def timing(low: str | None, high: str | None, per: str = "each", min_samples: int = 1) -> Timing:
    limits = [None if text is None else Duration(text) for text in (low, high)]
    return Timing(
        rule="app.response",
        kind="delay",
        subject="server",
        clause="c",
        confidence="A",
        min=limits[0],
        max=limits[1],
        per=per,
        min_samples=min_samples,
    )


def test_a_table_leaves_out_columns_without_a_value() -> None:
    assert list(table(("A", "B", "C"), [(1, "", "x|y"), (2, "", "z\nz")])) == [
        "| A | C |",
        "|---|---|",
        "| 1 | x\\|y |",
        "| 2 | z z |",
        "",
    ]
    assert list(table(("A",), [])) == []


def test_facts_and_prose_leave_out_what_is_not_said() -> None:
    assert facts([("A", ""), ("B", (1, 2)), ("C", "c\n c")]) == ["- B: 1, 2", "- C: c c", ""]
    assert facts([("A", ())]) == []
    assert list(prose("", " x ")) == ["x", ""]


def test_limits_in_words() -> None:
    assert limit(timing(None, None)) == "measured, not judged"
    assert limit(timing("1 s", "1 s")) == "1 s"
    assert limit(timing("1 s", "2 s")) == "1 s to 2 s"
    assert limit(timing("1 s", None)) == "at least 1 s"
    assert limit(timing(None, "2 s")) == "at most 2 s"
    assert per(timing(None, None)) == "each"
    assert per(timing(None, None, per="p95", min_samples=100)) == "p95 of 100 or more"


def test_values_in_words() -> None:
    assert [plain(value) for value in (None, True, False, 0)] == ["", "yes", "no", "0"]
    assert span(Sap(name="x", sap=16)) == "0x10"
    assert span(Sap(name="x", first=16, last=126, width=(1, 2))) == "0x10 to 0x7E"
    assert widths(Sap(name="x", first=16, last=126, width=(1, 2))) == ", 1 or 2 octets"
    assert widths(Sap(name="x", sap=1)) == ""
    assert (share(None), share(12.5)) == ("", "12.5 %")
    assert condition(When(service="get", baud=300)) == "service get, baud 300"
    assert condition(When()) == ""
    assert printable("a\x1b[1m\nb\u202e") == "a\ufffd[1m\nb\ufffd"
    assert cell("a | b") == "a \\| b"
