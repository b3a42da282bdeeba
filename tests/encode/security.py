"""Protected APDUs as a meter or client writes them: the tests' own encoder, apart from dissectors/.

GCM by the library's streaming cipher (the product computes with one-shot calls), ECDSA and ECDH with keys
made for the test.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

AUTHENTICATED, ENCRYPTED, BROADCAST, COMPRESSED = 0x10, 0x20, 0x40, 0x80
GLO = {0x01: 0x21, 0x08: 0x28, 0xC0: 0xC8, 0xC1: 0xC9, 0xC2: 0xCA, 0xC3: 0xCB, 0xC4: 0xCC, 0xC5: 0xCD, 0xC7: 0xCF}
DED = {0xC0: 0xD0, 0xC1: 0xD1, 0xC2: 0xD2, 0xC3: 0xD3, 0xC4: 0xD4, 0xC5: 0xD5, 0xC7: 0xD7}
HASH = {256: hashes.SHA256, 384: hashes.SHA384}
ALGORITHM = bytes.fromhex("608574060803")


def octet_string(octets: bytes) -> bytes:
    n = len(octets)
    if n < 0x80:
        return bytes([n]) + octets
    width = (n.bit_length() + 7) // 8
    return bytes([0x80 | width]) + n.to_bytes(width, "big") + octets


def gcm(key: bytes, iv: bytes, plain: bytes, additional: bytes) -> tuple[bytes, bytes]:
    """Ciphertext and twelve octets of tag."""
    encryptor = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
    encryptor.authenticate_additional_data(additional)
    text = encryptor.update(plain) + encryptor.finalize()
    return text, encryptor.tag[:12]


@dataclass
class Protection:
    """Who protects with what. control: security control octet."""

    control: int
    title: bytes
    key: bytes
    authentication: bytes = b""
    counter: int = 1

    def content(self, plain: bytes, header: bytes = b"") -> bytes:
        """SC, IC and body; header: what general-ciphering adds to the additional data."""
        start = bytes([self.control])
        if not self.control & (AUTHENTICATED | ENCRYPTED):
            return start + plain
        counter = self.counter.to_bytes(4, "big")
        iv = self.title + counter
        additional = start + self.authentication + header
        if self.control & ENCRYPTED:
            text, tag = gcm(self.key, iv, plain, additional if self.control & AUTHENTICATED else b"")
        else:
            text, tag = plain, gcm(self.key, iv, b"", additional + plain)[1]
        return start + counter + text + (tag if self.control & AUTHENTICATED else b"")

    def glo(self, plain: bytes) -> bytes:
        return bytes([GLO[plain[0]]]) + octet_string(self.content(plain))

    def ded(self, plain: bytes) -> bytes:
        return bytes([DED[plain[0]]]) + octet_string(self.content(plain))

    def general(self, plain: bytes, tag: int = 0xDB) -> bytes:
        return bytes([tag]) + octet_string(self.title) + octet_string(self.content(plain))

    def general_ciphering(
        self,
        plain: bytes,
        key_info: bytes = b"\x00",
        transaction: bytes = bytes(8),
        recipient: bytes = b"MMM\0\0\0\0\2",
    ) -> bytes:
        parts = (transaction, self.title, recipient, b"", b"")
        header = b"".join(octet_string(part) for part in parts)
        return b"\xdd" + header + key_info + octet_string(self.content(plain, header))


def identified(key_id: int) -> bytes:
    return bytes([1, 0, key_id])


def wrapped(kek: bytes, key: bytes) -> bytes:
    return bytes([1, 1, 0]) + octet_string(aes_key_wrap(kek, key))


def agreed(scheme: int, data: bytes = b"") -> bytes:
    return bytes([1, 2]) + octet_string(bytes([scheme])) + octet_string(data)


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """x and y of the public key."""
    n = key.public_key().public_numbers()
    width = key.curve.key_size // 8
    return n.x.to_bytes(width, "big") + n.y.to_bytes(width, "big")


def scalar(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_numbers().private_value.to_bytes(key.curve.key_size // 8, "big")


def sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """R and S."""
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(HASH[key.curve.key_size]())))
    width = key.curve.key_size // 8
    return r.to_bytes(width, "big") + s.to_bytes(width, "big")


def signed(
    key: ec.EllipticCurvePrivateKey | None, title: bytes, content: bytes, transaction: bytes = bytes(8)
) -> bytes:
    """general-signing; without a key the signature is empty."""
    parts = (transaction, title, b"MMM\0\0\0\0\2", b"", b"", content)
    body = b"".join(octet_string(part) for part in parts)
    return b"\xdf" + body + octet_string(b"" if key is None else sign(key, body))


def derive(private: ec.EllipticCurvePrivateKey, public: ec.EllipticCurvePublicKey, other: bytes) -> bytes:
    """One round of the concatenation KDF by hand: enough for 256 bits of key."""
    z = private.exchange(ec.ECDH(), public)
    size = private.curve.key_size
    digest = hashes.Hash(HASH[size]())
    digest.update(b"\0\0\0\1" + z + ALGORITHM + (b"\x00" if size == 256 else b"\x01") + other)
    return digest.finalize()[: 16 if size == 256 else 32]
