"""Passes 3 and 4 of every mechanism, by the examples of the standard and by the formulas of apdu.md 3.4."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from encode import security as encode
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.hls import CHECKS, Challenges, check_reply, reply_octets
from dissectors.keys import KeyRing, KeySet, Parties, Secret
from dissectors.protection import STATUSES

EK, AK = bytes(range(16)), bytes(range(0xD0, 0xE0))
CLIENT, SERVER = bytes.fromhex("4D4D4D0000000001"), bytes.fromhex("4D4D4D0000BC614E")
PASS_3 = Parties(0, 16, 1, CLIENT, SERVER)
PASS_4 = Parties(1, 16, 1, CLIENT, SERVER)
CHALLENGES = Challenges(b"K56iVagY", b"P6wRJ21F")
SECRET = b"opensesame"


def ring(**given: object) -> KeyRing:
    return KeyRing([KeySet(name="key 1", **given)])  # type: ignore[arg-type]


GLOBAL = ring(encryption=Secret(EK), authentication=Secret(AK))


def test_gmac_examples_of_the_standard() -> None:
    reply = bytes.fromhex("10000000011A52FE7DD3E72748973C1E28")
    found = check_reply(5, PASS_3, CHALLENGES, reply, GLOBAL)
    assert (found.status, found.control, found.counter, found.key_name) == ("ok", 0x10, 1, "key 1")
    reply = bytes.fromhex("1001234567FE1466AFB3DBCD4F9389E2B7")
    found = check_reply(5, PASS_4, CHALLENGES, reply, GLOBAL)
    assert (found.status, found.counter) == ("ok", 0x01234567)
    assert check_reply(5, PASS_3, CHALLENGES, reply, GLOBAL).status == "wrong-key"
    assert check_reply(5, PASS_4, CHALLENGES, reply, ring(encryption=Secret(EK))).status == "no-key"
    assert check_reply(5, Parties(1), CHALLENGES, reply, GLOBAL).status == "no-key"


def proof(mechanism: int, prover: bytes, verifier: bytes, answered: bytes, own: bytes) -> bytes:
    if mechanism == 2:
        return encode_aes(answered)
    if mechanism == 6:
        return hashlib.sha256(SECRET + prover + verifier + answered + own).digest()
    return {3: hashlib.md5, 4: hashlib.sha1}[mechanism](answered + SECRET).digest()


def encode_aes(block: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.AES(AK), modes.ECB()).encryptor()
    return encryptor.update(block)


@pytest.mark.parametrize("mechanism", [2, 3, 4, 6])
def test_secrets(mechanism: int) -> None:
    challenges = Challenges(b"client challenge", b"server challenge")
    keys = ring(secrets=(Secret(b"another"), Secret(AK if mechanism == 2 else SECRET)))
    third = proof(mechanism, CLIENT, SERVER, challenges.server, challenges.client)
    fourth = proof(mechanism, SERVER, CLIENT, challenges.client, challenges.server)
    assert check_reply(mechanism, PASS_3, challenges, third, keys).status == "ok"
    assert check_reply(mechanism, PASS_4, challenges, fourth, keys).status == "ok"
    wrong = "unsupported" if mechanism == 2 else "wrong-key"
    assert check_reply(mechanism, PASS_4, challenges, third, keys).status == wrong
    missing = check_reply(mechanism, PASS_3, challenges, third, KeyRing())
    assert missing.status == ("unsupported" if mechanism == 2 else "no-key")
    assert "not checked" in missing.reason


def test_mechanism_2_with_a_short_secret_and_challenge() -> None:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    encryptor = Cipher(algorithms.AES(b"Gurux".ljust(16, b"\0")), modes.ECB()).encryptor()
    reply = encryptor.update(CHALLENGES.server.ljust(16, b"\0"))
    assert check_reply(2, PASS_3, CHALLENGES, reply, ring(secrets=(Secret(b"Gurux"),))).status == "ok"


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()], ids=["P-256", "P-384"])
def test_ecdsa(curve: ec.EllipticCurve) -> None:
    client, server = ec.generate_private_key(curve), ec.generate_private_key(curve)
    challenges = Challenges(b"c" * 32, b"s" * 32)
    keys = KeyRing(
        [
            KeySet(name="client", system_title=CLIENT, signing=encode.point(client)),
            KeySet(name="server", system_title=SERVER, signing=encode.point(server)),
        ]
    )
    third = encode.sign(client, CLIENT + SERVER + challenges.server + challenges.client)
    fourth = encode.sign(server, SERVER + CLIENT + challenges.client + challenges.server)
    assert check_reply(7, PASS_3, challenges, third, keys).key_name == "client"
    assert check_reply(7, PASS_4, challenges, fourth, keys).key_name == "server"
    assert check_reply(7, PASS_4, challenges, third, keys).status == "wrong-key"
    assert check_reply(7, PASS_3, challenges, third, KeyRing()).status == "no-key"
    assert check_reply(7, Parties(0), challenges, third, keys).status == "no-key"


def test_what_cannot_be_checked() -> None:
    assert check_reply(1, PASS_3, CHALLENGES, b"", GLOBAL).status == "unsupported"
    assert check_reply(5, Parties(2), CHALLENGES, bytes(17), GLOBAL).status == "unsupported"
    found = check_reply(5, PASS_3, CHALLENGES, bytes(16), GLOBAL)
    assert (found.status, found.reason) == ("malformed", "16 octets, HLS GMAC has 17")
    assert check_reply(6, Parties(0), CHALLENGES, bytes(32), ring(secrets=(Secret(b"x"),))).status == "no-key"


def test_reply_octets() -> None:
    assert reply_octets(bytes.fromhex("0903010203")) == b"\1\2\3"
    assert reply_octets(bytes.fromhex("FF09020102FF"), 1, 5) == b"\1\2"
    assert reply_octets(bytes.fromhex("0905")) is None
    assert reply_octets(bytes.fromhex("1205FF")) is None
    assert reply_octets(b"") is None


@settings(max_examples=100, deadline=None)
@given(
    mechanism=st.sampled_from(sorted(CHECKS)),
    direction=st.integers(0, 2),
    reply=st.binary(max_size=100),
    client=st.binary(max_size=70),
    server=st.binary(max_size=70),
)
def test_noise_never_raises_and_never_proves(
    mechanism: int, direction: int, reply: bytes, client: bytes, server: bytes
) -> None:
    keys = ring(encryption=Secret(EK), authentication=Secret(AK), secrets=(Secret(SECRET),), signing=bytes(64))
    who = Parties(direction, 16, 1, CLIENT, SERVER)
    found = check_reply(mechanism, who, Challenges(client, server), reply, keys)
    assert found.status in STATUSES and found.status != "ok"
