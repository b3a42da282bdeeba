"""The primitives: against published vectors, the tests' own encoder, and octets that do not fit."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from encode import security as encode
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import security

CURVES = [ec.SECP256R1(), ec.SECP384R1()]


@settings(max_examples=30, deadline=None)
@given(
    key=st.one_of(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32)),
    iv=st.binary(min_size=12, max_size=12),
    plain=st.binary(max_size=100),
    additional=st.binary(max_size=40),
)
def test_gcm_equals_the_streaming_cipher(key: bytes, iv: bytes, plain: bytes, additional: bytes) -> None:
    text, tag = encode.gcm(key, iv, plain, additional)
    found = security.gcm(key, iv, text, additional)
    assert found is not None
    assert (found[0], found[1][:12]) == (plain, tag)
    assert security.key_stream(key, iv, text) == plain


def test_lengths_that_do_not_fit() -> None:
    assert security.gcm(bytes(15), bytes(12), b"x", b"") is None
    assert security.gcm(bytes(16), bytes(11), b"x", b"") is None
    assert security.key_stream(bytes(16), bytes(11), b"x") is None
    assert security.unwrap(bytes(16), bytes(24)) is None
    assert security.unwrap(bytes(15), bytes(24)) is None
    assert security.unwrap(bytes(16), b"") is None
    assert security.aes_block(bytes(16), bytes(15)) is None
    assert security.verify(bytes(64), bytes(64), b"") is None
    assert security.verify(bytes(63), bytes(63), b"") is None
    assert security.shared(bytes(32), bytes(64)) is None
    assert security.derive(bytes(31), b"", 16) is None


def test_key_wrap_of_rfc_3394() -> None:
    kek = bytes.fromhex("000102030405060708090A0B0C0D0E0F")
    wrapped = bytes.fromhex("1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5")
    assert security.unwrap(kek, wrapped) == bytes.fromhex("00112233445566778899AABBCCDDEEFF")


def test_aes_of_fips_197() -> None:
    key, block = bytes(range(16)), bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    assert security.aes_block(key, block) == bytes.fromhex("69C4E0D86A7B0430D8CDB78070B4C55A")


@pytest.mark.parametrize("curve", CURVES, ids=["P-256", "P-384"])
def test_signature_agreement_and_key_files(curve: ec.EllipticCurve) -> None:
    one, two = ec.generate_private_key(curve), ec.generate_private_key(curve)
    signature = encode.sign(one, b"message")
    assert security.verify(encode.point(one), signature, b"message") is True
    assert security.verify(encode.point(one), signature, b"massage") is False
    assert security.verify(encode.point(two), signature, b"message") is False
    assert security.verify(encode.point(one), bytes(len(signature)), b"message") is False
    assert security.verify(encode.point(one), signature[:-1], b"message") is None
    z = security.shared(encode.scalar(one), encode.point(two))
    assert z is not None and z == security.shared(encode.scalar(two), encode.point(one))
    octets = 16 if curve.key_size == 256 else 32
    other = encode.ALGORITHM + (b"\0" if curve.key_size == 256 else b"\1") + b"parties"
    assert security.derive(z, other, octets) == encode.derive(one, two.public_key(), b"parties")
    for form in (serialization.Encoding.PEM, serialization.Encoding.DER):
        written = one.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        assert security.private_key(written) == encode.scalar(one)
        public = one.public_key().public_bytes(form, serialization.PublicFormat.SubjectPublicKeyInfo)
        assert security.public_key(public) == encode.point(one)
    assert security.is_private(encode.scalar(one)) and security.is_public(encode.point(one))


def test_what_is_no_key_file() -> None:
    other = ec.generate_private_key(ec.SECP521R1())
    public = other.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert security.public_key(public) is None
    assert security.public_key(b"") is None and security.private_key(b"nothing") is None
    assert not security.is_private(bytes(32)) and not security.is_public(bytes(64))
