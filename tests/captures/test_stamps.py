"""Which end of a record a stamp marks, and how far it may be off."""

from captures.assume import Stated
from captures.linktype import TEXT_LINK
from captures.stamps import Stamps
from dissectors.record import Channel

T = 1_700_000_000_000_000_000
NINE_AT_9600 = 9 * 10 * 1_000_000_000 // 9600


def test_a_packet_is_an_instant():
    stamps = Stamps(Channel(0, "0", 1, resolution_ns=1000), Stated())
    assert stamps.plain
    assert stamps.times(T, 900) == (T, T, 2000)
    assert Stamps(Channel(0, "0", 1, resolution_ns=1), Stated(uncertainty_ns=5)).times(T, 9) == (T, T, 5)


def test_start_and_end_of_serial_octets():
    channel = Channel(0, "0", 250, resolution_ns=1, baud=9600, stamp="start")
    spread = NINE_AT_9600
    assert Stamps(channel, Stated()).times(T, 9, "start") == (T, T + spread, 1 + spread * 2 // 100)
    assert Stamps(channel, Stated()).times(T, 9, "end") == (T - spread, T, 1 + spread * 2 // 100)
    assert Stamps(channel, Stated()).times(T, 0, "end") == (T, T, 1)


def test_what_a_person_states_wins_over_the_record():
    channel = Channel(0, "0", 250, resolution_ns=1, baud=9600, stamp="end")
    stated = Stated(stamp="end", uncertainty_ns=16_000_000)
    first, last, off = Stamps(channel, stated).times(T, 9, "start")
    assert (first, last) == (T - NINE_AT_9600, T)
    assert off == 16_000_001 + NINE_AT_9600 * 2 // 100


def test_unknown_baud_or_stamp_decides_nothing():
    assert Stamps(Channel(0, "0", 147, stamp="unknown"), Stated()).times(T, 9) == (T, T, None)
    assert Stamps(Channel(0, "0", 147, baud=9600, stamp="unknown"), Stated()).times(T, 9) == (T, T, None)
    assert Stamps(Channel(0, "0", 250, stamp="start"), Stated()).times(T, 9, "start") == (T, T, None)
    assert Stamps(Channel(0, "0", 147, stamp="unknown"), Stated(uncertainty_ns=7)).times(T, 9) == (T, T, 7)


def test_a_serial_link_type_filled_with_packets():
    channel = Channel(0, "0", 147, resolution_ns=1000, baud=9600, stamp="packet")
    assert Stamps(channel, Stated(stamp="packet")).times(T, 9) == (T, T, 2000)


def test_a_text_log_is_uncertain_until_stated():
    channel = Channel(0, "0", TEXT_LINK, resolution_ns=1_000_000, baud=9600, stamp="end")
    assert Stamps(channel, Stated()).times(T, 9) == (T - NINE_AT_9600, T, None)
    off = Stamps(channel, Stated(uncertainty_ns=5)).times(T, 9)[2]
    assert off == 1_000_005 + NINE_AT_9600 * 2 // 100
    assert Stamps(Channel(0, "0", TEXT_LINK, stamp="unknown"), Stated()).times(T, 9) == (T, T, None)


def test_eleven_bits_take_longer():
    channel = Channel(0, "0", 250, baud=300, character_bits=11, stamp="start")
    first, last, _ = Stamps(channel, Stated()).times(T, 3, "start")
    assert last - first == 3 * 11 * 1_000_000_000 // 300


def test_without_a_clock():
    assert Stamps(Channel(0, "0", 1), Stated()).times(None, 9) == (None, None, None)
