"""Filters on rows: every operator, units, ranges, fields of layers, and what does not exist."""

from typing import Any

import pytest
from encode import xdlms
from scripts import (
    CLOCK_OBIS,
    DOWN,
    GET,
    MS,
    OPENING,
    UP,
    Script,
    Step,
    get,
    got,
    opened,
    over_hdlc,
    over_udp,
    run_of,
    udp,
    wrap,
)

from analyzer import filters
from dissectors.data_types import Data
from dissectors.errors import UsageError

STEPS: tuple[Step, ...] = (
    *OPENING,  # 1 2
    (UP, get(1)),  # 3
    (DOWN, got(Data("double-long-unsigned", 500))),  # 4
    (UP, get(2, CLOCK_OBIS, 8)),  # 5
    (DOWN, got(Data("octet-string", "07E70706040A362600FF8880"), 2)),  # 6
    (UP, get(3, bytes.fromhex("0000600100FF"), 1)),  # 7
    (DOWN, got(Data("visible-string", "abc"), 3)),  # 8
    (UP, get(4)),  # 9
    (DOWN, got(3, 4)),  # 10 read-write-denied
    (UP, get(5)),  # 11 never answered
)


def spaced() -> Script:
    """Each step 10 ms after the one before, the answer of message 10 only after 600 ms."""
    script = Script()
    for n, (direction, apdu) in enumerate(STEPS, 1):
        script.add(udp(wrap(direction, apdu), direction == UP), after=600 * MS if n == 10 else 10 * MS)
    return script


def found(expression: str, level: str = "message", script: Script | None = None) -> list[int]:
    """Numbers of the rows that pass, as dump filters them."""
    run = run_of(script or spaced())
    keep = filters.compile(expression, level)
    rows: dict[str, Any] = {"message": run.messages, "exchange": run.exchanges, "frame": run.frames_with_messages}
    if level in ("message", "exchange"):
        run.remember_frames()
    return [item.no for item in rows[level]() if keep(item, run)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('apdu == "get-response-normal"', [4, 6, 8, 10]),
        ("apdu == get-response-normal", [4, 6, 8, 10]),
        ('apdu == "get-response-normal" && latency > 500 ms', [10]),
        ("apdu == get-response-normal and latency <= 10 ms", [4, 6, 8]),
        ("apdu != get-response-normal && no > 6", [7, 9, 11]),
        ("obis == 1-0:1.8.0*255", [3, 4, 9, 10, 11]),
        ("obis == 1-0:1.8.0", [3, 4, 9, 10, 11]),
        ("obis == '0-0:1.0.0*255'", [5, 6]),
        ('obis matches "^1-0:"', [3, 4, 9, 10, 11]),
        ('apdu ~ "^aar[qe]$"', [1, 2]),
        ('apdu contains "next"', []),
        ('apdu contains "get-resp"', [4, 6, 8, 10]),
        ('text contains "2023-07-06"', [6]),
        ("no in {1..3, 7}", [1, 2, 3, 7]),
        ("no in {11}", [11]),
        ("latency in {1 ms..20 ms}", [2, 4, 6, 8]),
        ("apdu in {aarq, aare}", [1, 2]),
        ("no < 3", [1, 2]),
        ("no lt 3 or no gt 10", [1, 2, 11]),
        ("no <= 3 and no >= 3", [3]),
        ("no eq 5", [5]),
        ("no ne 5 and no < 7", [1, 2, 3, 4, 6]),
        ("data == 500", [4]),
        ("data == abc", [8]),
        ("data", [4, 6, 8]),
        ("not data and result", [2, 10]),
        ("result == success", [4, 6, 8]),
        ("not security", list(range(1, 12))),
        ("security", []),
        ("role == request", [1, 3, 5, 7, 9, 11]),
        ("service == association", [1, 2]),
        ("length == 13", [3, 5, 7, 9, 11]),
        ("octets contains C00105", []),
        ("octets matches '^C001C5'", [11]),
        ("channel == '0' and no == 1", [1]),
        ("channel == 0 and no == 1", [1]),
        ("direction == server-to-client", [2, 4, 6, 8, 10]),
        ("client == 0x10 and no == 1", [1]),
        ("wrapper.source == 16", [1, 3, 5, 7, 9, 11]),
        ("wrapper.destination == 16 and latency > 100 ms", [10]),
        ("wrapper.length > 13", [1, 2, 6]),
        ("fields", list(range(1, 12))),
        ("class_id == 8 || class_id == 1", [5, 6, 7, 8]),
        ("!(class_id)", [1, 2]),
        ("not not class_id == 8", [5, 6]),
        ("no == 1 or no == 2 and no == 3", [1]),
        ("(no == 1 or no == 2) and no == 2", [2]),
    ],
)
def test_messages(expression: str, expected: list[int]) -> None:
    assert found(expression) == expected


PROBLEMS = over_udp((UP, GET), (UP, xdlms.example("get-request-normal") + b"\xee"), (DOWN, got()))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("problems", [1, 2, 3]),  # 3: cosem.scale, the scaler was not seen
        ("not problems", []),
        ("problems == apdu.trail", [2]),
        ("problems == 'apdu.mid-association'", [1]),
        ("problems contains trail", [2]),
        ("problems matches '^apdu'", [1, 2]),
        ("problems != apdu.trail", [1, 3]),  # none of them, as Wireshark's !==
    ],
)
def test_problems_are_their_codes(expression: str, expected: list[int]) -> None:
    assert found(expression, "message", PROBLEMS) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("latency > 500 ms", [5]),
        ("unanswered", [6]),
        ("not unanswered and service == get", [2, 3, 4, 5]),
        ("attempts == 1 and result == read-write-denied", [5]),
        ("wrapper.source == 1 and no < 3", [1, 2]),
        ("waited_ns >= 0", [6]),
    ],
)
def test_exchanges(expression: str, expected: list[int]) -> None:
    assert found(expression, "exchange") == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("kind == I", [3, 4, 5, 6]),
        ("hdlc.ns in {1..3}", [5, 6]),
        ("hdlc.ns == 0 && kind == I", [3, 4]),
        ("hdlc.ns", [3, 4, 5, 6]),  # it is there, though it is 0
        ("kind == SNRM", [1]),
        ("kind in {SNRM, UA}", [1, 2]),
        ("messages == 2", [4]),
        ("source == 16", [1, 3, 5]),
        ("length > 40", [3, 4]),
        ("octets matches '^7EA0'", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_frames(expression: str, expected: list[int]) -> None:
    assert found(expression, "frame", over_hdlc(*STEPS[:4])) == expected


def test_link_fields_of_messages() -> None:
    """A message passes by the fields of the frames that carried it."""
    assert found("hdlc.ns == 1", "message", over_hdlc(*STEPS[:6])) == [3, 4]


def test_list_services_by_their_items() -> None:
    said = (DOWN, xdlms.get_response_with_list(0xC1, [Data("unsigned", 5), 3]))
    script = over_udp(*opened(), (UP, xdlms.example("get-request-with-list")), said)
    assert found("items contains '1-0:1.8.0*255'", "message", script) == [3, 4]
    assert found("items == 'read-write-denied'", "message", script) == [4]
    assert found("items == 5", "message", script) == [4]


@pytest.mark.parametrize(
    ("expression", "level", "words"),
    [
        (
            "latncy > 5",
            "message",
            "at character 1 ('latncy > 5'): no field 'latncy' at level message: did you mean latency",
        ),
        ("problems and hdlc.nz", "message", "at character 14 ('hdlc.nz'): no field 'hdlc.nz'"),
        ("hdlc.ns == 1", "finding", "no field 'hdlc.ns' at level finding"),
        ("qqqqqqqqq", "frame", "see cosemscope fields"),
        ("(problems", "message", "expected )"),
    ],
)
def test_unknown_fields(expression: str, level: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        filters.compile(expression, level)
    assert words in str(error.value)


def test_values_that_cannot_be_compared_never_pass_and_never_raise() -> None:
    for operator in ("==", "!=", "<", "<=", ">", ">="):
        found(f"method {operator} 5")
        found(f"data {operator} 'x'")
        found(f"obis {operator} 5")
    assert found("method < 5") == [] and found("method in {0..9}") == [] and found("method contains 5") == []


def test_digits_without_end_are_text() -> None:
    script = over_udp((UP, get(1, bytes.fromhex("0000600100FF"), 1)), (DOWN, got(Data("visible-string", "1" * 9000))))
    assert found("data == 5", "message", script) == []
    assert found("data contains 111", "message", script) == [2]
    for name in filters.layer_fields():
        if name.startswith(("data.", "get-response.", "get.")):
            found(f"{name} == 5", "message", script)


def test_every_documented_name_compiles_and_reads() -> None:
    script = over_hdlc(*STEPS[:4])
    for level in filters.TREE_LEVELS:
        run = run_of(script)
        run.remember_frames()
        names = [*filters.columns(level), *filters.layer_fields()]
        keeps = [filters.compile(f"{name} == 1", level) for name in names]
        rows: dict[str, Any] = {"message": run.messages, "exchange": run.exchanges, "frame": run.frames_with_messages}
        for n, item in enumerate(rows[level]()):
            for keep in keeps if n < 3 else []:
                assert keep(item, run) in (True, False)


def test_long_filters_do_not_overflow() -> None:
    assert found(" or ".join(f"no == {n}" for n in range(3000)), "message") == list(range(1, 12))
