"""UDP headers, and which payloads are seen through."""

import pytest

from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Stop
from dissectors.link import udp
from dissectors.problem import UDP_TRUNC


def read(octets: bytes) -> tuple[udp.Udp, list[str]]:
    c = Cursor(octets, short=UDP_TRUNC)
    return udp.dissect(c, EMPTY), [p.kind.code for p in c.problems]


def test_header() -> None:
    value, problems = read(bytes.fromhex("0fdb c350 000b 0000 616263 7061"))
    assert (value.source_port, value.destination_port, value.payload, value.announced) == (4059, 50000, (8, 11), 3)
    assert (value.tunnel, problems) == ("", [])


def test_length_of_more_than_there_is() -> None:
    value, problems = read(bytes.fromhex("0fdb c350 0020 0000 6162"))
    assert (value.payload, value.announced, problems) == ((8, 10), 24, ["udp.length"])


def test_length_of_less_than_the_header() -> None:
    with pytest.raises(Stop) as stopped:
        read(bytes.fromhex("0fdb c350 0007 0000"))
    assert stopped.value.problem.kind.code == "udp.length"


def test_length_zero_is_all_there_is() -> None:
    assert read(bytes.fromhex("0fdb c350 0000 0000 616263"))[0].payload == (8, 11)


@pytest.mark.parametrize(
    ("ports", "payload", "tunnel"),
    [
        ("0868 0868", "30ff", "gtp-u"),
        ("0868 0868", "3001", ""),
        ("0868 c350", "0001", ""),
        ("06a5 06a5", "0002", "l2tp"),
        ("06a5 06a5", "c802", ""),
        ("06a5 06a5", "0001", ""),
        ("06a5 06a5", "", ""),
        ("1000 1000", "30ff", ""),
    ],
)
def test_tunnels(ports: str, payload: str, tunnel: str) -> None:
    octets = bytes.fromhex(ports + "0000 0000" + payload)
    value, _ = read(octets)
    assert value.tunnel == tunnel
    assert udp.LAYER.inner(value) == ((tunnel, value.payload) if tunnel else None)
