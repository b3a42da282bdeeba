"""What one live session is: authentication, protection, transport. Told to meter and reader as one line of JSON."""

import hashlib
from typing import NamedTuple

import msgspec

PLAIN, AUTHENTICATED, ENCRYPTED, BOTH = 0, 0x10, 0x20, 0x30
NONE, LLS, AES, MD5, SHA1, GMAC, SHA256, ECDSA = range(8)
POLICIES = {AUTHENTICATED: "authenticated", ENCRYPTED: "encrypted", BOTH: "authenticated-encrypted"}
MECHANISMS = ("none", "lls", "aes", "md5", "sha1", "gmac", "sha256", "ecdsa")
CLIENT, PUBLIC_CLIENT = 32, 16
LONGEST_PDU = 0xFFFF


class Pair(NamedTuple):
    """What each side has of its own, in hex."""

    client: str
    server: str


class Spec(msgspec.Struct, frozen=True):
    """number: place in the matrix; all keys and titles follow from it, so that no session has those of another."""

    number: int
    interface: str = "wrapper"
    authentication: int = LLS
    policy: int = PLAIN
    suite: int = 0
    general: bool = False  # general-glo-ciphering, else glo-get-request and its like
    dedicated: bool = False
    max_pdu: int = LONGEST_PDU
    gbt: bool = False
    long: bool = False  # all services, not only the common ones

    @property
    def name(self) -> str:
        """For people: hdlc-gmac-suite1-both-general-ded."""
        words = [self.interface, MECHANISMS[self.authentication]]
        if self.policy:
            words += [f"suite{self.suite}", POLICIES[self.policy], "general" if self.general else "glo"]
        words += ["ded"] * self.dedicated + ["gbt"] * self.gbt
        return "-".join(words + ([f"pdu{self.max_pdu}"] if self.max_pdu != LONGEST_PDU else []))

    @property
    def outer(self) -> str:
        """What the names of the protected APDUs begin with once the association is open."""
        return (
            ("general-ded" if self.dedicated else "general-glo") if self.general else "ded" if self.dedicated else "glo"
        )

    def octets(self, what: str, count: int) -> bytes:
        return hashlib.sha256(f"{what} {self.number}".encode()).digest()[:count]

    def key(self, what: str) -> bytes:
        """what: encryption, authentication, dedicated."""
        return self.octets(what, 32 if self.suite == 2 else 16)

    @property
    def titles(self) -> tuple[bytes, bytes]:
        number = self.number.to_bytes(2, "big")
        return b"HES\0\0\0" + number, b"CSC\0\0\0" + number

    @property
    def secret(self) -> str:
        """Password of LLS, secret of HLS: at most 16 characters, for AES."""
        return f"Secret{self.number:04}"

    def private(self, side: str) -> bytes:
        """Private signing key of P-256."""
        return b"\x01" + self.octets(f"signing {side}", 31)


def read(line: str) -> Spec:
    return msgspec.json.decode(line, type=Spec)


def line(spec: Spec) -> str:
    return msgspec.json.encode(spec).decode() + "\n"
