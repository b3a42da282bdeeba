"""Trees: a frame and a message as nodes with ranges in named buffers."""

from typing import Any

import pytest
from encode import xdlms
from scripts import (
    AARQ,
    DOWN,
    GET,
    GOT,
    OPENING,
    UP,
    Script,
    as_text,
    get,
    got,
    over_hdlc,
    over_tcp,
    over_udp,
    run_of,
    udp,
)

from analyzer import trees
from dissectors.context import EMPTY
from dissectors.cursor import Node
from dissectors.data_types import Data
from dissectors.field import Field

STEPS = (*OPENING, (UP, GET), (DOWN, GOT))


def flat(nodes: Any) -> list[trees.TreeNode]:
    out: list[trees.TreeNode] = []
    waiting = list(nodes)[::-1]
    while waiting:
        node = waiting.pop()
        out.append(node)
        waiting += node.children[::-1]
    return out


def every(script: Script) -> Any:
    run = run_of(script)
    return [(frame, trees.frame_tree(frame, run)) for frame in run.frames()]


@pytest.mark.parametrize(
    ("script", "index", "tops"),
    [
        (over_udp(*STEPS), 0, "ethernet ipv4 udp wrapper acse"),
        (over_udp(*STEPS), 2, "ethernet ipv4 udp wrapper xdlms"),
        (over_tcp(*STEPS), 0, "ethernet ipv4 tcp"),
        (over_tcp(*STEPS), 3, "ethernet ipv4 tcp wrapper acse"),
        (over_hdlc(*STEPS), 0, "hdlc"),
        (over_hdlc(*STEPS), 2, "hdlc llc acse"),
        (as_text(AARQ, GET), 1, "xdlms"),
        (as_text(AARQ, b"\xe6\xe6\x00" + GET), 1, "llc xdlms"),
    ],
)
def test_layers(script: Script, index: int, tops: str) -> None:
    frame, tree = every(script)[index]
    assert [node.field for node in tree] == tops.split()
    sizes = {"packet": len(frame.carrier) + (frame.layer == "tcp") * len(frame.octets), "frame": len(frame.octets)}
    for node in flat(tree):
        assert node.buffer in sizes
        if not node.field.startswith("problem."):
            assert 0 <= node.start <= node.end <= sizes[node.buffer], node


def test_the_packet_around_a_frame_is_not_called_cut() -> None:
    """Its payload is the other buffer."""
    _, tree = every(over_udp(*STEPS))[2]
    assert [node.field for node in flat(tree) if node.field.startswith("problem.")] == []


def test_noise_has_its_packet_only() -> None:
    _, tree = every(Script().add(udp(b"nothing")))[0]
    assert [node.field for node in tree][:3] == ["ethernet", "ipv4", "udp"]


def test_problems_are_nodes() -> None:
    _, tree = every(as_text(AARQ, GET + b"\xee"))[1]
    assert "problem.apdu.trail" in [node.field for node in flat(tree)]


def test_message_tree_is_in_the_apdu() -> None:
    run = run_of(over_udp(*STEPS))
    for message in run.messages():
        for node in flat(trees.message_tree(message, run)):
            assert node.buffer == "apdu" and 0 <= node.start <= node.end <= len(message.octets)


@pytest.mark.parametrize("name", xdlms.EXAMPLES)
def test_every_service_has_a_tree_and_values_for_filters(name: str) -> None:
    run = run_of(as_text(xdlms.example(name)), carrier="apdu")
    for message in run.messages():
        assert trees.message_tree(message, run)
        nodes = list(trees.descend(trees.message_nodes(message, run)))
        assert nodes or not message.octets
        for node in nodes:
            assert all(value is not None for value in trees.comparable(node))


def test_render() -> None:
    _, tree = every(as_text(AARQ, GET))[1]
    lines = trees.render(tree)
    assert lines[0].startswith("xdlms") and lines[1].startswith("  ") and lines[0].endswith(f"[0..{len(GET)}]")


def test_wire_text_is_escaped() -> None:
    apdu = got(Data("visible-string", "\x1b[2J"))
    for node in flat(trees.octet_trees(apdu, "apdu", "apdu")):
        assert node.text.isprintable()
    assert any("\\x1b[2J" in node.text for node in flat(trees.octet_trees(apdu, "apdu", "apdu", EMPTY)))


def test_comparable() -> None:
    field = Field("x.result", "Result", names={3: "denied"})
    assert list(trees.comparable(Node(field, 0, 1, 3))) == [3, "denied", "denied (3)"]
    bits = Field("x.bits", "Bits", bits=("a", "b"))
    assert list(trees.comparable(Node(bits, 0, 1, 3)))[:3] == [3, "a", "b"]
    assert list(trees.comparable(Node(Field("x.o", "O"), 0, 1, b"\xab"))) == ["AB"]
    assert list(trees.comparable(Node(Field("x.n", "N"), 0, 1))) == []
    own = Node(Field("x.t", "T"), 0, 1, 5)
    own.text = "1" * 9000  # digits without end stay a text
    assert list(trees.comparable(own)) == [5, "1" * 9000]


def test_octets_may_begin_anywhere_in_a_buffer() -> None:
    here, there = (flat(trees.octet_trees(GOT, "apdu", "frame", at=at)) for at in (0, 100))
    assert [(n.start + 100, n.end + 100, n.text) for n in here] == [(n.start, n.end, n.text) for n in there]


def test_secrets_are_masked() -> None:
    place = bytes.fromhex("0000280000FF")
    value = Data("octet-string", b"12345678".hex())
    asked, setting = get(1, place, 15, 7), xdlms.set_request_normal(0xC1, xdlms.attribute(15, place, 7), value)
    run = run_of(over_udp(*OPENING, (UP, asked), (DOWN, got(value)), (UP, setting)))
    for message in run.messages():
        texts = [node.text for node in flat(trees.message_tree(message, run))]
        assert "octet-string ••••••••" in texts or message.no not in (4, 5)
        assert not any("3132333435363738" in text for text in texts)


def test_severity() -> None:
    _, tree = every(as_text(AARQ, GET + b"\xee"))[1]
    found = [node for node in flat(tree) if trees.severity(node) is not None]
    assert [node.field for node in found] == ["problem.apdu.trail"] and found[0].text.startswith("warning: ")
