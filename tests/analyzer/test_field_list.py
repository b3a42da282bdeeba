import json

import pytest

from analyzer import cli, field_list
from analyzer.filters import columns
from analyzer.rows import LEVELS
from dissectors.layers import LAYERS


def entries(level: str | None) -> list[dict[str, str]]:
    found = json.loads(field_list.show(level, "json"))
    assert isinstance(found, list)
    return found


def test_every_column_and_every_field_once() -> None:
    found = entries(None)
    keys = [(e.get("level"), e.get("layer") and e["name"], e["name"]) for e in found]
    assert len(keys) == len(set(keys))
    for level in LEVELS:
        assert {e["name"] for e in found if e.get("level") == level} == set(columns(level))
    codes = {field.code for layer in LAYERS.values() for field in layer.fields}
    assert {e["name"] for e in found if "layer" in e} == codes
    assert len(codes) > 50
    for e in found:
        assert {"name", "type", "unit", "about", "clause"} <= set(e)
        assert ("level" in e) != ("layer" in e)
        assert e["type"]
        assert e["about"]


@pytest.mark.parametrize("level", list(LEVELS))
def test_one_level(level: str) -> None:
    found = entries(level)
    assert {e["level"] for e in found if "level" in e} == {level}
    assert any("layer" in e for e in found) == (level in ("frame", "message", "exchange"))


def test_what_fields_takes_is_told_from_what_only_filters_take() -> None:
    use = {e["name"]: e["use"] for e in entries("message") if "level" in e}
    assert use["obis"] == "both"
    assert use["latency"] == "filter"


def test_the_text_has_a_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["fields", "--level", "exchange"]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert any(line.split()[:5] == ["app_response_ns", "exchange", "duration", "ns", "request"] for line in lines)
    assert any(line.startswith("latency* ") for line in lines)
    assert any(line.startswith("wrapper.source ") for line in lines)
    assert len(lines) == len(entries("exchange")) + 7  # two titles, two heads, three blanks
