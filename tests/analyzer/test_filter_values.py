"""Values for filters: each can be written, the capture's own come first, and tables are complete."""

from pathlib import Path

import pytest

import analyzer
from analyzer import filter_language, filters
from analyzer.completion import bare
from analyzer.filter_language import Test as Comparison
from analyzer.filter_values import CAPTURED, Choice, named, values

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
KEPT = analyzer.open(str(DEMO / "hdlc-serial.pcapng"))


@pytest.mark.parametrize("analysis", [None, KEPT])
def test_every_value_can_be_written_and_compared(analysis: object) -> None:
    for level in filters.TREE_LEVELS:
        for name in [*filters.columns(level), *filters.layer_fields()]:
            found = list(values(name, level, analysis))  # type: ignore[arg-type]
            assert len({choice.text for choice in found}) == len(found)
            for choice in found:
                node = filter_language.parse(f"{name} == {bare(choice.text)}")
                assert isinstance(node, Comparison) and node.name == name
                if isinstance(node.value, str):
                    assert node.value == choice.text


@pytest.mark.parametrize(("level", "name"), [
    ("message", "apdu"), ("message", "result"), ("message", "direction"), ("message", "obis"), ("message", "client"),
    ("message", "service"), ("message", "role"), ("message", "class_id"), ("message", "association"),
    ("message", "channel"), ("frame", "kind"), ("frame", "layer"), ("exchange", "service"), ("exchange", "result"),
    ("exchange", "server"), ("exchange", "physical"), ("frame", "profile"),
])  # fmt: skip
def test_every_value_of_a_capture_is_offered(level: str, name: str) -> None:
    column = filters.columns(level)[name]
    there = {column.get(row, KEPT.run) for row in KEPT.rows(level)} - {None}
    assert {str(value) for value in there} <= {choice.text for choice in values(name, level, KEPT)}


def test_names_that_the_standard_gives() -> None:
    assert Choice("read-write-denied") in named()["result"]
    assert Choice("get-response-normal", "APDU 0xC4") in named()["apdu"]
    assert {"I", "RR", "SNRM", "UI"} <= {choice.text for choice in named()["kind"]}
    assert Choice("read-write-denied", "3") in list(values("apdu.data-access-result", "message"))
    assert [c.text for c in values("apdu.last-block", "frame")] == ["true", "false"]
    assert [c.text for c in values("unanswered", "exchange")] == ["true", "false"]
    assert Choice("syn", "bit 6") in list(values("tcp.flags", "frame"))


def test_what_it_means_comes_with_the_capture() -> None:
    assert Choice("0-0:1.0.0*255", "Clock") in list(values("obis", "message", KEPT))
    assert Choice("8", "Clock") in list(values("class_id", "message", KEPT))
    assert next(iter(values("kind", "frame", KEPT))).about == "in this capture"
    assert all(name in filters.columns("message") for name in CAPTURED)
