"""TCP headers and options."""

import pytest

from dissectors.context import EMPTY
from dissectors.cursor import Cursor, Stop, Trace
from dissectors.link import tcp
from dissectors.problem import TCP_TRUNC

HEAD = "0fdb c350 0000000a 00000014"


def octets(offset: int, options: str = "", payload: bytes = b"abc") -> bytes:
    return bytes.fromhex(HEAD + f"{offset:x}0 12 01f5 0000 0000" + options) + payload


def test_header() -> None:
    value = tcp.dissect(Cursor(octets(5), short=TCP_TRUNC), EMPTY)
    assert (value.source_port, value.destination_port, value.sequence, value.acknowledgement) == (4059, 50000, 10, 20)
    assert (value.flags, value.window, value.mss, value.payload) == (0x12, 501, -1, (20, 23))


@pytest.mark.parametrize(
    ("offset", "options", "mss"),
    [
        (6, "020405b4", 1460),
        (8, "01 0303 07 0204 0228 0402", 552),
        (6, "00 0204 05", -1),  # behind the end of the list is padding
        (6, "02 00 05b4", -1),  # a length of 0 does not loop
        (6, "02 ff 05b4", -1),
        (7, "0300 020405b4 0000", -1),  # what follows a wrong length is not believed
        (6, "010101 02", -1),
    ],
)
def test_options(offset: int, options: str, mss: int) -> None:
    buffer = octets(offset, options)
    c = Trace(buffer, short=TCP_TRUNC)
    value = tcp.dissect(c, EMPTY)
    assert value.mss == mss and value.payload == (offset * 4, len(buffer)) and c.problems == ()
    (container,) = [node for node in c.finish() if node.field is tcp.OPTIONS]
    assert (container.start, container.end) == (20, offset * 4)
    assert sum(n.end - n.start for n in container.children) == offset * 4 - 20


@pytest.mark.parametrize("offset", [4, 0, 15])
def test_impossible_offset(offset: int) -> None:
    with pytest.raises(Stop) as stopped:
        tcp.dissect(Cursor(octets(offset), short=TCP_TRUNC), EMPTY)
    assert stopped.value.problem.kind.code == "tcp.offset"
