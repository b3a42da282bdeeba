"""fuse: one call for a whole stack of headers reads what the layers read one by one."""

import pytest
from encode.wrapper import pdu
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import ACK, Tcp, udp

from dissectors.context import EMPTY
from dissectors.field import Field, group
from dissectors.fuse import fuse
from dissectors.layer import walk
from dissectors.link.packets import LAYERS as PACKETS
from dissectors.link.packets import Packets
from dissectors.link.stage import TCP_CHAIN, UDP_CHAIN

A, B, C = Field("t.a", "A"), Field("t.b", "B"), Field("t.c", "C")
HEAD = group("!BHB", A, B, C)


def test_chain() -> None:
    chain = fuse((HEAD, (B,), {"t.a": 7}), (HEAD, (A, C), {"t.b": (0x0100, 0xFF00)}))
    assert chain.size == 8
    assert chain.unpack_from(bytes((7, 1, 2, 3, 4, 1, 9, 6)), 0) == (0x0102, 4, 6)
    assert (chain.mask, chain.pattern) == (0xFF000000_00FF0000, 0x07000000_00010000)


def test_fixed_fields_must_be_of_the_group() -> None:
    with pytest.raises(ValueError, match=r"t\.x"):
        fuse((HEAD, (), {"t.x": 1}))


def fits(chain: object, octets: bytes) -> bool:
    size, mask, pattern = chain.size, chain.mask, chain.pattern  # type: ignore[attr-defined]
    return len(octets) >= size and int.from_bytes(octets[:size], "big") & mask == pattern


UDP_PACKET = udp(pdu(b"\xc0\x01\xc1\x00\x03\x01\x00\x01\x08\x00\xff\x02\x00"))
TCP_PACKET = Tcp().segment(pdu(b"\xc0\x01\xc1"), True, ACK)


@settings(max_examples=200)
@given(
    st.sampled_from([UDP_PACKET, TCP_PACKET]), st.lists(st.tuples(st.integers(0, 61), st.integers(0, 255)), max_size=2)
)
def test_a_packet_that_fits_is_read_as_the_layers_read_it(packet: bytes, changes: list[tuple[int, int]]) -> None:
    octets = bytearray(packet)
    for at, value in changes:
        octets[at] = value
    whole = bytes(octets)
    p = Packets().unwrap(whole, 1, 1, 0)
    if fits(UDP_CHAIN, whole):
        length, source, destination, sport, dport, udp_length, _, _, _ = UDP_CHAIN.unpack_from(whole, 0)
        assert [d.layer for d in walk(whole, "ethernet", PACKETS, EMPTY)][:2] == ["ethernet", "ipv4"]
        if p.transport == "udp":
            assert (p.hosts, p.source_port, p.destination_port) == (source + destination, sport, dport)
        assert (length, udp_length) == (int.from_bytes(whole[16:18], "big"), int.from_bytes(whole[38:40], "big"))
    elif fits(TCP_CHAIN, whole):
        _, source, destination, sport, dport, sequence, ack, _, flags = TCP_CHAIN.unpack_from(whole, 0)
        if p.transport == "tcp":
            assert (p.hosts, p.source_port, p.destination_port) == (source + destination, sport, dport)
            assert (p.sequence, p.acknowledgement, p.flags & 0xFF) == (sequence, ack, flags)


def test_the_shipped_chains_fit_plain_packets_only() -> None:
    assert fits(UDP_CHAIN, UDP_PACKET) and not fits(UDP_CHAIN, TCP_PACKET)
    assert fits(TCP_CHAIN, TCP_PACKET) and not fits(TCP_CHAIN, UDP_PACKET)
    for at, value in (
        (12, 0x86),
        (14, 0x46),
        (20, 0x20),
        (23, 1),
        (43, 2),
    ):  # type, header length, fragment, protocol, version
        changed = bytearray(UDP_PACKET)
        changed[at] = value
        assert not fits(UDP_CHAIN, bytes(changed)), at
