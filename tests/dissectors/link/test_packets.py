"""From packets of any link type to payloads, addresses and ports; scapy is the encoder."""

import pytest
from encode.packets import HOSTS4, HOSTS6, PAYLOAD, PORTS, RAW, SAMPLES, ip4, outer, udp
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP, fragment
from scapy.layers.l2 import GRE
from scapy.packet import Raw

from dissectors.context import EMPTY
from dissectors.cursor import Node
from dissectors.layer import walk
from dissectors.link.packets import LAYERS, LINK_TYPES, Packet, Packets, first_layer


def unwrap(octets: bytes, link_type: int) -> Packet:
    return Packets().unwrap(octets, link_type, 1, 5)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_encapsulation(name: str) -> None:
    link_type, octets = SAMPLES[name]
    packet = unwrap(octets, link_type)
    assert packet.problems == ()
    assert packet.payload == PAYLOAD and packet.announced == len(PAYLOAD)
    assert (packet.source, packet.destination) in (HOSTS4, HOSTS6)
    assert (packet.source_port, packet.destination_port) == PORTS
    assert len(packet.hosts) == (8 if packet.source == HOSTS4[0] else 32)
    assert packet.transport == packet.layers[-1]
    assert packet.octets is octets
    assert packet.carrier == octets[: packet.start] + octets[packet.end :]
    assert (packet.records, packet.first_ns, packet.last_ns, packet.waits) == ((1,), 5, 5, False)
    if packet.transport == "tcp":
        assert (packet.sequence, packet.acknowledgement, packet.flags, packet.window) == (77, 99, 24, 501)


@pytest.mark.parametrize("name", ["vlan", "gre-all", "pptp", "gtp-u-extension", "l2tp", "extensions", "6in4"])
def test_layers(name: str) -> None:
    expected = {
        "vlan": "ethernet ipv4 udp",
        "gre-all": "raw-ip ipv4 gre ipv6 udp",
        "pptp": "raw-ip ipv4 gre ppp ipv4 udp",
        "gtp-u-extension": "raw-ip ipv4 udp gtp-u raw-ip ipv4 udp",
        "l2tp": "raw-ip ipv4 udp l2tp ppp ipv4 udp",
        "extensions": "raw-ip ipv6 udp",
        "6in4": "raw-ip ipv4 ipv6 tcp",
    }
    link_type, octets = SAMPLES[name]
    assert " ".join(unwrap(octets, link_type).layers) == expected[name]


def test_every_link_type_starts_with_a_layer() -> None:
    assert set(LINK_TYPES.values()) <= LAYERS.keys()
    assert first_layer(1) == "ethernet" and first_layer(147) == ""


def test_unknown_link_type_and_no_octets() -> None:
    packet = unwrap(b"abc", 147)
    assert (packet.transport, packet.carrier, packet.payload, packet.source) == ("other", b"abc", b"", "")
    assert unwrap(b"", 1).carrier == b""


def test_what_carries_no_transport_is_other() -> None:
    arp = bytes.fromhex("ffffffffffff0011223344550806") + bytes(28)
    assert unwrap(arp, 1).transport == "other"
    icmp = unwrap(bytes(ip4(proto=1) / Raw(b"\x08\0abcdef")), RAW)
    assert (icmp.transport, icmp.source, icmp.source_port) == ("other", HOSTS4[0], -1)
    assert len(icmp.carrier) == 28


def test_cut_by_the_capture() -> None:
    link_type, octets = SAMPLES["ethernet-tcp"]
    packet = unwrap(octets[:-6], link_type)
    assert packet.payload == PAYLOAD[:-6] and packet.announced == len(PAYLOAD)
    assert [p.kind.code for p in packet.problems] == ["ip.trunc"]


def test_segmentation_offload_writes_length_zero() -> None:
    packet = unwrap(bytes(ip4(len=0) / TCP(sport=1, dport=2) / Raw(b"x" * 70)), RAW)
    assert packet.payload == b"x" * 70 and packet.problems == ()


def test_tunnels_that_nest_too_deep() -> None:
    made = ip4() / udp()
    for _ in range(20):
        made = IP(src="10.0.0.1", dst="10.0.0.2") / made
    packet = unwrap(bytes(made), RAW)
    assert packet.transport == "other"
    assert packet.problems[-1].kind.code == "ip.tunnel-depth"


def test_a_tunnel_that_holds_no_packet_stays_udp() -> None:
    packet = unwrap(bytes(outer(UDP(sport=2152, dport=2152) / Raw(b"\x30\xff\x00\x04\0\0\0\x01abcd"))), RAW)
    assert (packet.transport, packet.source_port, packet.payload[:2]) == ("udp", 2152, b"\x30\xff")


def test_fragments_inside_a_tunnel_that_is_fragmented_itself() -> None:
    payload = bytes(i & 255 for i in range(3000))
    inside = [bytes(p) for p in fragment(ip4(id=5) / UDP(sport=1, dport=2) / Raw(payload), 1480)]
    packets = [
        bytes(p)
        for no, part in enumerate(inside)
        for p in fragment(IP(id=100 + no) / GRE(proto=0x0800) / Raw(part), 1000)
    ]
    assert len(inside) == 3 and len(packets) == 5
    for order in (packets, packets[::-1]):
        reader = Packets()
        results = [reader.unwrap(octets, RAW, no, no) for no, octets in enumerate(order)]
        *waiting, last = results
        assert all(p.waits for p in waiting) and not last.waits
        assert last.payload == payload and (last.source_port, last.destination_port) == (1, 2)
        assert sorted(last.records) == [0, 1, 2, 3, 4] and last.first_ns == 0 and last.last_ns == 4
        assert len(last.carrier) + len(payload) == sum(map(len, packets))
        assert reader.end() == []
    reader = Packets()
    for no, octets in enumerate(packets[:-1]):
        reader.unwrap(octets, RAW, no, no)
    (lost,) = reader.end()
    assert lost.packets == tuple(packets[:-1]) and lost.records == (0, 1, 2, 3)


def test_fragments_that_wait_too_long_are_given_up() -> None:
    first, second = (bytes(p) for p in fragment(ip4(id=5) / UDP(sport=1, dport=2) / Raw(bytes(1000)), 800))
    reader = Packets()
    assert reader.unwrap(first, RAW, 1, 0).waits and reader.given_up() == []
    assert reader.unwrap(second, RAW, 2, 61_000_000_000).waits
    assert [lost.packets for lost in reader.given_up()] == [(first,)]


MUTATED = st.builds(
    lambda sample, edits, cut, tail: (sample[0], _edit(sample[1], edits)[: len(sample[1]) - cut] + tail),
    st.sampled_from(sorted(SAMPLES.values())),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
    st.sampled_from([0, 0, 0, 1, 5, 20, 40, 60]),
    st.binary(max_size=4),
)


def _edit(octets: bytes, edits: list[tuple[int, int]]) -> bytes:
    out = bytearray(octets)
    for at, value in edits:
        out[at % len(out)] = value
    return bytes(out)


def nested(nodes: list[Node], start: int, end: int) -> None:
    for node in nodes:
        assert start <= node.start <= node.end <= end
        nested(node.children, node.start, node.end)


@given(st.lists(st.one_of(MUTATED, st.tuples(st.sampled_from(sorted(LINK_TYPES)), st.binary(max_size=80))), max_size=4))
@settings(max_examples=600)
def test_mutated_packets_never_raise_and_lose_nothing(packets: list[tuple[int, bytes]]) -> None:
    reader = Packets()
    total = out = 0
    for no, (link_type, octets) in enumerate(packets):
        packet = reader.unwrap(octets, link_type, no, no)
        assert not any(p.kind.code == "internal.error" for p in packet.problems)
        total += len(octets)
        if not packet.waits:
            out += len(packet.carrier) + len(packet.payload)
            assert 0 <= packet.start <= packet.end <= len(packet.octets)
            assert packet.announced >= 0
    assert out + sum(len(p) for lost in reader.end() for p in lost.packets) == total


@given(MUTATED)
@settings(max_examples=300)
def test_cursor_equals_trace(packet: tuple[int, bytes]) -> None:
    link_type, octets = packet
    plain = walk(octets, first_layer(link_type), LAYERS, EMPTY)
    traced = walk(octets, first_layer(link_type), LAYERS, EMPTY, trace=True)
    assert [(d.layer, d.start, d.end, d.value, d.problems) for d in plain] == [
        (d.layer, d.start, d.end, d.value, d.problems) for d in traced
    ]
    for d in traced:
        nested(list(d.tree), d.start, d.end)


def test_every_field_read_is_declared_by_its_layer() -> None:
    def codes(nodes: tuple[Node, ...] | list[Node]) -> set[str]:
        return {n.field.code for n in nodes}.union(*[codes(n.children) for n in nodes])

    for link_type, octets in SAMPLES.values():
        for d in walk(octets, first_layer(link_type), LAYERS, EMPTY, trace=True):
            assert codes(d.tree) <= {field.code for field in LAYERS[d.layer].fields}
