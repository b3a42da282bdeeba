"""Fields and groups: values as JSON and as words."""

import pytest

from dissectors.field import Field, codes, group, json_value, name_of, text_value

PLAIN = Field("wrapper.length", "Length", unit="octets")
ENUM = Field("x.result", "Result", names={0: "success", 3: "read-write-denied"})
BITS = Field("x.conformance", "Conformance", bits=("first", None, "third"))
SHOWN = Field("x.obis", "OBIS", show=lambda value: f"<{value!r}>")


def test_key_is_the_last_part() -> None:
    assert PLAIN.key == "length" and Field("bare", "").key == "bare"


@pytest.mark.parametrize(
    ("format", "items"),
    [
        ("!BHI", ["B", "H", "I"]),
        ("!BH6s", ["B", "H", "6s"]),
        ("!3B", ["B", "B", "B"]),
        ("12s2H", ["12s", "H", "H"]),
        ("", []),
    ],
)
def test_codes(format: str, items: list[str]) -> None:
    assert codes(format) == items


def test_group() -> None:
    made = group("!BH6s", PLAIN, ENUM, BITS)
    assert (made.size, made.widths) == (9, (1, 2, 6))
    assert made.unpack_from(bytes(range(10)), 1) == (1, 0x0203, bytes(range(4, 10)))


def test_a_group_names_each_item() -> None:
    with pytest.raises(ValueError, match="'!BH' has 2 items for 1 fields"):
        group("!BH", PLAIN)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        (PLAIN, 5, 5), (PLAIN, None, None), (PLAIN, True, True), (PLAIN, b"\xab", "AB"), (PLAIN, bytearray(b"\x01"),
        "01"),
        (PLAIN, "text", "text"), (ENUM, 0, "success"), (ENUM, 77, "unknown-77"), (ENUM, True, True),
        (BITS, 0b101, ["first", "third"]), (BITS, 0b010, ["bit-1"]), (BITS, 0, []), (BITS, b"\x05", "05"),
    ],
)  # fmt: skip
def test_json(field: Field, value: object, shown: object) -> None:
    assert json_value(field, value) == shown


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (PLAIN, 5, "5 octets"), (PLAIN, None, ""), (ENUM, 3, "read-write-denied (3)"), (ENUM, 77, "unknown-77 (77)"),
        (ENUM, True, "true"), (BITS, 0b101, "first, third"), (BITS, 0, "none"), (SHOWN, 5, "<5>"), (SHOWN, None, ""),
        (Field("x", "X"), False, "false"), (Field("x", "X"), b"\x01\xff", "01FF"),
    ],
)  # fmt: skip
def test_text(field: Field, value: object, text: str) -> None:
    assert text_value(field, value) == text


def test_a_value_without_a_name_keeps_its_number() -> None:
    assert name_of(ENUM, 3) == "read-write-denied" and name_of(PLAIN, 3) == "unknown-3"
