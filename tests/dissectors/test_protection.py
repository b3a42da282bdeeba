"""How a clear text is told from noise, and what the control octet forbids."""

import random

from dissectors.protection import INNER, Unprotected, cut_off, readable, with_length
from dissectors.tags import TAGS

GET = bytes.fromhex("C0010000080000010000FF0200")
RESPONSE = bytes.fromhex("C401000009021234")


def test_every_ciphered_form_has_inner_tags() -> None:
    outer = {tag for tag, name in TAGS.items() if name.startswith(("glo-", "ded-"))} | {0xDB, 0xDC, 0xDD}
    assert set(INNER) == outer
    assert 0xC0 in INNER[0xC8] and 0xC4 not in INNER[0xC8] and 0xC4 in INNER[0xD4]


def test_readable() -> None:
    assert readable(GET, 0xC8)
    assert not readable(GET, 0xCC)  # a request inside a response
    assert not readable(GET + b"\0", 0xC8)
    assert not readable(GET[:-3], 0xC8)
    assert not readable(b"", 0xC8)
    assert readable(RESPONSE, 0xCC)
    assert readable(GET, 0xDB) and readable(RESPONSE, 0xDD)
    assert readable(b"/ABC5\r\n\r\n!", 0xDB) and not readable(b"/ABC5\r\n\r\n!", 0xC8)


def test_noise_is_hardly_ever_readable() -> None:
    noise = random.Random(5)
    passed = sum(readable(noise.randbytes(40), 0xDB) for _ in range(3000))
    assert passed <= 3


def test_noise_that_begins_as_an_initiate_apdu_is_hardly_ever_readable() -> None:
    """Of 256 wrong keys one gives the tag; nothing in so few octets is wrong enough for an error."""
    noise = random.Random(5)
    for tag, outer, octets in ((0x08, 0x28, 13), (0x01, 0x21, 13), (0x01, 0x21, 30)):
        passed = sum(readable(bytes((tag,)) + noise.randbytes(octets), outer) for _ in range(1000))
        assert passed <= 20, f"{tag:02X}"
    assert readable(bytes.fromhex("0800065F1F040000501F01F40007"), 0x28)
    assert readable(bytes.fromhex("0800055F1F040000501F01F40007"), 0x28)  # an old version is no reason to doubt


def test_cut_off() -> None:
    for n in (0, 5, 127, 128, 255, 256, 1000):
        whole = b"\xc8" + with_length(bytes(n))
        start = len(whole) - n
        assert not cut_off(whole, (start, len(whole))), n
        if n:
            assert cut_off(whole[:-1], (start, len(whole) - 1)), n
    assert not cut_off(b"\xc8\x81\x05" + bytes(5), (3, 8))  # longer than needed is legal


def test_only_texts_that_nothing_speaks_against_are_believed() -> None:
    believed = {
        status: Unprotected(GET, status).believed for status in ("ok", "unverified", "tag-mismatch", "wrong-key")
    }
    assert believed == {"ok": True, "unverified": True, "tag-mismatch": False, "wrong-key": False}
    assert not Unprotected(None, "ok").believed
