"""When octets ended, from when they were read: the bounds hold whatever the machine does."""

from hypothesis import given
from hypothesis import strategies as st

from captures.serial.octet_times import FLOOR_NS, WINDOW, Lateness, Reading, stamp

CHARACTER = 1_041_667


def test_one_octet_read_at_once() -> None:
    assert stamp(Reading(0, 1_000_000, 1_040_000, b"~"), 1, CHARACTER) == (1_040_000, 1_040_000, 40_000 + FLOOR_NS)


def test_octets_of_one_read_lie_a_character_apart() -> None:
    first, last, early = stamp(Reading(0, 0, 16_000_000, bytes(15)), 15, CHARACTER)
    assert (first, last) == (16_000_000 - 14 * CHARACTER, 16_000_000)
    assert early == 16_000_000 - 14 * CHARACTER + FLOOR_NS + 14 * CHARACTER * 2 // 100


def test_a_driver_that_holds_octets_back_widens() -> None:
    plain = stamp(Reading(0, 0, 40_000, b"~"), 1, CHARACTER)[2]
    assert stamp(Reading(0, 0, 40_000, b"~", delivery_ns=17_000_000), 1, CHARACTER)[2] == plain + 17_000_000


def test_octets_that_came_faster_than_a_line_can_were_held_back() -> None:
    """Eight octets within 100 us: only the last can be as late as the read."""
    assert stamp(Reading(0, 0, 100_000, bytes(8)), 8, CHARACTER)[2] == FLOOR_NS + 7 * CHARACTER * 2 // 100


@given(st.data())
def test_the_true_time_lies_within_for_any_delay(data: st.DataObject) -> None:
    """A line at full speed or with pauses; a reader that sleeps as it likes; looks before it reads are exact."""
    count = data.draw(st.integers(1, 40))
    now, ends = 1_000_000, []
    for _ in range(count):
        now += CHARACTER + data.draw(st.sampled_from([0, 0, 0, 500_000, 30_000_000]))
        ends.append(now)
    before, taken = 1_000_000, 0
    while taken < count:
        read_at = max(before + 1, ends[taken]) + data.draw(st.sampled_from([0, 20_000, 3_000_000, 50_000_000]))
        ready = sum(end <= read_at for end in ends) - taken
        first, last, early = stamp(Reading(0, before, read_at, bytes(ready)), ready, CHARACTER)
        for k in range(ready):
            latest = last - (ready - 1 - k) * CHARACTER
            assert latest - early <= ends[taken + k] <= latest
        assert first == last - (ready - 1) * CHARACTER
        taken += ready
        before = read_at


def test_lateness_forgets() -> None:
    late = Lateness(0.99)
    late.add(9_000_000)
    assert late.bound_ns == late.most_ns == 9_000_000
    for _ in range(2 * WINDOW):
        late.add(10_000)
    assert late.bound_ns == late.most_ns == 10_000
    late.add(1_000_000)  # a single one far beyond is looked at, at once
    assert late.most_ns == 1_000_000
    assert late.bound_ns == 10_000
