"""ECDSA signatures: general-signing, and of the ephemeral key in general-ciphering (IEC 62056-5-3, 5.3.6).

The signature of general-signing covers all between the tag DF and the signature, length octets included.
"""

from collections.abc import Iterable

from dissectors import problem as P
from dissectors.keys import KeyRing, KeySet, Parties
from dissectors.problem import Problem
from dissectors.protection import NO_KEY, OK, TAG_MISMATCH, UNVERIFIED, Unprotected, title_text
from dissectors.xdlms.general import Signed

SUITES = {64: 1, 96: 2}  # by octets of the signature
GATEWAY_OCTETS = 3  # of the prefix before the address of the device
ABSENT, MISMATCH = "absent", "mismatch"


def check(message: bytes, signature: bytes, candidates: Iterable[KeySet]) -> tuple[str, KeySet | None]:
    """ "ok" with the key that fits, "mismatch" where none does, "no-key", "absent" or "unsupported"."""
    if not signature:
        return ABSENT, None
    if len(signature) not in SUITES:
        return "unsupported", None
    points = [keys for keys in candidates if len(keys.signing) == len(signature)]
    if not points:
        return NO_KEY, None
    from dissectors import security  # late: slow to load, needed with keys only

    for keys in points:
        if security.verify(keys.signing, signature, message):
            return OK, keys
    return MISMATCH, points[0]


def signed(octets: bytes, detail: Signed, ring: KeyRing, who: Parties) -> Unprotected:
    """Takes a general-signing off: its content is readable with or without a key. Problem: security.signature."""
    content = octets[slice(*detail.content)]
    signature = octets[slice(*detail.signature)]
    title = detail.header.originator or who.sender
    start = 0 if octets[:1] == b"\xdf" else GATEWAY_OCTETS + octets[2]  # tag, network id, length, address
    candidates = [keys for keys in ring.find(who, title) if keys.system_title in (b"", title)]
    found, keys = check(octets[start + 1 : detail.content[1]], signature, candidates)
    whose = title_text(title)
    status, reason = {
        OK: (OK, ""),
        MISMATCH: (TAG_MISMATCH, f"the signature is not that of {whose}, or the message was altered"),
        NO_KEY: (UNVERIFIED, f"no signing certificate for system title {whose}: signature not checked"),
        ABSENT: (UNVERIFIED, "the signature is empty"),
        "unsupported": (UNVERIFIED, f"signature of {len(signature)} octets, 64 or 96 are expected"),
    }[found]
    problems: tuple[Problem, ...] = ()
    if found in (MISMATCH, "unsupported"):
        problems = (Problem(P.SECURITY_SIGNATURE, *detail.signature, (reason,), "apdu"),)
    name, number = ("", 0) if keys is None else (keys.name, keys.number)
    suite = SUITES.get(len(signature), -1)
    return Unprotected(
        content, status, reason, suite, "signed", -1, title, "", name, number, found, problems=problems
    )  # fmt: skip
