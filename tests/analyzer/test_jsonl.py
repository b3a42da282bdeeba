"""The fast JSON lines of messages equal the rows of the contract, line by line."""

import msgspec
import pytest
from encode import acse, xdlms
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import (
    CLOCK_OBIS,
    DOWN,
    OPENING,
    UP,
    Script,
    Step,
    as_text,
    get,
    got,
    over_hdlc,
    over_tcp,
    over_udp,
    run_of,
)

from analyzer import jsonl, rows
from dissectors.data_types import Data

encode = msgspec.json.Encoder().encode
SCALED: tuple[Step, ...] = (
    (UP, get(2, attribute=3)),
    (DOWN, got(Data("structure", (Data("integer", -3), Data("enum", 30))), 2)),
)
STEPS: tuple[Step, ...] = (
    *OPENING,
    (UP, get(1)),
    (DOWN, got(Data("long", -7))),
    *SCALED,
    (UP, get(1)),
    (DOWN, got(Data("long", -7))),
    (UP, get(3, CLOCK_OBIS, 8)),
    (DOWN, got(Data("octet-string", "07E70706040A362600FF8880"), 3)),
    (UP, get(4, bytes.fromhex("0000600100FF"), 1)),
    (DOWN, got(Data("visible-string", 'a"\\\x01é'), 4)),
    (DOWN, got(3, 1)),
    (UP, get(5, bytes.fromhex("0100630100FF"), 7)),
    (DOWN, got(Data("array", (Data("structure", (Data("unsigned", 1), Data("float32", 1.5))),) * 3), 5)),
    (UP, get(6, bytes.fromhex("0000600100FF"), 1)),
    (DOWN, got(Data("octet-string", "00" * 200), 6)),
    *(
        (UP if name.partition(" ")[0].endswith(("request", "normal")) else DOWN, xdlms.example(name))
        for name in xdlms.EXAMPLES
    ),
    (UP, get(1) + b"\0"),
    (DOWN, b"\xc4\x01\xc1\x00\x06\x00"),
    (DOWN, b"\xc4\x01"),
    (UP, acse.aarq(1, 1, b"12345678")),
)


def assert_equal(script: Script) -> int:
    """Both ways on a run of their own, since words depend on what was shown before; how many were equal."""
    fast, slow = run_of(script), run_of(script)
    lines = jsonl.MessageLines(fast)
    count = 0
    for a, b in zip(fast.messages(), slow.messages(), strict=True):
        made = lines(a)
        assert made.endswith(b"\n") and made.count(b"\n") == 1
        assert made == encode(rows.row("message", b, slow)) + b"\n"
        count += 1
    return count


@pytest.mark.parametrize("carrier", [over_udp, over_tcp, over_hdlc])
def test_every_shape(carrier: object) -> None:
    script = carrier(*STEPS)  # type: ignore[operator]
    assert assert_equal(script) > len(STEPS) // 2


def test_without_clock() -> None:
    assert assert_equal(as_text(*(apdu for _, apdu in STEPS[:16]))) == 16


def test_unknown_uncertainty_and_no_uncertainty() -> None:
    script = over_udp(*STEPS[:4])
    script.records = [msgspec.structs.replace(r, uncertainty_ns=None) for r in script.records]
    assert assert_equal(script) == 4


@settings(max_examples=60)
@given(st.lists(st.sampled_from(STEPS), max_size=12), st.data())
def test_any_order_with_damage(steps: list[Step], data: st.DataObject) -> None:
    damaged = []
    for direction, apdu in steps:
        octets = bytearray(apdu)
        if octets and data.draw(st.integers(0, 3)) == 0:
            octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
        damaged.append((direction, bytes(octets)))
    assert_equal(over_udp(*damaged))


def test_caches_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "CACHED", 2)
    steps = [(UP, get(n & 15, bytes((1, 0, n, 8, 0, 255)))) for n in range(12)] * 2
    assert assert_equal(over_udp(*steps)) == 24
