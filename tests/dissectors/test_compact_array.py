"""compact-array: elements without tags, and descriptions that promise more than the octets hold."""

import pytest
from encode import axdr as encode
from encode.generate import fixed
from hypothesis import given
from hypothesis import strategies as st

from dissectors import compact_array, data, tree
from dissectors.cursor import Cursor, Stop, Trace
from dissectors.data_types import Data


@given(st.lists(fixed, min_size=1, max_size=4), st.integers(1, 5))
def test_structures(columns: list[Data], rows: int) -> None:
    row = b"".join(encode.content(column) for column in columns)
    if not row or len(columns) > 3 * len(row):
        return
    description = b"\x02" + bytes((len(columns),)) + bytes(encode.tag(column.type) for column in columns)
    octets = b"\x13" + description + encode.octets(row * rows)
    c = Cursor(octets)
    made = data.build(c)
    assert c.left() == 0
    assert made.value == [Data("structure", columns)] * rows
    assert made.of == {"structure": [column.type for column in columns]}
    scanned = Cursor(octets)
    data.scan(scanned)
    assert scanned.pos == c.pos


@pytest.mark.parametrize(
    ("octets", "of", "values"),
    [
        ("131103010203", "unsigned", [1, 2, 3]),
        ("131100", "unsigned", []),
        ("1301000211040102 0304", {"array": [2, "unsigned"]}, [[1, 2], [3, 4]]),
        ("1309050141024243", "octet-string", ["41", "4243"]),
        ("130202110904 01020A0B", {"structure": ["unsigned", "octet-string"]}, [[1, "0A0B"]]),
    ],
)
def test_forms(octets: str, of: object, values: list[object]) -> None:
    made = data.build(Cursor(bytes.fromhex(octets.replace(" ", ""))))
    assert made.of == of
    plain = [[part.value for part in d.value] if isinstance(d.value, list) else d.value for d in made.value]
    assert plain == values


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("1300010 0", "apdu.data"),  # elements of no width
        ("13020001 00", "apdu.data"),
        ("1301FFFF0001FF", "apdu.data"),  # 65535 null-data in one octet
        ("1301FFFF01FFFF01FFFF1101FF", "apdu.trunc"),
        ("1313110100", "apdu.data"),  # compact-array inside
        ("13" + "010001" * 17 + "110100", "apdu.data"),
        ("13020511", "apdu.data"),  # five types described, one there
        ("1311050102", "apdu.trunc"),
        ("1312030102 03", "apdu.trunc"),  # half an element
        ("130B0100", "apdu.data"),
    ],
)
def test_what_stops(octets: str, code: str) -> None:
    problems = []
    for c, read in (
        (Cursor(bytes.fromhex(octets.replace(" ", ""))), data.scan),
        (Trace(bytes.fromhex(octets.replace(" ", ""))), data.build),
    ):
        with pytest.raises(Stop) as stopped:
            read(c)
        problems.append(stopped.value.problem)
        assert c.end == len(c.octets)
    assert problems[0] == problems[1]
    assert problems[0].kind.code == code


def test_many_values_of_few_octets_are_refused() -> None:
    """A structure of 250 null-data and one octet: 251 values an octet would be quadratic."""
    description = b"\x02\x81\xfb" + bytes(250) + b"\x11"
    octets = b"\x13" + description + encode.octets(bytes(1000))
    with pytest.raises(Stop) as stopped:
        data.scan(Cursor(octets))
    assert "more values" in stopped.value.problem.text


def test_nodes() -> None:
    octets = bytes.fromhex("131103010203")
    trace = Trace(octets)
    data.build(trace)
    assert tree.render(trace.finish(), octets) == [
        "0-6 [131103010203] Data: compact-array of 3",
        "  1-2 [11] Element type: unsigned",
        "  3-6 [010203] Contents: 3 elements",
        "    3-4 [01] Element: unsigned 1",
        "    4-5 [02] Element: unsigned 2",
        "    5-6 [03] Element: unsigned 3",
    ]


def test_description_of_class_62() -> None:
    c = Cursor(bytes.fromhex("020211010003060000"), 0, 7)
    described = compact_array.describe(c, 0)
    assert compact_array.json_of(described) == {"structure": ["unsigned", {"array": [3, "double-long-unsigned"]}]}
    assert c.left() == 0
