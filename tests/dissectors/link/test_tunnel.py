"""Encapsulations with every optional part; test_packets.py has those that scapy makes."""

import pytest

from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Stop
from dissectors.link import tunnel
from dissectors.problem import TUNNEL_TRUNC

BY_NAME = {layer.name: layer for layer in tunnel.LAYERS}


@pytest.mark.parametrize(
    ("layer", "octets", "following", "identifier", "payload"),
    [
        ("gre", "0000 0800 aabb", "ipv4", -1, "aabb"),
        ("gre", "2000 86dd 00000007 aabb", "ipv6", 7, "aabb"),
        ("gre", "b000 0800 12340000 00000007 00000001 aabb", "ipv4", 7, "aabb"),
        ("gre", "4000 0800 12340000 0800 00 04 01020304 0000 00 00 aabb", "ipv4", -1, "aabb"),
        ("gre", "0000 88cc aabb", "", -1, "aabb"),
        ("gre", "0002 0800 aabb", "", -1, "aabb"),
        ("gre", "3081 880b 0002 0009 00000001 00000002 aabbcc", "ppp", 9, "aabb"),
        ("gre", "2081 880b 0000 0009 00000002", "", 9, ""),
        ("gtp-u", "30ff 0002 00000005 aabbcc", "raw-ip", 5, "aabb"),
        ("gtp-u", "32ff 0006 00000005 0001 00 00 aabb", "raw-ip", 5, "aabb"),
        ("gtp-u", "34ff 000a 00000005 0001 00 c0 01 1234 00 aabb", "raw-ip", 5, "aabb"),
        ("gtp-u", "34ff 0006 00000005 0001 00 c0 00 aa", "raw-ip", 5, "aa"),
        ("gtp-u", "3001 0000 00000000", "", 0, ""),
        ("l2tp", "0002 0001 0009 aabb", "ppp", 9, "aabb"),
        ("l2tp", "4002 000a 0001 0009 aabbcc", "ppp", 9, "aabb"),
        ("l2tp", "4a02 0012 0001 0009 0000 0000 0002 ffff aabb", "ppp", 9, "aabb"),
        ("l2tp", "c802 000c 0001 0000 0000 0000", "", 0, ""),
    ],
)
def test_layers(layer: str, octets: str, following: str, identifier: int, payload: str) -> None:
    buffer = bytes.fromhex(octets)
    c = Cursor(buffer, short=TUNNEL_TRUNC)
    value = BY_NAME[layer].dissect(c, EMPTY)
    assert (value.next, value.identifier) == (following, identifier)
    assert buffer[slice(*value.payload)].hex() == payload
    assert BY_NAME[layer].inner(value) == ((following, value.payload) if following and payload else None)


@pytest.mark.parametrize(
    ("layer", "octets"),
    [
        ("gre", "b000 0800 1234"),
        ("gre", "4000 0800 12340000 0800 00 ff 01"),
        ("gtp-u", "34ff 000a 00000005 0001 00 c0 ff 00"),
        ("l2tp", "0202 0001 0009 0040 00"),
    ],
)
def test_cut(layer: str, octets: str) -> None:
    with pytest.raises(Stop) as stopped:
        BY_NAME[layer].dissect(Cursor(bytes.fromhex(octets), short=TUNNEL_TRUNC), EMPTY)
    assert stopped.value.problem.kind.code == "tunnel.trunc"
