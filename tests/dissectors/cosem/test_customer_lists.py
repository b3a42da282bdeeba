"""What is known of customer lists: every place has a code, every code a quantity that fits its unit."""

import pytest
from talk import code

from dissectors.cosem import customer_lists, units
from dissectors.cosem.customer_lists import AMPERE, COUNT, ISKRA, KAIFA, VAR_HOUR, VOLT, WATT, WATT_HOUR, CustomerList

QUANTITY = {"W": "power", "var": "power", "Wh": "energy", "varh": "energy", "A": "current", "V": "voltage"}


@pytest.mark.parametrize("known", [*KAIFA.values(), *ISKRA.values(), customer_lists.KAIFA_POWER])
def test_units_fit_the_codes(known: CustomerList) -> None:
    for place in known.places:
        assert len(place.obis) == 6
        if place.scaling is not None:
            found = customer_lists._quantity(place.obis)
            assert found is not None and found[1] == place.scaling[1]
            assert found[0] == QUANTITY[units.symbol(place.scaling[1])]


def test_lists_are_as_long_as_their_types_say() -> None:
    assert all(len(types) == len(known.places) for types, known in ISKRA.items())
    assert sorted(KAIFA) == [9, 13, 14, 18]


@pytest.mark.parametrize(
    ("key", "name", "scaling"),
    [
        ("Kamstrup", "1-1:1.8.0*255", (1, WATT_HOUR)),
        ("Kamstrup", "1-1:22.8.0*255", (1, WATT_HOUR)),
        ("Kamstrup", "1-1:3.8.0*255", (1, VAR_HOUR)),
        ("Kamstrup", "1-1:41.7.0*255", (0, WATT)),
        ("Kamstrup", "1-1:71.7.0*255", (-2, AMPERE)),
        ("Kamstrup", "1-1:53.7.0*255", (-2, COUNT)),
        ("VSE 0-6:25.9.0", "1-0:52.7.0*255", (-1, VOLT)),
        ("VSE 0-8:25.9.0", "1-0:52.7.0*255", (0, VOLT)),
        ("VSE 0-6:25.9.0", "1-0:13.7.0*255", None),
        ("Kamstrup", "0-1:1.0.0*255", None),
        ("Kamstrup", "1-1:81.7.0*255", None),
        ("", "1-1:1.8.0*255", None),
    ],
)
def test_scalers_by_key(key: str, name: str, scaling: tuple[int, int] | None) -> None:
    assert customer_lists.scaling(key, code(name)) == scaling


def test_keys() -> None:
    assert (
        customer_lists.by_identifier("Kamstrup_V0001") == "Kamstrup" and customer_lists.by_identifier("AIDON_V1") == ""
    )
    assert customer_lists.by_head(code("0-6:25.9.0*255")) == "VSE 0-6:25.9.0"
    assert customer_lists.by_head(code("0-0:25.9.0*255")) == ""
