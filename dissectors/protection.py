"""What deciphering gives, in words: Unprotected; and how a clear text is told from noise (IEC 62056-5-3, 5.7)."""

from dissectors import apdus, quickapdu
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.problem import Problem, Severity
from dissectors.record import Value
from dissectors.tags import TAGS

TAG_OCTETS = 12
AUTHENTICATED, ENCRYPTED, BROADCAST, COMPRESSED = 0x10, 0x20, 0x40, 0x80  # of the security control octet
SUITE_MAX = 2
POLICIES = ("none", "authenticated", "encrypted", "authenticated-encrypted")

OK = "ok"
UNVERIFIED = "unverified"  # the text is shown; there is no key to check its tag with
TAG_MISMATCH = "tag-mismatch"  # the text is shown; its tag or signature is wrong
WRONG_KEY = "wrong-key"
NO_KEY = "no-key"
UNSUPPORTED = "unsupported"
MALFORMED = "malformed"
STATUSES = (OK, UNVERIFIED, TAG_MISMATCH, UNSUPPORTED, WRONG_KEY, NO_KEY, MALFORMED)  # best first

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
    broadcast: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def believed(self) -> bool:
        """Whether the text may reach association, pairing and timing: nothing speaks against it. A text whose tag
        or signature is wrong is shown, and not believed."""
        return self.plain is not None and self.status in (OK, UNVERIFIED)


def title_text(title: bytes) -> str:
    return title.hex().upper() if title else "(unknown)"


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
    return not any(p.severity == Severity.ERROR or p.kind.code == "apdu.trail" for p in c.problems)


_SPECIFIC = frozenset(tag for tag, name in TAGS.items() if name.startswith(("glo-", "ded-")))
