"""Agreed and transferred keys."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from encode import security as encode

from dissectors.key_agreement import learn_transfer
from dissectors.keys import KeyRing, KeySet, Parties, Secret
from dissectors.protection import Unprotected
from dissectors.unprotect import unprotect

ORIGINATOR, RECIPIENT = b"MMM\0\0\0\0\1", b"MMM\0\0\0\0\2"
TRANSACTION = bytes(range(8))
GET = bytes.fromhex("C0010000080000010000FF0200")
CURVES = pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()], ids=["P-256", "P-384"])


def message(curve: ec.EllipticCurve, key: bytes, info: bytes) -> bytes:
    suite = 1 if curve.key_size == 256 else 2
    by = encode.Protection(0x30 | suite, ORIGINATOR, key, bytes(len(key)))
    return by.general_ciphering(GET, info, TRANSACTION, RECIPIENT)


def opened(octets: bytes, *sets: KeySet) -> Unprotected:
    return unprotect(octets, KeyRing(sets), Parties())


@CURVES
def test_one_pass_diffie_hellman(curve: ec.EllipticCurve) -> None:
    recipient, ephemeral, signer = (ec.generate_private_key(curve) for _ in range(3))
    key = encode.derive(ephemeral, recipient.public_key(), ORIGINATOR + RECIPIENT)
    point = encode.point(ephemeral)
    octets = message(curve, key, encode.agreed(1, point + encode.sign(signer, point)))
    authentication = Secret(bytes(len(key)))
    private = Secret(encode.scalar(recipient))
    mine = KeySet(name="mine", system_title=RECIPIENT, agreement_private=private, authentication=authentication)
    found = opened(octets, mine)
    assert (found.plain, found.status, found.key_kind, found.signature) == (GET, "ok", "agreed", "no-key")
    certificate = KeySet(system_title=ORIGINATOR, signing=encode.point(signer))
    assert opened(octets, mine, certificate).signature == "ok"
    stranger = KeySet(system_title=ORIGINATOR, signing=encode.point(recipient))
    assert opened(octets, mine, stranger).signature == "mismatch"
    # The sender's side: the ephemeral private key and the recipient's certificate.
    theirs = KeySet(
        agreement_private=Secret(encode.scalar(ephemeral)),
        agreement_public=encode.point(recipient),
        authentication=authentication,
    )
    assert opened(octets, theirs).status == "ok"
    other = KeySet(agreement_private=Secret(encode.scalar(signer)), authentication=authentication)
    assert opened(octets, other).status == "wrong-key"
    assert opened(octets).status == "no-key"


@CURVES
def test_static_unified(curve: ec.EllipticCurve) -> None:
    recipient, originator = ec.generate_private_key(curve), ec.generate_private_key(curve)
    other = ORIGINATOR + encode.octet_string(TRANSACTION) + RECIPIENT
    key = encode.derive(originator, recipient.public_key(), other)
    octets = message(curve, key, encode.agreed(2))
    authentication = Secret(bytes(len(key)))
    private = KeySet(
        system_title=RECIPIENT, agreement_private=Secret(encode.scalar(recipient)), authentication=authentication
    )
    public = KeySet(system_title=ORIGINATOR, agreement_public=encode.point(originator))
    assert opened(octets, private, public).status == "ok"
    assert opened(octets, private).status == "no-key"


def test_unknown_scheme() -> None:
    octets = message(ec.SECP256R1(), bytes(16), encode.agreed(9))
    assert opened(octets, KeySet(agreement_private=Secret(bytes([1]) * 32))).status == "no-key"


def test_gbcs_by_agreement() -> None:
    """UK GBCS: static unified keys behind an empty header."""
    device, party = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    transaction = b"\1" + TRANSACTION
    key = encode.derive(party, device.public_key(), ORIGINATOR + encode.octet_string(transaction) + RECIPIENT)
    content = encode.signed(None, ORIGINATOR, GET, transaction)
    control = b"\x11" + bytes(4)
    tag = encode.gcm(key, ORIGINATOR + bytes(4), b"", control + content)[1]
    octets = b"\xdd" + bytes(6) + encode.octet_string(control + content + tag)
    private = KeySet(system_title=RECIPIENT, agreement_private=Secret(encode.scalar(device)))
    public = KeySet(system_title=ORIGINATOR, agreement_public=encode.point(party))
    found = opened(octets, private, public)
    assert (found.plain, found.status) == (content, "ok")


def transfer(*elements: tuple[int, bytes]) -> bytes:
    inner = b"".join(b"\x02\x02\x16" + bytes([n]) + b"\x09" + encode.octet_string(w) for n, w in elements)
    return bytes([1, len(elements)]) + inner


class TestTransfer:
    kek = bytes(range(100, 116))
    old, new, fresh = (bytes([n]) * 16 for n in (1, 2, 3))
    who = Parties(0, 16, 1, ORIGINATOR, RECIPIENT)

    def ring(self) -> KeyRing:
        given = KeySet(
            name="key 1", system_title=RECIPIENT, master=Secret(self.kek), encryption=Secret(self.old),
            authentication=Secret(self.old),
        )  # fmt: skip
        return KeyRing([given])

    def test_new_keys_are_used_and_old_ones_stay(self) -> None:
        ring = self.ring()
        data = transfer((0, aes_key_wrap(self.kek, self.new)), (2, aes_key_wrap(self.kek, self.fresh)))
        learned = learn_transfer(data, ring, self.who)
        assert [(t.words, t.number) for t in learned] == [
            ("global unicast encryption key opened with the master key of key 1", 2),
            ("global authentication key opened with the master key of key 1", 2),
        ]
        octets = encode.Protection(0x30, ORIGINATOR, self.new, self.fresh).glo(GET)
        found = unprotect(octets, ring, self.who)
        assert (found.status, found.key_name) == ("ok", "key transfer under key 1")
        octets = encode.Protection(0x30, ORIGINATOR, self.old, self.old).glo(GET)
        assert unprotect(octets, ring, self.who).key_name == "key 1"

    def test_what_cannot_be_opened_is_said(self) -> None:
        ring = self.ring()
        learned = learn_transfer(transfer((1, aes_key_wrap(self.new, self.new)), (9, b"")), ring, self.who)
        assert sorted(t.words for t in learned) == [
            "an element is not of key id and wrapped key",
            "global broadcast encryption key: no master key that opens it (server 4D4D4D0000000002)",
        ]
        assert len(ring) == 1

    @pytest.mark.parametrize("data", ["", "00", "0101", "010102021600", "0205", "01020F01", "09021234", "0101010101"])
    def test_noise(self, data: str) -> None:
        ring = self.ring()
        assert all(t.number == 0 for t in learn_transfer(bytes.fromhex(data), ring, self.who))
        assert len(ring) == 1

    def test_no_key_in_words(self) -> None:
        learned = learn_transfer(transfer((0, aes_key_wrap(self.kek, self.new))), self.ring(), self.who)
        assert self.new.hex() not in repr(learned)
