"""Ethernet frames; test_packets.py has the encapsulations that scapy makes."""

from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.link import ethernet
from dissectors.problem import ETH_TRUNC

ADDRESSES = bytes.fromhex("66778899aabb001122334455")


def read(octets: bytes) -> tuple[ethernet.Ethernet, list[str]]:
    c = Cursor(octets, short=ETH_TRUNC)
    return ethernet.dissect(c, EMPTY), [p.kind.code for p in c.problems]


def test_ethernet_ii() -> None:
    value, problems = read(ADDRESSES + b"\x08\x00abc")
    assert (value.destination.hex(), value.source.hex()) == ("66778899aabb", "001122334455")
    assert (value.type, value.vlans, value.llc, value.payload, problems) == (0x0800, (), b"", (14, 17), [])
    assert ethernet.inner(value) == ("ipv4", (14, 17))
    assert ethernet.mac(value.source) == "00:11:22:33:44:55"


def test_vlan_identifiers_outermost_first() -> None:
    value, problems = read(ADDRESSES + bytes.fromhex("88a8 6064 8100 0007 86dd") + b"x")
    assert (value.vlans, value.type, problems) == ((100, 7), 0x86DD, [])


def test_too_many_tags() -> None:
    value, problems = read(ADDRESSES + bytes.fromhex("81000001") * 5 + b"\x08\x00")
    assert value.vlans == (1, 1, 1, 1) and problems == ["ethernet.vlan-depth"]
    assert ethernet.inner(value) is None


def test_llc_keeps_its_length_and_is_named() -> None:
    value, problems = read(ADDRESSES + bytes.fromhex("0005 424203 aabb") + bytes(41))
    assert (value.type, value.llc, value.payload, problems) == (-1, b"\x42\x42\x03", (17, 19), [])
    assert ethernet.inner(value) is None


def test_snap_of_a_manufacturer_has_no_ethertype() -> None:
    value, _ = read(ADDRESSES + bytes.fromhex("000a aaaa03 00000c 0800 0102"))
    assert value.type == -1 and value.payload == (22, 24)
