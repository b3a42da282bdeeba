"""Wireshark upper PDUs."""

import struct
from pathlib import Path

from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.link.exported import dissect
from dissectors.link.packets import Packets


def tag(number: int, value: bytes) -> bytes:
    padded = value + bytes(-len(value) % 4)
    return struct.pack("!HH", number, len(padded)) + padded


def test_names_addresses_and_ports() -> None:
    octets = (
        tag(12, b"dlms")
        + tag(20, bytes([192, 0, 2, 1]))
        + tag(21, bytes([192, 0, 2, 9]))
        + tag(24, b"\0\0\0\x02")
        + tag(25, b"\0\0\x0f\xdb")
        + tag(26, b"\0\0\xc3\x50")
        + tag(99, b"something new")
        + tag(0, b"")
        + b"PDU"
    )
    packet = Packets().unwrap(octets, 252, 1, 5)
    assert (packet.transport, packet.protocol, packet.payload) == ("exported", "dlms", b"PDU")
    assert (packet.source, packet.destination) == ("192.0.2.1", "192.0.2.9")
    assert (packet.source_port, packet.destination_port) == (4059, 50000)
    assert packet.carrier == octets[:-3] and packet.problems == ()
    assert dissect(Cursor(octets), EMPTY).transport == "tcp"


def test_ipv6_and_heuristic_name() -> None:
    octets = tag(22, b"s" * 16) + tag(23, b"d" * 16) + tag(13, b"hdlc_udp") + b"\0\0\0\x04abcd" + b"x"
    value = dissect(Cursor(octets), EMPTY)
    assert (value.protocol, value.source, value.destination) == ("hdlc_udp", b"s" * 16, b"d" * 16)
    assert (value.transport, value.source_port, value.destination_port) == ("", -1, -1)


def test_addresses_of_a_wrong_size_are_not_believed() -> None:
    octets = tag(20, b"") + tag(22, b"abcd") + tag(25, b"") + tag(0, b"")
    value = dissect(Cursor(octets), EMPTY)
    assert (value.source, value.destination, value.source_port) == (b"", b"", -1)


def test_no_end_tag() -> None:
    packet = Packets().unwrap(tag(12, b"dlms"), 252, 1, None)
    assert packet.transport == "other" and [p.kind.code for p in packet.problems] == ["ethernet.trunc"]
    assert packet.carrier == tag(12, b"dlms")


def test_corpus(corpus: Path) -> None:
    """Every packet of the recorded export is of dissector dlms, most are HDLC frames."""
    octets = (corpus / "pcap-exported-pdu" / "pcap-exported-pdu-001.pcap").read_bytes()
    at, frames, hdlc = 24, 0, 0
    while at < len(octets):
        size = int.from_bytes(octets[at + 8 : at + 12], "little")
        packet = Packets().unwrap(octets[at + 16 : at + 16 + size], 252, frames, None)
        assert packet.protocol == "dlms" and packet.problems == ()
        hdlc += packet.payload[0] == packet.payload[-1] == 0x7E
        at += 16 + size
        frames += 1
    assert frames == 56 and hdlc > 20
