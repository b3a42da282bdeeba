"""Content of unknown streams: what is named, how certainly, and what is not."""

from pathlib import Path

import pytest
from encode.wrapper import pdu
from hypothesis import given
from hypothesis import strategies as st

from dissectors.link.recognise import content

GET = bytes.fromhex("C001C100030100010800FF0200")
SNRM = bytes.fromhex("7EA0070303938C117E")


@pytest.mark.parametrize(
    ("octets", "kind", "certain"),
    [
        (pdu(GET), "wrapper", True),
        (pdu(GET) + pdu(GET), "wrapper", True),
        (pdu(GET)[:12], "wrapper", False),
        (pdu(GET)[:8], "wrapper", False),
        (pdu(GET) + b"\x00\x01", "wrapper", False),
        (pdu(GET) + b"xy", "wrapper", False),
        (pdu(b"\x00abc"), "wrapper", False),
        (SNRM, "hdlc", True),
        (b"\x7e\x7e" + SNRM, "hdlc", True),
        (SNRM[:-3] + b"\0\0\x7e", "hdlc", False),
        (SNRM[:5], "hdlc", False),
        (SNRM[1:-1], "hdlc", True),
        (b"\x7e", "hdlc", False),
        (b"/?!\r\n", "iec62056-21", True),
        (b"/?12345678!\r\n", "iec62056-21", True),
        (b"/ABC5\\2METER\r\n", "iec62056-21", True),
        (b"/AB", "iec62056-21", False),
        (b"/", "iec62056-21", False),
        (b"/NWA-WARMTELINK\r\n", "iec62056-21", True),
        (bytes(84) + b"/?!\r\n", "iec62056-21", True),
        (b"\x021.8.0(0001*kWh)\r\n", "iec62056-21", True),
        (b"\r\n1-0:1.8.0(000123.456*kWh)\r\n1-0", "iec62056-21", True),
        (b"\x06252\r\n", "iec62056-21", True),
        (b"\x01P0\x02(1234)\x03", "iec62056-21", True),
        (b"\x02F.F(00)\r\n!\r\n\x03\x42", "iec62056-21", True),
        (bytes(o | (o.bit_count() & 1) << 7 for o in b"/?!\r\n"), "iec62056-21", True),
        (b"\xff\xfb\x00", "telnet", True),
        (b"ATDT0123\r\n", "modem", True),
    ],
)
def test_kinds(octets: bytes, kind: str, certain: bool) -> None:
    found = content(octets)
    assert found is not None and (found.kind, found.certain) == (kind, certain)
    assert found.reason


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        pdu(b"\x77abc") + b"x",
        pdu(b"\x77abc", 900, 800),
        pdu(b"", length=0),
        pdu(GET, version=2),
        b"\x7e\x21\x45",
        b"\x7e\xa0\x03",
        SNRM[1:],
        SNRM[1:-2],
        b"\x16\x03\x01\x00\x50",
        bytes(40),
    ],
)
def test_nothing_known(octets: bytes) -> None:
    assert content(octets) is None


@given(st.binary(max_size=60), st.sampled_from([b"", b"\x7e\xa0", b"\x00\x01", b"/", b"\xff", b"AT", b"\x02", b"\x06"]))
def test_any_octets(octets: bytes, start: bytes) -> None:
    content(start + octets)


def test_corpus(corpus: Path) -> None:
    """Recorded frames are recognised by what their folder says they are."""
    folders = {
        "wrapper-tcp": "wrapper",
        "wrapper-udp": "wrapper",
        "hdlc-frame": "hdlc",
        "iec62056-21-signon": "iec62056-21",
    }
    for folder, kind in folders.items():
        found = [content(bytes.fromhex(path.read_text())) for path in sorted((corpus / folder).glob("*.hex"))]
        kinds = [look.kind for look in found if look is not None]
        assert set(kinds) == {kind}
        assert len(kinds) >= 0.8 * len(found)  # some hold wrong frames on purpose
