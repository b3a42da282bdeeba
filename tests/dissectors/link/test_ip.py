"""IPv4 and IPv6 headers, right and wrong; test_packets.py has those that scapy makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Stop
from dissectors.link import ip
from dissectors.link.ip import Ip, checksum
from dissectors.problem import IP_TRUNC

V4 = bytes.fromhex("4500001c 00010000 40118e99 c0000201 c6336402") + b"payload."
V6 = bytes.fromhex("60000000 0008 11 40") + b"s" * 16 + b"d" * 16 + b"payload."


def read(octets: bytes) -> tuple[Ip, list[str]]:
    c = Cursor(octets, short=IP_TRUNC)
    return (ip.dissect_v4 if octets[0] >> 4 != 6 else ip.dissect_v6)(c, EMPTY), [p.kind.code for p in c.problems]


def stops(octets: bytes, v6: bool = False) -> str:
    with pytest.raises(Stop) as stopped:
        (ip.dissect_v6 if v6 else ip.dissect_v4)(Cursor(octets, short=IP_TRUNC), EMPTY)
    return stopped.value.problem.kind.code


def patch(octets: bytes, at: int, value: str) -> bytes:
    new = bytes.fromhex(value)
    return octets[:at] + new + octets[at + len(new) :]


def test_v4() -> None:
    value, problems = read(V4)
    assert problems == []
    assert (ip.host(value.source), ip.host(value.destination), value.protocol) == ("192.0.2.1", "198.51.100.2", 17)
    assert (value.payload, value.announced, value.fragment) == ((20, 28), 8, False)


def test_v4_checksum_wrong_and_offloaded() -> None:
    assert read(patch(V4, 8, "41"))[1] == ["ip.checksum"]
    assert read(patch(V4, 10, "0000"))[1] == []


@pytest.mark.parametrize(
    ("at", "value", "code"),
    [(0, "65", "ip.version"), (0, "44", "ip.length"), (2, "0013", "ip.length"), (0, "4f", "ip.length")],
)
def test_v4_wrong(at: int, value: str, code: str) -> None:
    assert stops(patch(V4, at, value)) == code


def test_v4_fragment_has_no_inner_layer() -> None:
    value, _ = read(patch(V4, 6, "2003"))
    assert (value.offset, value.more, value.fragment) == (24, True, True)
    assert ip.inner(value) is None


def test_v4_padding_is_not_payload_and_a_cut_is_noted() -> None:
    assert read(V4 + b"pad")[0].payload == (20, 28)
    value, problems = read(V4[:-3])
    assert (value.payload, value.announced, problems) == ((20, 25), 8, ["ip.trunc"])


def test_v6() -> None:
    value, problems = read(V6)
    assert (value.protocol, value.payload, value.announced, problems) == (17, (40, 48), 8, [])
    assert ip.inner(value) == ("udp", (40, 48))
    assert stops(V4 + bytes(20), v6=True) == "ip.version"


def test_v6_fragment() -> None:
    octets = V6[:4] + bytes.fromhex("000c 2c 40") + V6[8:40] + bytes.fromhex("3c00 0009 0000002a 11223344")
    value, problems = read(octets)
    assert (value.protocol, value.offset, value.more, value.identification) == (60, 8, True, 42)
    assert (value.payload, problems) == ((48, 52), [])


def test_v6_extension_longer_than_the_packet() -> None:
    assert stops(V6[:6] + b"\0" + V6[7:40] + b"\x11\x09" + bytes(6), v6=True) == "ip.trunc"


def test_v6_too_many_extensions() -> None:
    chain = b"\x3c\0" + bytes(6)
    octets = V6[:4] + (8 * 20).to_bytes(2, "big") + b"\x3c\x40" + V6[8:40] + chain * 20
    value, problems = read(octets)
    assert problems == ["ip.extension"] and value.protocol == 60
    assert ip.inner(value) is None


def test_extension_past_the_announced_length() -> None:
    assert stops(V6[:4] + b"\0\x04\x3c\x40" + V6[8:40] + b"\x11\0" + bytes(6), v6=True) == "ip.length"


def test_hosts() -> None:
    assert ip.host(bytes.fromhex("20010db8000000000000000000000001")) == "2001:db8::1"
    assert ip.host(b"\x01") == "01" and ip.host(b"") == ""


@given(st.binary(min_size=2, max_size=60).filter(lambda b: len(b) % 2 == 0))
def test_checksum_against_the_sum_of_words(octets: bytes) -> None:
    total = sum(int.from_bytes(octets[i : i + 2], "big") for i in range(0, len(octets), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    assert checksum(octets) == 0xFFFF - total
