"""The table of APDU tags is complete and tells glo- and ded- forms from plain ones."""

from dissectors.record import Direction
from dissectors.tags import DIRECTION, TAGS


def test_every_tag_has_name_and_direction() -> None:
    assert TAGS.keys() == DIRECTION.keys()
    assert len(set(TAGS.values())) == len(TAGS)


def test_ciphered_forms_of_ln_services() -> None:
    for plain in (0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC7):
        assert TAGS[plain + 8] == f"glo-{TAGS[plain]}"
        assert TAGS[plain + 16] == f"ded-{TAGS[plain]}"
        assert DIRECTION[plain] == DIRECTION[plain + 8] == DIRECTION[plain + 16]


def test_ciphered_forms_of_sn_services() -> None:
    for plain in (0x01, 0x05, 0x06, 0x08, 0x0C, 0x0D, 0x0E, 0x16, 0x18):
        assert TAGS[plain + 0x20] == f"glo-{TAGS[plain]}"
        assert TAGS[plain + 0x40] == f"ded-{TAGS[plain]}"


def test_directions() -> None:
    assert DIRECTION[0x60] == DIRECTION[0xC0] == Direction.TO_SERVER
    assert DIRECTION[0x61] == DIRECTION[0xC4] == DIRECTION[0x0F] == Direction.TO_CLIENT
    assert DIRECTION[0xE0] == DIRECTION[0xDB] == Direction.UNKNOWN


def test_unassigned() -> None:
    assert not TAGS.keys() & {0x00, 0xC6, 0xCE, 0xD6, 0xDE, 0x7E, 0xFF}
