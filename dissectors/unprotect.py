"""Deciphering and verifying of protected APDUs, or why not (IEC 62056-5-3, 5.3 to 5.7).

    glo-…, ded-…, DB, DC, DD    SC ‖ IC ‖ body         DF    signature over all that stands before it
    initialisation vector       system title of the sender ‖ IC
    additional data             SC ‖ AK [‖ header of DD] [‖ the text, where it is authenticated only]

A text is believed when its tag fits. Without a tag, or without the authentication key, it must read as the
APDU that it should be. Nested forms (a signed APDU inside a ciphered one, a ciphered one inside general blocks)
are one call each: the caller repeats with the plain octets.

Nothing here computes: without keys, what is only signed or only authenticated is read all the same, and the
cryptography (0.1 s to load) stays unloaded.
"""

from dissectors import apdus
from dissectors.apdu import Apdu
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.keys import KeyRing, Parties
from dissectors.protection import (
    AUTHENTICATED,
    BROADCAST,
    COMPRESSED,
    ENCRYPTED,
    KEY_LABELS,
    MALFORMED,
    NO_KEY,
    OK,
    SUITE_MAX,
    TAG_MISMATCH,
    TAG_OCTETS,
    UNSUPPORTED,
    UNVERIFIED,
    WRONG_KEY,
    Case,
    Unprotected,
    cut_off,
    readable,
    title_text,
    with_length,
)
from dissectors.signing import signed
from dissectors.tags import TAGS
from dissectors.xdlms.general import GENERAL_CIPHERING, GENERAL_DED, Ciphered, Header, Signed

DEDICATED_TAGS = frozenset({GENERAL_DED, *(tag for tag, name in TAGS.items() if name.startswith("ded-"))})
PROTECTED = AUTHENTICATED | ENCRYPTED
SPOILT = frozenset({WRONG_KEY, TAG_MISMATCH, UNVERIFIED})  # what a cut off message looks like


def unprotect(protected: bytes, keys: KeyRing, who: Parties, apdu: Apdu | None = None) -> Unprotected:
    """Takes one protection off an APDU: glo-, ded-, general-glo, general-ded, general-ciphering or general-signing.

    protected: the octets from the tag on (the range of a user-information of AARQ and AARE as well as a whole
    APDU, with or without gateway prefix). who: what is known of both sides at this moment. apdu: what
    apdus.dissect gave for the same octets, where the caller has it already. Never raises for any octets.

    Problems in the result: apdu.ciph-sc, apdu.ciph-tag, security.zero-tag, security.signature.
    """
    if apdu is None:
        apdu = apdus.dissect(Cursor(protected, buffer="apdu"), EMPTY)
    detail = apdu.detail
    if type(detail) is Signed:
        return signed(protected, detail, keys, who)
    if type(detail) is not Ciphered or detail.control < 0:
        why = "its head is cut off" if apdu.service == "ciphered" else f"{apdu.name} is not protected"
        return Unprotected(None, MALFORMED, why)
    case = _case(protected, apdu.tag, detail, who)
    if case.suite > SUITE_MAX:
        return case.result(None, UNSUPPORTED, f"security suite {case.suite} is reserved")
    if case.control & PROTECTED:
        return _tried(case, keys, who)
    if case.control & COMPRESSED:
        return case.result(None, UNSUPPORTED, "compressed (V.44), which is not supported")
    return case.result(case.body, OK if case.tag == GENERAL_CIPHERING else UNVERIFIED, "no protection applied")


def _case(octets: bytes, tag: int, detail: Ciphered, who: Parties) -> Case:
    control = detail.control
    header = detail.header
    start, end = detail.protected
    kind = "global-broadcast" if control & BROADCAST else "global-unicast"
    gbcs = False
    title = detail.system_title
    additional = b""
    if tag in DEDICATED_TAGS:
        kind = "dedicated"
    elif header is not None:
        kind = _general_kind(header)
        additional = _header_octets(header)
        if not (header.transaction_id or header.originator or header.recipient or header.key_info):
            inner = _inner_header(octets[start : max(start, end - TAG_OCTETS)])
            if inner is not None:
                header, title, gbcs, additional = inner, inner.originator, True, b""
    return Case(octets, tag, control, detail.counter, detail.content, octets[start:end], kind, title or who.sender,
                header, additional, gbcs)  # fmt: skip


def _general_kind(header: Header) -> str:
    """The kind of key that general-ciphering names."""
    info = header.key_info
    if info is None:
        return "global-unicast"
    if info.kind == "identified-key":
        return "global-broadcast" if info.number == 1 else "global-unicast"
    return "wrapped" if info.kind == "wrapped-key" else "agreed"


def _header_octets(header: Header) -> bytes:
    """The header of general-ciphering as additional data: each component with its length."""
    parts = (header.transaction_id, header.originator, header.recipient, header.date_time, header.other_information)
    return b"".join(with_length(part) for part in parts)


def _inner_header(text: bytes) -> Header | None:
    """UK GBCS: an empty general-ciphering header means that of the general-signing inside."""
    if text[:1] != b"\xdf":
        return None
    detail = apdus.dissect(Cursor(text, buffer="plain"), EMPTY).detail
    return detail.header if type(detail) is Signed else None


def _tried(case: Case, ring: KeyRing, who: Parties) -> Unprotected:
    """The best that any of the keys gives."""
    best: Unprotected | None = None
    if len(ring) or who.dedicated:
        from dissectors import trial  # late: loads the cryptography

        best = trial.best(case, ring, who)
    if best is None:
        best = _keyless(case, ring, who)
    if best.status in SPOILT and cut_off(case.octets, case.content):
        return case.result(None, MALFORMED, "cut off: fewer octets than its length announces")
    return best


def _keyless(case: Case, ring: KeyRing, who: Parties) -> Unprotected:
    """No key at all: which one was looked for, and the text where it stands in clear."""
    label = KEY_LABELS[case.kind]
    dated = [keys for keys in ring.find(who, case.title, case.recipient, dated=False) if not keys.valid(who.time_ns)]
    if not len(ring) and not ring.dedicated(who.dedicated):
        why = f"no keys given (needed: {label} of system title {title_text(case.title)})"
    elif dated:
        why = f"{dated[0].name} is not valid at the time of this message ({label} of {title_text(case.title)})"
    elif not case.title:
        side = ("client", "server", "sender")[min(2, who.direction)]
        why = f"the system title of the {side} is not known, so no {label} can be tried"
    else:
        server = f" (server {who.server})" if who.server >= 0 else ""
        why = f"no {label} for system title {title_text(case.title)}{server}"
    if case.control & ENCRYPTED or case.control & COMPRESSED:
        return case.result(None, NO_KEY, why)
    text = case.body[:-TAG_OCTETS]
    empty = not readable(text, case.tag) and readable(case.body, case.tag)
    return case.result(case.body if empty else text, UNVERIFIED, f"{why}: tag not checked", tag_empty=empty)
