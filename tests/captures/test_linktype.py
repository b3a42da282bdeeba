"""Link types by number, and RTAC_SERIAL's header."""

import pytest

from captures.linktype import EVENTS, SERIAL, USB, Event, largest, name, rtac
from dissectors.record import Direction, Flag

NAMED = """
0:NULL 1:Ethernet 113:LINUX_SLL 276:LINUX_SLL2 101:RAW 108:LOOP 9:PPP 147:USER0 162:USER15 250:RTAC_SERIAL
252:WIRESHARK_UPPER_PDU -1:text 189:USB_LINUX 220:USB_LINUX_MMAPPED 249:USBPCAP 4711:linktype-4711
"""


@pytest.mark.parametrize(
    ("number", "words"), [(int(n), w) for n, _, w in (row.partition(":") for row in NAMED.split())]
)
def test_names(number, words):
    assert name(number) == words


def test_serial_and_usb():
    assert 250 in SERIAL and 155 in SERIAL and 1 not in SERIAL
    assert {189, 220, 249} <= USB
    assert largest(1) == 262144 < largest(249)


def header(event: int, lines: int = 0, seconds: int = 5, microseconds: int = 7) -> bytes:
    return seconds.to_bytes(4, "big") + microseconds.to_bytes(4, "big") + bytes([event, lines, 0, 0])


@pytest.mark.parametrize(
    ("event", "direction", "flags", "stamp"),
    [
        (0, Direction.UNKNOWN, Flag.STATUS, ""),
        (1, Direction.TO_SERVER, 0, "start"),
        (2, Direction.TO_CLIENT, 0, "start"),
        (3, Direction.TO_SERVER, 0, "end"),
        (4, Direction.TO_CLIENT, 0, "end"),
        (5, Direction.UNKNOWN, Flag.LOSS, ""),
        (6, Direction.UNKNOWN, Flag.STATUS, ""),
        (7, Direction.UNKNOWN, Flag.FRAMING_ERROR, ""),
        (8, Direction.UNKNOWN, Flag.PARITY_ERROR, ""),
        (9, Direction.UNKNOWN, Flag.BREAK, ""),
        (10, Direction.UNKNOWN, Flag.OVERRUN, ""),
    ],
)
def test_rtac_events(event, direction, flags, stamp):
    found = rtac(header(event) + b"\x7e\xa0")
    assert (found.direction, found.flags, found.stamp) == (direction, flags, stamp)
    assert found.octets == b"\x7e\xa0"
    assert found.time_ns == 5_000_007_000


def test_every_event_has_its_row():
    assert set(EVENTS) == set(Event)


def test_rtac_remarks():
    assert rtac(header(0, 0b10100001)).remark == "status change, modem lines set: CTS RING"  # the top bit has no name
    assert rtac(header(6)).remark == "capture complete, modem lines set: none"
    assert rtac(header(200)).remark == "RTAC_SERIAL event 200 is not defined"
    assert rtac(header(1, seconds=0)).time_ns is None


@pytest.mark.parametrize("octets", range(12))
def test_a_cut_rtac_header_keeps_its_octets(octets):
    found = rtac(header(2)[:octets])
    assert found.octets == header(2)[:octets]
    assert found.direction == Direction.UNKNOWN and "cut after" in found.remark
