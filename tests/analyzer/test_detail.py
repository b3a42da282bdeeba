"""Details of rows: each node lies in one of the buffers, with the octets that it speaks of; secrets stay masked."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from encode import acse, xdlms
from encode.security import Protection
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import (
    DOWN,
    GET,
    GOT,
    OPENING,
    PROFILES,
    UP,
    Link,
    Script,
    Step,
    as_text,
    get,
    got,
    on_line,
    opened,
    over_hdlc,
    over_tcp,
    over_udp,
    udp,
)

import analyzer
from analyzer import trees
from analyzer.analysis import Analysis
from analyzer.detail import Detail, detail
from analyzer.trees import TreeNode
from dissectors.data_types import Data
from dissectors.keys import KeyRing, KeySet, Secret
from dissectors.problem import Severity

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
RAW = b"\x09\x08" + bytes(range(8))
LLS = bytes.fromhex("0000280000FF")  # association LN, attribute 7 is its secret
TITLE, KEY, AUTHENTICATION = b"MMM\0\0\0\0\1", bytes(range(16)), bytes(range(16, 32))
BLOCKS: tuple[Step, ...] = (
    *opened(),
    (UP, GET),
    (DOWN, xdlms.get_response_with_datablock(0xC1, False, 1, RAW[:5])),
    (UP, bytes.fromhex("C002C100000001")),
    (DOWN, xdlms.get_response_with_datablock(0xC1, True, 2, RAW[5:])),
)


def segmented() -> Script:
    link = Link()
    apdu = b"\xe6\xe7\x00" + got(Data("octet-string", "00" * 40))
    return on_line(
        *link.up(), *link.talk(*OPENING, (UP, GET)),
        (DOWN, link.frame("I", False, info=apdu[:30], ns=1, nr=2, segmented=True)), (UP, link.frame("RR", nr=2)),
        (DOWN, link.frame("I", False, info=apdu[30:], ns=2, nr=2)),
    )  # fmt: skip


def general(last: bool, number: int, raw: bytes) -> bytes:
    return bytes((0xE0, last << 7 | (not last) << 6 | 1)) + number.to_bytes(2, "big") + bytes((0, 0, len(raw))) + raw


SCRIPTS: dict[str, Script] = {
    "udp": over_udp(*OPENING, (UP, GET), (DOWN, GOT), (UP, GET)),
    "tcp": over_tcp(*OPENING, (UP, GET), (DOWN, GOT)),
    "hdlc": over_hdlc(*OPENING, (UP, GET), (DOWN, GOT)),
    "text": as_text(GET, GOT),
    "blocks": over_udp(*BLOCKS),
    "general": over_udp(*OPENING, (DOWN, general(False, 1, GOT[:4])), (DOWN, general(True, 2, GOT[4:]))),
    "lists": over_udp(*opened(), (UP, xdlms.example("get-request-with-list"))),
    "segments": segmented(),
    "problems": over_udp((UP, GET + b"\xee"), (DOWN, b"\xc4\x01"), (DOWN, b"\xfe"), (UP, acse.aarq(3, 1, b"12345678"))),
    "push": over_udp((DOWN, xdlms.example("data-notification dated"))),
    "ciphered": over_udp((UP, xdlms.example("glo-get-request"))),
    "noise": on_line(*Link().up(), (UP, b"\x00\x01\x02")),
    "nothing": Script().add(udp(b"hello")),
}


def load(script: Script, ring: KeyRing | None = None) -> Analysis:
    made = Analysis(script.channels, PROFILES)
    for _ in made.load(script.records, ring=ring):
        pass
    return made


@pytest.fixture
def ring() -> KeyRing:
    """The test's keys."""
    made = KeyRing()
    made.add(KeySet(system_title=TITLE, encryption=Secret(KEY), authentication=Secret(AUTHENTICATION)))
    return made


def carried(a: Analysis, frame: int) -> list[int]:
    return [m.no for m in a.rows("message") if frame in m.pdu.frames]  # type: ignore[union-attr]


def every(a: Analysis) -> Iterator[Detail]:
    for no in range(1, len(a.frames) + 1):
        yield detail(a, "frame", no)
        yield detail(a, "frame", no, carried(a, no))
    for no in range(1, len(a.messages) + 1):
        yield detail(a, "message", no)
    for no in range(1, len(a.exchanges) + 1):
        yield detail(a, "exchange", no)


def flat(nodes: Any) -> list[TreeNode]:
    out: list[TreeNode] = []
    waiting = list(nodes)[::-1]
    while waiting:
        node = waiting.pop()
        out.append(node)
        waiting += node.children[::-1]
    return out


def sound(found: Detail) -> None:
    """Every node in a buffer of the detail, or without octets; nothing of ours failed; all of it printable."""
    sizes = {buffer.name: len(buffer.octets) for buffer in found.buffers}
    assert len(sizes) == len(found.buffers)
    assert found.roots and found.title.isprintable()
    for node in flat(found.roots):
        assert node.field != "problem.internal.error", node
        assert node.text.isprintable() and node.label.isprintable(), node
        if node.buffer:
            assert 0 <= node.start <= node.end <= sizes[node.buffer], node
        else:
            assert (node.start, node.end) == (0, 0), node


def buffer(found: Detail, name: str) -> bytes:
    return {b.name: b.octets for b in found.buffers}[name]


def named(found: Detail, field: str) -> TreeNode:
    return next(node for node in flat(found.roots) if node.field == field)


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_node_lies_in_its_buffer(name: str) -> None:
    for found in every(load(SCRIPTS[name])):
        sound(found)


@pytest.mark.parametrize("path", sorted(DEMO.glob("*.pcapng")), ids=lambda path: path.stem)
def test_demo(path: Path) -> None:
    a = analyzer.open(str(path))
    for found in every(a):
        sound(found)
    frame = detail(a, "frame", 1)
    assert frame.title.startswith("Frame 1: ") and frame.roots[0].field == "frame"
    captured = a.frame(1)
    assert {b.octets for b in frame.buffers} <= {captured.octets, captured.carrier}


@pytest.mark.parametrize("name", ["udp", "tcp", "hdlc"])
def test_an_apdu_in_one_frame_is_shown_in_the_frame(name: str) -> None:
    a = load(SCRIPTS[name])
    last = next(m for m in a.rows("message") if m.pdu.octets == GET)  # type: ignore[union-attr]
    found = detail(a, "frame", last.pdu.frames[0], [last.no])  # type: ignore[union-attr]
    apdu = named(found, "xdlms")
    assert apdu.buffer == "frame" and buffer(found, "frame")[apdu.start : apdu.end] == GET
    assert [node.field for node in found.roots].count("xdlms") == 1
    code = next(node for node in flat(found.roots) if node.label == "Instance id")
    assert buffer(found, "frame")[code.start : code.end] == xdlms.OBIS
    message = detail(a, "message", last.no)
    there = named(message, "xdlms")
    assert buffer(message, there.buffer)[there.start : there.end] == GET and there.buffer.startswith("frame ")


def test_an_apdu_of_several_frames_is_reassembled() -> None:
    a = load(SCRIPTS["segments"])
    m = a.message(len(a.messages))
    first, last = m.pdu.frames[0], m.pdu.frames[-1]
    found = detail(a, "frame", last, [m.no])
    assert buffer(found, "reassembled") == m.pdu.octets and named(found, "xdlms").buffer == "reassembled"
    part = detail(a, "frame", first, [m.no])
    assert [b.name for b in part.buffers] == ["frame"]
    assert not [node for node in flat(part.roots) if node.field == "xdlms"]
    assert named(part, "message").label == f"Part of message {m.no}: get-response-normal"
    whole = detail(a, "message", m.no)
    assert [b.name for b in whole.buffers] == [f"frame {first}", f"frame {last}", "reassembled"]


def test_the_value_of_a_block_transfer_is_joined() -> None:
    a = load(SCRIPTS["blocks"])
    found = detail(a, "message", len(a.messages))
    assert buffer(found, "joined") == RAW
    value = next(node for node in found.roots if node.buffer == "joined")
    assert value.text == "octet-string 0001020304050607" and (value.start, value.end) == (0, 10)


def test_general_blocks_are_joined() -> None:
    a = load(SCRIPTS["general"])
    found = detail(a, "message", len(a.messages))
    assert buffer(found, "general blocks") == GOT
    assert [node.buffer for node in found.roots if node.field == "xdlms"] == ["frame 4", "general blocks"]


def test_a_plaintext_never_lies_in_the_frame(ring: KeyRing) -> None:
    protection = Protection(0x30, TITLE, KEY, AUTHENTICATION)
    a = load(over_udp((UP, protection.general(GET))), ring)
    found = detail(a, "frame", 1, [1])
    sound(found)
    assert buffer(found, "deciphered") == GET and GET not in buffer(found, "frame")
    assert [node.buffer for node in found.roots if node.field == "xdlms"] == ["frame", "deciphered"]
    security = named(found, "security")
    assert security.buffer == "frame" and security.text == "ok, authenticated-encrypted"
    told = {node.label: node.text for node in security.children}
    assert told["System title"] == TITLE.hex().upper() and told["Invocation counter"] == "1"
    assert told["Key"].startswith("global unicast encryption key")
    assert KEY.hex().upper() not in str(found)
    assert not [node for node in flat(found.roots) if node.field == "problem.apdu.undissected"]
    closed = detail(load(over_udp((UP, protection.general(GET)))), "frame", 1, [1])
    assert [node for node in flat(closed.roots) if node.field == "problem.apdu.undissected"]


def test_without_a_key_it_says_which_was_looked_for() -> None:
    a = load(SCRIPTS["ciphered"])
    told = {node.label: node.text for node in named(detail(a, "message", 1), "security").children}
    assert told["Status"] != "ok" and told["Reason"]
    assert "Key" not in told


def test_a_dedicated_key_is_nowhere(ring: KeyRing) -> None:
    key = bytes.fromhex("C0FFEE00112233445566778899AABBCC")
    initiate = Protection(0x30, TITLE, KEY, AUTHENTICATION).glo(acse.initiate_request(key=key))
    a = load(over_udp((UP, acse.aarq(3, title=TITLE, user=initiate))), ring)
    found = detail(a, "message", 1)
    sound(found)
    assert len(buffer(found, "deciphered")) == len(acse.initiate_request(key=key))
    assert all(key not in b.octets for b in found.buffers)
    assert key.hex().upper() not in str([node.text for node in flat(found.roots)]).upper()


def secret_steps() -> list[Step]:
    value = Data("octet-string", b"12345678".hex())
    setting = xdlms.set_request_normal(0xC1, xdlms.attribute(15, LLS, 7), value)
    return [(UP, get(1, LLS, 15, 7)), (DOWN, got(value)), (UP, setting)]


def test_secrets_are_masked_in_the_tree() -> None:
    a = load(over_udp(*OPENING, *secret_steps()))
    for no in (4, 5):
        for found in (detail(a, "frame", no, [no]), detail(a, "message", no), detail(a, "exchange", no - 2)):
            texts = [node.text for node in flat(found.roots)]
            assert "octet-string ••••••••" in texts
            assert not [text for text in texts if "12345678" in text or b"12345678".hex() in text]
    assert "octet-string ••••••••" in [node.text for node in flat(detail(a, "frame", 5).roots)]  # a request says so


def test_secrets_are_zeroed_in_buffers_that_no_capture_shows(ring: KeyRing) -> None:
    protection = Protection(0x30, TITLE, KEY, AUTHENTICATION)
    apdu = secret_steps()[2][1]
    a = load(over_udp((UP, protection.general(apdu))), ring)
    found = detail(a, "message", 1)
    assert buffer(found, "deciphered") == apdu[:-10] + bytes(10)
    sound(found)


def test_problems_have_severity_and_clause() -> None:
    a = load(SCRIPTS["problems"])
    found = [node for node in flat(detail(a, "message", 1).roots) if node.field == "problem.apdu.trail"]
    assert len(found) == 1
    assert trees.severity(found[0]) is Severity.WARNING and found[0].text.startswith("warning: ")
    assert trees.severity(detail(a, "message", 1).roots[0]) is None
    clauses = [node.text for node in flat(detail(a, "message", 4).roots) if node.field.startswith("problem.")]
    assert any(text.endswith("]") for text in clauses)


def test_meaning_and_table() -> None:
    scaler = got(Data("structure", (Data("integer", -3), Data("enum", 30))), 2)
    script = over_udp((UP, get(1)), (DOWN, got(Data("long", 5000))), (UP, get(2, attribute=3)), (DOWN, scaler))
    found = detail(load(script), "message", 2)
    assert named(found, "text").text == "= 5.000 Wh" and "1-0:1.8.0*255" in named(found, "text").label
    rows = Data("array", tuple([Data("structure", (Data("unsigned", i), Data("long", 1))) for i in range(3)]))
    found = detail(load(over_udp((UP, get(1, class_id=7)), (DOWN, got(rows)))), "message", 2)
    table = named(found, "table")
    assert [node.label for node in table.children] == ["columns", "row 1", "row 2", "row 3"]
    assert table.children[3].text == "2 | 1"


def test_exchange() -> None:
    a = load(SCRIPTS["udp"])
    found = detail(a, "exchange", 2)
    told = {node.label: node.text for node in found.roots[0].children}
    assert told["Service"] == "get" and told["Result"] == "success"
    assert told["Response time"].startswith("10.000 ms (") and " to " in told["Response time"]
    assert [node.label.partition(":")[0] for node in found.roots[1:]] == ["Request", "Response"]
    assert [b.name for b in found.buffers] == ["packet 3", "frame 3", "packet 4", "frame 4"]
    assert detail(a, "frame", 3).title.startswith("Frame 3: wrapper, ")
    silent = detail(a, "exchange", 3)
    assert silent.title.endswith("no answer") and len(silent.roots) == 2


def test_a_part_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ValueError("ours")

    monkeypatch.setattr("analyzer.detail.meaning_nodes", broken)
    found = detail(load(SCRIPTS["udp"]), "message", 3)
    assert "ValueError" in named(found, "problem.internal.error").text and named(found, "xdlms")


def test_no_such_level() -> None:
    with pytest.raises(KeyError):
        detail(load(SCRIPTS["udp"]), "finding", 1)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(SCRIPTS)),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 300), st.integers(0, 255), st.integers(0, 60)), max_size=6),
)
def test_no_octets_raise(name: str, damage: list[tuple[int, int, int, int]]) -> None:
    original = SCRIPTS[name]
    script = Script(channels=original.channels, link_type=original.channels[0].link_type, clock=original.clock)
    made = [r.octets for r in original.records]
    for index, at, value, cut in damage:
        octets = bytearray(made[index % len(made)])
        octets[at % len(octets)] = value
        made[index % len(made)] = bytes(octets[: max(1, len(octets) - cut)])
    for octets in made:
        script.add(bytes(octets))
    for found in every(load(script)):
        sound(found)
