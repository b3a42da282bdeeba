"""Link types without Ethernet; test_packets.py has those that scapy makes."""

import pytest

from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.link import pseudo
from dissectors.problem import ETH_TRUNC

BY_NAME = {layer.name: layer for layer in pseudo.LAYERS}


@pytest.mark.parametrize(
    ("layer", "octets", "following", "type", "start"),
    [
        ("null", "02000000 45", "ipv4", 2, 4),
        ("null", "00000002 45", "ipv4", 2, 4),
        ("null", "1c000000 60", "ipv6", 28, 4),
        ("null", "07000000 60", "", 7, 4),
        ("loop", "00000018 60", "ipv6", 24, 4),
        ("loop", "18000000 60", "", 0x18000000, 4),
        ("raw-ip", "45", "ipv4", 4, 0),
        ("raw-ip", "60", "ipv6", 6, 0),
        ("raw-ip", "00", "", 0, 0),
        ("raw-ip", "", "", -1, 0),
        ("ppp", "0021 45", "ipv4", 0x21, 2),
        ("ppp", "ff030057 60", "ipv6", 0x57, 4),
        ("ppp", "21 45", "ipv4", 0x21, 1),
        ("ppp", "c021 01", "", 0xC021, 2),
        ("ppp-direction", "00 ff03 21 45", "ipv4", 0x21, 4),
        ("sll", "0000 0001 0006 0102030405060000 0806 aa", "", 0x0806, 16),
        ("sll2", "86dd 0000 00000002 0001 04 06 0102030405060000 60", "ipv6", 0x86DD, 20),
    ],
)
def test_layers(layer: str, octets: str, following: str, type: int, start: int) -> None:
    buffer = bytes.fromhex(octets)
    value = BY_NAME[layer].dissect(Cursor(buffer, short=ETH_TRUNC), EMPTY)
    assert (value.next, value.type, value.payload) == (following, type, (start, len(buffer)))
    assert BY_NAME[layer].inner(value) == ((following, value.payload) if following else None)
