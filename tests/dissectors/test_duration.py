"""Duration: sums of unit terms, and what they need to become nanoseconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.duration import NS, Duration


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("50 ms", 50_000_000),
        ("120 s", 120_000_000_000),
        ("1500us", 1_500_000),
        ("99.5 ms", 99_500_000),
        ("2 min", 120 * 10**9),
        ("1 h", 3600 * 10**9),
        ("1 s + 1 ms", 1_001_000_000),
        ("0 s", 0),
    ],
)
def test_times_need_no_line(text: str, ns: int) -> None:
    assert Duration(text).ns(None) == ns
    assert not Duration(text).needs_line


def test_bit_times_and_characters_need_the_baud_rate() -> None:
    limit = Duration("330 bit + 50 ms")
    assert limit.ns(None) is None
    assert limit.ns(1e9 / 2400) == 187_500_000  # EN 13757-2 at 2400 Bd
    assert Duration("11 bit").ns(1e9 / 300) == 36_666_667
    assert Duration("2 char").ns(1e9 / 9600, 11) == round(22e9 / 9600)
    assert Duration("2 char").ns(1e9 / 9600) == round(20e9 / 9600)
    assert Duration("0 bit").ns(None) == 0


def test_slots_and_symbols_need_their_length() -> None:
    assert Duration("2 slot").ns(1.0) is None
    assert Duration("2 slot").ns(None, slot_ns=150e6) == 300_000_000
    assert Duration("3 symbol + 1 ms").ns(None, symbol_ns=1000.0) == 1_003_000


def test_counts_are_no_time() -> None:
    three = Duration("3 count")
    assert (three.count, three.unit, three.ns(1.0)) == (3, "count", None)
    assert Duration("80 percent").count == 80
    assert Duration("3 s").count is None


@pytest.mark.parametrize(
    "text", ["", "50", "ms", "50 parsec", "-1 s", "1 s +", "1 s - 1 ms", "1e3 s", "3 count + 1 s", "1 s 2 ms"]
)
def test_anything_else_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|cannot be added"):
        Duration(text)


def test_equal_by_value_and_named_by_text() -> None:
    assert Duration("1 s") == Duration("1000 ms")
    assert hash(Duration("1 s")) == hash(Duration("1000 ms"))
    assert Duration("1 s") != Duration("1 count")
    assert str(Duration("11 bit + 1 ms")) == "11 bit + 1 ms"
    assert "11 bit" in repr(Duration("11 bit"))


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(sorted(NS))), min_size=1, max_size=5))
def test_a_sum_is_the_sum_of_its_terms(terms: list[tuple[int, str]]) -> None:
    text = " + ".join(f"{number} {unit}" for number, unit in terms)
    assert Duration(text).ns(None) == sum(number * NS[unit] for number, unit in terms)
