import msgspec
import pytest

from dissectors.cosem import tables, units


def test_load() -> None:
    assert tables.load("units", list[units.Unit])[0] == units.Unit(1, "a", "year", "time")


def test_a_table_of_another_shape_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        tables.load("units", dict[str, int])
