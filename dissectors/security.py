"""The cryptography of the security suites, octets in, octets out (IEC 62056-5-3, 5.3 and 5.4).

The one file that imports `cryptography` (0.1 s at start): callers import it where they first need it.
Nothing here raises for wrong octets: None or False says that it did not fit. Keys are plain octets only
inside a call.

    suite 0   AES-GCM-128, AES-128 key wrap
    suite 1   the same, ECDSA and ECDH P-256, SHA-256
    suite 2   AES-GCM-256, AES-256 key wrap, ECDSA and ECDH P-384, SHA-384
"""

from collections.abc import Callable
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

KEY_OCTETS = {0: 16, 1: 16, 2: 32}  # by suite
IV_OCTETS = 12
BLOCK = 16
# Octets of one coordinate, of a private key, and of half a signature: the curve is told by the length.
CURVES: dict[int, ec.EllipticCurve] = {32: ec.SECP256R1(), 48: ec.SECP384R1()}
HASHES: dict[int, hashes.HashAlgorithm] = {32: hashes.SHA256(), 48: hashes.SHA384()}


@lru_cache(1024)
def _gcm(key: bytes) -> AESGCM | None:
    return AESGCM(key) if len(key) in (16, 32) else None


def gcm(key: bytes, iv: bytes, text: bytes, additional: bytes) -> tuple[bytes, bytes] | None:
    """The clear text of an AES-GCM ciphertext and the 16 octets of tag that it should carry.

    Two one-shot calls instead of a decryption: DLMS sends 12 octets of tag only, and the text is wanted
    even where the tag is wrong. None where key or IV have no length of AES-GCM."""
    cipher = _gcm(key)
    if cipher is None or len(iv) != IV_OCTETS:
        return None
    if not text:
        return b"", cipher.encrypt(iv, b"", additional)
    # Encrypting the ciphertext undoes the key stream, whatever the tag.
    plain = cipher.encrypt(iv, text, None)[: len(text)]
    return plain, cipher.encrypt(iv, plain, additional)[len(text) :]


def key_stream(key: bytes, iv: bytes, text: bytes) -> bytes | None:
    """The clear text alone, where there is no tag to compare (AES-CTR from counter 2, as in GCM)."""
    cipher = _gcm(key)
    if cipher is None or len(iv) != IV_OCTETS:
        return None
    return cipher.encrypt(iv, text, None)[: len(text)] if text else b""


def unwrap(kek: bytes, wrapped: bytes) -> bytes | None:
    """AES key unwrap (RFC 3394); None where the check value is wrong."""
    try:
        return aes_key_unwrap(kek, wrapped)
    except (InvalidUnwrap, ValueError):
        return None


def aes_block(key: bytes, block: bytes) -> bytes | None:
    """One or more whole blocks under AES in ECB mode."""
    if len(key) not in (16, 32) or len(block) % BLOCK or not block:
        return None
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # what mechanism 2 does
    return encryptor.update(block) + encryptor.finalize()


@lru_cache(256)
def _public(point: bytes) -> ec.EllipticCurvePublicKey | None:
    curve = CURVES.get(len(point) // 2)
    if curve is None or len(point) % 2:
        return None
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + point)
    except ValueError:
        return None


@lru_cache(256)
def _private(scalar: bytes) -> ec.EllipticCurvePrivateKey | None:
    curve = CURVES.get(len(scalar))
    if curve is None:
        return None
    try:
        return ec.derive_private_key(int.from_bytes(scalar, "big"), curve)
    except ValueError:
        return None


def verify(point: bytes, signature: bytes, message: bytes) -> bool | None:
    """ECDSA of R and S under a public key x and y; None where key and signature do not belong to one curve."""
    key = _public(point)
    if key is None or len(signature) != len(point):
        return None
    half = len(signature) // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    try:
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(HASHES[half]))
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(256)
def shared(scalar: bytes, point: bytes) -> bytes | None:
    """Z of ECDH: x of private times public; None where they are not of one curve."""
    private, public = _private(scalar), _public(point)
    if private is None or public is None or 2 * len(scalar) != len(point):
        return None
    return private.exchange(ec.ECDH(), public)


def derive(z: bytes, other_information: bytes, octets: int) -> bytes | None:
    """Key from Z by the single-step concatenation KDF of NIST SP 800-56A; hash by the curve that Z comes from."""
    algorithm = HASHES.get(len(z))
    return None if algorithm is None else ConcatKDFHash(algorithm, octets, other_information).derive(z)


# -- key files --------------------------------------------------------------------------------------


def _first(loaders: tuple[Callable[[], object], ...]) -> object:
    """What the first loader that accepts the octets gives, None where none does."""
    for load in loaders:
        try:
            return load()
        except Exception:  # parsers of the library raise several kinds; another form may still fit
            continue
    return None


def public_key(text: bytes) -> bytes | None:
    """x and y of a certificate or public key, PEM or DER; None where it is none or not of P-256 or P-384."""
    key = _first(
        (
            lambda: x509.load_pem_x509_certificate(text).public_key(),
            lambda: serialization.load_pem_public_key(text),
            lambda: x509.load_der_x509_certificate(text).public_key(),
            lambda: serialization.load_der_public_key(text),
        )
    )
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.key_size // 8 not in CURVES:
        return None
    encoded = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return encoded[1:]


def private_key(text: bytes) -> bytes | None:
    """The number of a private key, PEM or DER without password, 32 or 48 octets; None where it is none."""
    key = _first(
        (
            lambda: serialization.load_pem_private_key(text, None),
            lambda: serialization.load_der_private_key(text, None),
        )
    )
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.key_size // 8 not in CURVES:
        return None
    return key.private_numbers().private_value.to_bytes(key.curve.key_size // 8, "big")


def is_private(scalar: bytes) -> bool:
    return _private(scalar) is not None


def is_public(point: bytes) -> bool:
    return _public(point) is not None
