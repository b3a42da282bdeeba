"""general-signing: verified, or why not; its content is readable either way."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from encode import security as encode

from dissectors.keys import KeyRing, KeySet, Parties
from dissectors.unprotect import unprotect

TITLE = b"MMM\0\0\0\0\1"
GET = bytes.fromhex("C0010000080000010000FF0200")


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()], ids=["P-256", "P-384"])
@pytest.mark.parametrize("prefix", [b"", bytes.fromhex("E600DF0102")], ids=["plain", "gateway"])
def test_signatures(curve: ec.EllipticCurve, prefix: bytes) -> None:
    if prefix:
        prefix = prefix[:2] + encode.octet_string(b"\xdf\xdf")
    key, other = ec.generate_private_key(curve), ec.generate_private_key(curve)
    octets = prefix + encode.signed(key, TITLE, GET)
    ring = KeyRing([KeySet(name="certificate", system_title=TITLE, signing=encode.point(key))])
    found = unprotect(octets, ring, Parties())
    assert (found.plain, found.status, found.signature, found.policy) == (GET, "ok", "ok", "signed")
    assert (found.system_title, found.key_name) == (TITLE, "certificate")
    assert found.suite == (1 if curve.key_size == 256 else 2)

    found = unprotect(octets, KeyRing([KeySet(signing=encode.point(other))]), Parties())
    assert (found.plain, found.status, found.signature, found.believed) == (GET, "tag-mismatch", "mismatch", False)
    assert [p.kind.code for p in found.problems] == ["security.signature"]

    altered = bytearray(octets)
    altered[-len(GET) // 2 - 2 * curve.key_size // 8 - 3] ^= 1  # inside the content
    assert unprotect(bytes(altered), ring, Parties()).signature == "mismatch"


def test_without_certificate() -> None:
    octets = encode.signed(ec.generate_private_key(ec.SECP256R1()), TITLE, GET)
    found = unprotect(octets, KeyRing(), Parties())
    assert (found.plain, found.status, found.signature, found.problems) == (GET, "unverified", "no-key", ())
    assert "4D4D4D0000000001" in found.reason
    of_another = KeyRing([KeySet(system_title=TITLE[::-1], signing=bytes(64))])
    assert unprotect(octets, of_another, Parties()).signature == "no-key"


def test_empty_and_odd_signatures() -> None:
    octets = encode.signed(None, TITLE, GET)
    assert unprotect(octets, KeyRing(), Parties()).signature == "absent"
    found = unprotect(octets[:-1] + encode.octet_string(bytes(63)), KeyRing(), Parties())
    assert (found.status, found.signature) == ("unverified", "unsupported")
    assert [p.kind.code for p in found.problems] == ["security.signature"]
