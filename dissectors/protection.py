"""What deciphering gives, in words: Unprotected; and how a clear text is told from noise (IEC 62056-5-3, 5.7)."""

from typing import Any

from dissectors import apdus, quickapdu
from dissectors import problem as P
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.keys import KeySet
from dissectors.problem import Problem, Severity
from dissectors.record import Value
from dissectors.tags import TAGS
from dissectors.xdlms.general import Header

TAG_OCTETS = 12
AUTHENTICATED, ENCRYPTED, BROADCAST, COMPRESSED = 0x10, 0x20, 0x40, 0x80  # of the security control octet
SUITE = 0x0F
SUITE_MAX = 2
POLICIES = ("none", "authenticated", "encrypted", "authenticated-encrypted")

KEY_LABELS = {
    "global-unicast": "global unicast encryption key",
    "global-broadcast": "global broadcast encryption key",
    "dedicated": "dedicated key",
    "wrapped": "master key",
    "agreed": "private key for the key agreement",
}

# Security control octets that are in order everywhere: suites 0 to 2, unicast, not compressed.
USUAL = frozenset(suite | policy for suite in (0, 1, 2) for policy in (0x10, 0x20, 0x30))

OK = "ok"
UNVERIFIED = "unverified"  # the text is shown; there is no key to check its tag with
TAG_MISMATCH = "tag-mismatch"  # the text is shown; its tag or signature is wrong
WRONG_KEY = "wrong-key"
NO_KEY = "no-key"
UNSUPPORTED = "unsupported"
MALFORMED = "malformed"
# The most telling first. A wrong tag tells more than an unchecked one: another key set may lack the key to check it.
STATUSES = (OK, TAG_MISMATCH, UNVERIFIED, UNSUPPORTED, WRONG_KEY, NO_KEY, MALFORMED)

PUSHED_TELEGRAM = 0x2F  # "/": a P1 telegram inside general-glo-ciphering (DSMR smart meters)


class Unprotected(Value, frozen=True, gc=False):
    """What became of one protected APDU; no field holds a key.

    plain: the inner APDU (with its tag), None where it is not readable. status: one of STATUSES; reason in
    words, "" for a plain ok. suite, counter: -1 where the APDU has none. policy: one of POLICIES or "signed".
    system_title: of the sender as used for the initialisation vector, or of the signer. key_kind: "global-unicast",
    "global-broadcast", "dedicated", "wrapped", "agreed" or "". key_name, key_number: the key set that fitted, "" and
    0 without. signature: "", "ok", "mismatch", "no-key", "absent" or "unsupported". tag_empty: the authentication
    tag that the control octet promises has zero octets. problems: about the octets given ("apdu").
    """

    plain: bytes | None
    status: str
    reason: str = ""
    suite: int = -1
    policy: str = "none"
    counter: int = -1
    system_title: bytes = b""
    key_kind: str = ""
    key_name: str = ""
    key_number: int = 0
    signature: str = ""
    tag_empty: bool = False
    problems: tuple[Problem, ...] = ()

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """All but the text, which may hold a dedicated key or a password."""
        shown = None if self.plain is None else f"<{len(self.plain)} octets>"
        return [(name, shown if name == "plain" else getattr(self, name)) for name in self.__struct_fields__]

    def __repr__(self) -> str:
        return f"Unprotected({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    @property
    def believed(self) -> bool:
        """Whether the text may reach association, pairing and timing: nothing speaks against it. A text whose tag
        or signature is wrong is shown, and not believed."""
        return self.plain is not None and self.status in (OK, UNVERIFIED)


def title_text(title: bytes) -> str:
    return title.hex().upper() if title else "(unknown)"


class Case(Value, frozen=True, gc=False):
    """One ciphered APDU while keys are tried on it.

    content: range from the security control on; body: what follows the counter; kind: as Unprotected.key_kind;
    title: of the sender, b"" unknown; header: of general-ciphering (of the inner general-signing for UK GBCS, gbcs
    True); additional: what the header adds to the additional data."""

    octets: bytes
    tag: int
    control: int
    counter: int
    content: tuple[int, int]
    body: bytes
    kind: str
    title: bytes
    header: Header | None
    additional: bytes
    gbcs: bool

    @property
    def suite(self) -> int:
        return self.control & SUITE

    @property
    def recipient(self) -> bytes:
        """The recipient that the header names, b"" without."""
        return b"" if self.header is None else self.header.recipient

    def result(
        self,
        plain: bytes | None,
        status: str,
        reason: str,
        title: bytes | None = None,
        keys: KeySet | None = None,
        tag_empty: bool = False,
    ) -> Unprotected:
        """An Unprotected of this APDU with its problems; a compressed text is not readable, whatever the key."""
        control = self.control
        if control & COMPRESSED and plain is not None:
            plain, status, reason = None, UNSUPPORTED, "deciphered, but compressed (V.44), which is not supported"
        problems = () if control in USUAL else control_problems(self)
        if status == TAG_MISMATCH:
            problems += (Problem(P.APDU_CIPH_TAG, *self.content, (reason,), "apdu"),)
        if tag_empty:
            problems += (Problem(P.SECURITY_ZERO_TAG, *self.content, (), "apdu"),)
        name, number = ("", 0) if keys is None else (keys.name, keys.number)
        return Unprotected(
            plain, status, reason, self.suite, POLICIES[control >> 4 & 3], self.counter,
            self.title if title is None else title, self.kind, name, number, "", tag_empty, problems,
        )  # fmt: skip


def control_problems(case: Case) -> tuple[Problem, ...]:
    """What the standard forbids in the security control octet (APDU-CIPH-SC)."""
    control = case.control
    words: tuple[str, ...] = ()
    if control & SUITE > SUITE_MAX:
        words += (f"security suite {control & SUITE} is reserved",)
    if control & BROADCAST and (case.kind == "dedicated" or case.header is not None):
        words += ("the key set bit must be 0 here",)
    if not control & (AUTHENTICATED | ENCRYPTED) and case.header is None:
        words += ("neither authenticated nor encrypted",)
    start = case.content[0]
    return tuple(Problem(P.APDU_CIPH_SC, start, start + 1, (control, why), "apdu") for why in words)


def cut_off(octets: bytes, content: tuple[int, int]) -> bool:
    """Whether the length that stands before the content announces more than is there."""
    start, end = content
    n = end - start
    if n < 0x80 and octets[start - 1 : start] == bytes((n,)):
        return False
    return not any(
        octets[start - k - 1 : start] == bytes((0x80 + k,)) + n.to_bytes(k, "big")
        for k in (1, 2, 3, 4)
        if n < 1 << 8 * k
    )


def with_length(octets: bytes) -> bytes:
    """An OCTET STRING of up to 65535 octets as A-XDR writes it."""
    n = len(octets)
    if n < 0x80:
        return bytes((n,)) + octets
    return (bytes((0x81, n)) if n < 0x100 else b"\x82" + n.to_bytes(2, "big")) + octets


def _inner_tags() -> dict[int, frozenset[int]]:
    """Outer tag to the tags that may stand inside: its own plain form, or what any service may answer."""
    numbers = {name: tag for tag, name in TAGS.items()}
    always = {numbers["confirmed-service-error"], numbers["exception-response"], numbers["general-block-transfer"]}
    inner = {
        tag: frozenset({numbers[name[4:]], *always}) for tag, name in TAGS.items() if name.startswith(("glo-", "ded-"))
    }
    anything = frozenset(tag for tag, name in TAGS.items() if not name.startswith(("glo-", "ded-", "ciase-")))
    for name in ("general-glo-ciphering", "general-ded-ciphering", "general-ciphering"):
        inner[numbers[name]] = anything
    return inner


INNER = _inner_tags()


def readable(plain: bytes, outer: int) -> bool:
    """Whether octets without a checked tag are an APDU that may stand inside one with the tag outer: all of it
    dissects without an error. A wrong key passes once in some ten thousand."""
    if not plain:
        return False
    if plain[0] == PUSHED_TELEGRAM and outer not in _SPECIFIC:
        return plain.isascii()
    if plain[0] not in INNER.get(outer, ()):
        return False
    if quickapdu.dissect(plain) is not None:
        return True
    c = Cursor(plain, buffer="plain")
    apdus.dissect(c, EMPTY)
    if any(p.severity > Severity.WARNING or p.kind is P.APDU_TRAIL for p in c.problems):
        return False
    # Few octets of an initiate APDU are wrong enough for an error; random ones give three warnings.
    doubts = sum(p.severity == Severity.WARNING for p in c.problems) if plain[0] in INITIATE else 0
    return doubts <= (outer in _SPECIFIC)


INITIATE = (0x01, 0x08)
_SPECIFIC = frozenset(tag for tag, name in TAGS.items() if name.startswith(("glo-", "ded-")))
