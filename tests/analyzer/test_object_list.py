"""Object lists as catalogues: entries, versions, rights in words."""

from talk import NULL, arr, code, enum, i8, os, st, u8, u16

from analyzer import object_list
from analyzer.object_list import INVOKE, READ, WRITE
from dissectors.data_types import Data

OWN, LABEL = "0-0:40.0.0*255", "0-0:96.1.0*255"


def listed(version: int, mode: int, method: Data) -> Data:
    rights = st(arr(*[st(i8(i), enum(mode), NULL) for i in (1, 2, 4)]), arr(st(i8(1), method)))
    return arr(st(u16(15), u8(version), os(OWN), st(arr(), arr())), st(u16(1), u8(0), os(LABEL), rights))


def test_rights_of_old_versions() -> None:
    found = object_list.read(listed(1, 3, Data("boolean", True)))
    assert found is not None
    entry = found.entries[1, code(LABEL)]
    assert [found.allows(entry, READ, 2), found.allows(entry, WRITE, 2), found.allows(entry, READ, 3)] == [
        True,
        True,
        None,
    ]
    assert found.allows(entry, INVOKE, 1) is True
    row = object_list.table(found).rows[1]
    assert row[:5] == (1, "Data", 0, LABEL, "Device ID 1 (manufacturing number)")
    assert row[5:] == ("1 to 2 read and write; 4 read and write", "1 access")
    assert object_list.text(found) == "2 objects: 1 Association LN, 1 Data"


def test_rights_of_version_3_and_modes_without_words() -> None:
    found = object_list.read(listed(3, 2, enum(0)))
    assert found is not None
    entry = found.entries[1, code(LABEL)]
    assert [found.allows(entry, READ, 1), found.allows(entry, WRITE, 1), found.allows(entry, INVOKE, 1)] == [
        False,
        True,
        False,
    ]
    assert object_list.mode_words(0x82, 3, False) == "write, digitally signed response"
    assert object_list.mode_words(9, 1, False) == "mode 9"


def test_short_names() -> None:
    found = object_list.read(arr(st(Data("long", -0x600), u16(12), u8(2), os(OWN))))
    assert found is not None and not found.rights
    assert object_list.table(found).rows == ((12, "Association SN", 2, OWN, "Current association", "0xFA00"),)


def test_what_is_no_list() -> None:
    assert object_list.read(NULL) is None and object_list.read(arr(u8(1), u8(2))) is None
