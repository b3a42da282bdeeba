"""Every choice of every service: golden trees, both readers alike, damage, direction, trailing octets."""

import json
from collections.abc import Callable, Sequence

import pytest
from encode import xdlms as encode
from encode.generate import damaged
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import apdus, quickapdu, tree
from dissectors.apdu import Apdu
from dissectors.context import EMPTY, Context
from dissectors.cursor import Cursor, Node, Trace
from dissectors.record import Direction
from dissectors.tags import DIRECTION, TAGS
from dissectors.xdlms import APDUS, LAYER, dissect

NODES_AN_OCTET = 8
UNDAMAGED = frozenset(encode.EXAMPLES) - {"data-notification tagged-date", "ciase-ping-request"}


def nested(nodes: Sequence[Node], start: int, end: int) -> None:
    """Ranges lie inside their container, containers one behind the other (bit fields share their octets)."""
    at = start
    for node in nodes:
        assert start <= node.start <= node.end <= end, (node.field.code, node.start, node.end)
        if node.children:
            assert node.start >= at
            at = node.end
        nested(node.children, node.start, node.end)


def both(octets: bytes, context: Context = EMPTY) -> tuple[Apdu, Trace]:
    """The Apdu and the Trace, after checking what holds for any octets."""
    plain, traced = Cursor(octets), Trace(octets)
    apdu = apdus.dissect(plain, context)
    assert apdus.dissect(traced, context) == apdu
    assert traced.problems == plain.problems
    nodes = traced.finish()
    nested(nodes, 0, len(octets))
    assert sum(1 for _ in tree.walk(nodes)) <= NODES_AN_OCTET * len(octets) + 4
    for p in plain.problems:
        assert 0 <= p.start <= p.end <= len(octets)
    json.dumps(tree.to_json(nodes))
    json.dumps(tree.fields(nodes), allow_nan=False)
    return apdu, traced


@pytest.mark.parametrize("name", encode.EXAMPLES)
def test_golden(name: str, golden: Callable[[str, list[str]], None]) -> None:
    octets = encode.example(name)
    apdu, traced = both(octets)
    lines = tree.render(traced.root, octets)
    lines += ["", json.dumps(tree.fields(traced.root), indent=1), ""]
    lines += [f"{field}: {getattr(apdu, field)!r}" for field in Apdu.__struct_fields__]
    lines += ["", *(f"{p.start}-{p.end} {p.kind.code}: {p.text}" for p in traced.problems)]
    golden(f"apdu-{name.replace(' ', '.')}", lines)


@pytest.mark.parametrize("name", encode.EXAMPLES)
def test_name_and_end(name: str) -> None:
    octets = encode.example(name)
    apdu, traced = both(octets)
    expected = name.partition(" ")[0]
    assert apdu.name == ("get-request-normal" if expected == "gateway" else expected)
    assert traced.left() == 0
    kinds = {p.kind.code for p in traced.problems}
    assert kinds <= {"apdu.undissected", "apdu.notification-time"}


def test_every_choice_has_an_example() -> None:
    names = {name.partition(" ")[0] for name in encode.EXAMPLES}
    for choices in apdus.CHOICES.values():
        assert {name for name, _ in choices.values()} <= names
    plain = {name for tag, (name, _) in APDUS.items() if tag not in apdus.CHOICES}
    assert {name for name in plain if not name.startswith(("glo-", "ded-", "ciase-"))} <= names


def test_every_tag_has_a_dissector() -> None:
    assert set(TAGS) - set(apdus.GATEWAY) == set(APDUS)
    for tag, (name, _) in APDUS.items():
        assert TAGS[tag] == name


def test_services_fit_the_dissectors() -> None:
    """What a stopped APDU is called is what a whole one is called."""
    for name in encode.EXAMPLES:
        octets = encode.example(name)
        whole = apdus.dissect(Cursor(octets), EMPTY)
        if whole.service not in ("ciphered", "ciase"):
            assert apdus.SERVICES[whole.tag] == (whole.service, whole.role)
            if name != "gateway":
                stopped = apdus.partial(Cursor(octets), octets[0], 0)
                same = (whole.name, whole.service, whole.role, whole.invoke_id)
                assert (stopped.name, stopped.service, stopped.role, stopped.invoke_id) == same


@pytest.mark.parametrize("name", encode.EXAMPLES)
def test_every_cut(name: str) -> None:
    octets = encode.example(name)
    for n in range(len(octets)):
        apdu, traced = both(octets[:n])
        assert apdu.name
        if name.partition(" ")[0] not in ("ciase-ping-request", "rlrq", "rlre", "aarq", "aare"):
            assert traced.problems, n


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_damage_never_raises(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(encode.EXAMPLES)))
    octets = data.draw(damaged(encode.example(name)))
    context = Context(data.draw(st.sampled_from(Direction)))
    apdu, traced = both(octets, context)
    quick = quickapdu.dissect(octets, context.direction)
    if quick is not None:
        assert quick == apdu
        assert not traced.problems


@given(st.binary(max_size=60))
@settings(max_examples=200, deadline=None)
def test_noise_never_raises(octets: bytes) -> None:
    both(octets)


def test_empty() -> None:
    apdu, traced = both(b"")
    assert (apdu.name, apdu.service) == ("unknown", "unknown")
    assert [p.kind.code for p in traced.problems] == ["apdu.trunc"]


def test_unknown_tag() -> None:
    apdu, traced = both(bytes.fromhex("C60102"))
    assert (apdu.name, apdu.service) == ("unknown-0xC6", "unknown")
    assert [p.kind.code for p in traced.problems] == ["apdu.tag"]
    assert tree.fields(traced.root) == {"octets": "0102"}


@pytest.mark.parametrize("name", sorted(UNDAMAGED - {"gateway"}))
def test_direction(name: str) -> None:
    octets = encode.example(name)
    legal = DIRECTION[octets[0]]
    for direction in (Direction.TO_CLIENT, Direction.TO_SERVER):
        _, traced = both(octets, Context(direction))
        wrong = [p for p in traced.problems if p.kind.code == "apdu.tag"]
        assert bool(wrong) == (legal not in (direction, Direction.UNKNOWN))


def test_trailing_octets() -> None:
    apdu, traced = both(encode.example("get-response-normal") + b"\xaa\xbb")
    assert apdu.data == (4, 9)
    assert [(p.kind.code, p.start, p.end, p.args) for p in traced.problems] == [("apdu.trail", 9, 11, (2,))]


def test_gateway_inside_gateway() -> None:
    apdu, traced = both(bytes.fromhex("E60000E60000C002C100000001"))
    assert apdu.service == "unknown"
    assert [p.kind.code for p in traced.problems] == ["apdu.tag"]


def test_undefined_choice_keeps_the_service() -> None:
    apdu, traced = both(bytes.fromhex("C009C1"))
    assert (apdu.name, apdu.service, apdu.role, apdu.invoke_id) == ("get-request", "get", "request", 1)
    assert [(p.kind.code, p.args) for p in traced.problems] == [("apdu.choice", (9, "Get-Request"))]


def test_unknown_result_is_kept() -> None:
    apdu, traced = both(bytes.fromhex("C401C1014D"))
    assert apdu.result == "unknown-77"
    assert [p.kind.code for p in traced.problems] == ["apdu.value"]
    assert tree.fields(traced.root)["result"] == {"data-access-result": "unknown-77"}


def test_forged_counts_cost_little() -> None:
    """A count is believed only as far as octets are there; problems of one APDU are bounded."""
    for head in (
        "C003C184FFFFFFFF",
        "C504C184FFFFFFFF",
        "0584FFFFFFFF",
        "C401C1000184FFFFFFFF",
        "C401C1000484FFFFFFFF",
    ):
        _, traced = both(bytes.fromhex(head))
        assert traced.problems
    many = bytes.fromhex("C505C182EA60") + b"\x4d" * 60000
    c = Cursor(many)
    assert len(apdus.dissect(c, EMPTY).items or ()) == 60000
    assert len(c.problems) <= 64


def test_layers() -> None:
    assert LAYER is apdus.LAYER and dissect is apdus.dissect
    assert apdus.layer_of(encode.example("aarq")).name == "acse"
    assert apdus.layer_of(encode.example("get-request-normal")).name == "xdlms"
    assert apdus.layer_of(b"") is LAYER
    declared = {field.code: field for field in LAYER.fields}
    assert all(declared[field.code].clause for field in LAYER.fields if field.code.startswith(("get", "set", "action")))
    assert not declared.keys() & {field.code for field in apdus.ACSE_LAYER.fields}
