import asn1tools
import pytest
from encode import acse as encode
from hypothesis import given
from hypothesis import strategies as st

from dissectors import ber
from dissectors.cursor import Cursor, Stop, Trace
from dissectors.field import Field

FIELD = Field("test.value", "Value")
ORACLE = asn1tools.compile_string(
    """T DEFINITIONS ::= BEGIN
    I ::= INTEGER
    O ::= OBJECT IDENTIFIER
    B ::= BIT STRING
    END""",
    "ber",
)


@given(st.integers(0, 1 << 31), st.integers(1, 4))
def test_length_of_every_form(n: int, width: int) -> None:
    c = Cursor(encode.length(n))
    assert ber.length(c) == n and not c.left() and not c.problems
    if n < 1 << 8 * width:
        c = Cursor(encode.length(n, width))
        assert ber.length(c) == n and not c.left()
        wasteful = encode.length(n, width) != encode.length(n)
        assert [p.kind.code for p in c.problems] == ["ber.long-form"] * wasteful


@pytest.mark.parametrize(
    ("octets", "n", "noted"),
    [("8105", 5, 1), ("820005", 5, 1), ("817F", 127, 1), ("8180", 128, 0), ("82 0100", 256, 0), ("05", 5, 0)],
)
def test_odd_but_legal_lengths(octets: str, n: int, noted: int) -> None:
    c = Cursor(bytes.fromhex(octets))
    assert ber.length(c) == n
    assert len(c.problems) == noted


@pytest.mark.parametrize("octets", ["80", "8500000000FF", "FF"])
def test_lengths_that_are_refused(octets: str) -> None:
    with pytest.raises(Stop) as stopped:
        ber.length(Cursor(bytes.fromhex(octets)))
    assert stopped.value.problem.kind.code == "ber.length"
    assert ("indefinite" in stopped.value.problem.text) == (octets == "80")


def test_length_octets_missing() -> None:
    with pytest.raises(Stop) as stopped:
        ber.length(Cursor(bytes.fromhex("8201")))
    assert stopped.value.problem.args == ("Length", 2, 1)


def test_tags() -> None:
    assert ber.tag(Cursor(b"\xa1")) == 0xA1
    assert ber.tag(Cursor(bytes.fromhex("5F1F"))) == 0x5F1F
    assert ber.tag(Cursor(bytes.fromhex("5F8101"))) == 0x5F8101
    with pytest.raises(Stop):
        ber.tag(Cursor(b"\x5f\xff\xff\xff\xff\xff"))


@given(st.lists(st.integers(0, 1 << 40), max_size=8), st.integers(0, 2), st.integers(0, 39))
def test_oid_against_asn1tools(arcs: list[int], first: int, second: int) -> None:
    dotted = ".".join(map(str, (first, second, *arcs)))
    assert ber.oid_text(ORACLE.encode("O", dotted)[2:]) == dotted


@pytest.mark.parametrize("octets", [b"", b"\x80", b"\x60\x85", b"\xff" * 4000 + b"\x01"])
def test_oid_that_is_none(octets: bytes) -> None:
    assert ber.oid_text(octets) is None


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_integer_against_asn1tools(value: int) -> None:
    assert ber.integer(Cursor(ORACLE.encode("I", value), 2), FIELD) == value


@pytest.mark.parametrize("n", [0, 9])
def test_integer_of_impossible_size(n: int) -> None:
    with pytest.raises(Stop):
        ber.integer(Cursor(bytes(n)), FIELD)


@given(st.binary(min_size=1, max_size=6), st.integers(0, 7))
def test_bit_string_against_asn1tools(octets: bytes, unused: int) -> None:
    n = 8 * len(octets) - unused
    c = Cursor(ORACLE.encode("B", (octets, n)), 2)
    value = ber.bit_string(c, FIELD, n)
    assert [value >> (n - 1 - i) & 1 for i in range(n)] == [octets[i // 8] >> (7 - i % 8) & 1 for i in range(n)]
    assert not c.problems and not c.left()


def test_bit_string_of_another_width() -> None:
    assert ber.bit_string(Cursor(bytes.fromhex("0780")), FIELD, 4) == 0b1000
    c = Cursor(bytes.fromhex("04F0"))
    assert ber.bit_string(c, FIELD, 1) == 1
    assert [p.kind.code for p in c.problems] == ["ber.value"]
    for bad in ("0880", "07"):
        with pytest.raises(Stop):
            ber.bit_string(Cursor(bytes.fromhex(bad)), FIELD, 1)


def test_component_keeps_to_its_length_and_shows_what_is_left() -> None:
    c = Trace(bytes.fromhex("A1 03 0102FF 77"))
    assert ber.component(c, FIELD, lambda c: (c.u8(FIELD), "one")) == 1
    (node,) = c.finish()
    assert (node.start, node.end, node.value, node.text) == (0, 5, 1, "one")
    assert [child.value for child in node.children] == [1, b"\x02\xff"]
    assert c.pos == 5 and c.end == 6


def test_stop_in_a_component_ends_only_the_component() -> None:
    c = Trace(bytes.fromhex("A1 01 01 77"))
    assert ber.component(c, FIELD, lambda c: (c.u16(FIELD), None)) is None
    assert (c.pos, c.end) == (3, 4)
    assert [p.kind.code for p in c.problems] == ["apdu.trunc"]
    assert c.problems[0].args == ("Value", 2, 1)
