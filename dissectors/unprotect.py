"""Deciphering and verifying of protected APDUs, or why not (IEC 62056-5-3, 5.3 to 5.7).

    glo-…, ded-…, DB, DC, DD    SC ‖ IC ‖ body         DF    signature over all that stands before it
    initialisation vector       system title of the sender ‖ IC
    additional data             SC ‖ AK [‖ header of DD] [‖ the text, where it is authenticated only]

A text is believed when its tag fits. Without a tag, or without the authentication key, it must read as the
APDU that it should be. Nested forms (a signed APDU inside a ciphered one, a ciphered one inside general blocks)
are one call each: the caller repeats with the plain octets.
"""

from collections.abc import Iterator

from dissectors import apdus
from dissectors.apdu import Apdu
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.keys import MAX_CANDIDATES, KeyRing, KeySet, Parties
from dissectors.protection import (
    AUTHENTICATED,
    BROADCAST,
    COMPRESSED,
    ENCRYPTED,
    KEY_LABELS,
    MALFORMED,
    NO_KEY,
    OK,
    POLICIES,
    STATUSES,
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
MAX_TITLES = 8  # system titles tried where the sender's is not known
LEARNED_DEDICATED = KeySet(name="dedicated key of the AARQ")

Attempt = tuple[bytes, KeySet, bytes]  # system title of the sender, key set, encryption key


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
    return _ended(case) or _tried(case, keys, who)


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


def _ended(case: Case) -> Unprotected | None:
    """What can be said without any key."""
    if case.suite > SUITE_MAX:
        return case.result(None, UNSUPPORTED, f"security suite {case.suite} is reserved")
    if cut_off(case.octets, case.content):
        return case.result(None, MALFORMED, "cut off: fewer octets than its length announces")
    if case.control & PROTECTED:
        return None
    if case.control & COMPRESSED:
        return case.result(None, UNSUPPORTED, "compressed (V.44), which is not supported")
    return case.result(case.body, OK if case.tag == GENERAL_CIPHERING else UNVERIFIED, "no protection applied")


def _tried(case: Case, ring: KeyRing, who: Parties) -> Unprotected:
    """The best that any of the keys gives."""
    best: Unprotected | None = None
    for tried, (title, keys, key) in enumerate(_attempts(case, ring, who)):
        found = _attempt(case, title, keys, key)
        if found.status == OK:
            return found
        if best is None or STATUSES.index(found.status) < STATUSES.index(best.status):
            best = found
        if tried + 1 >= MAX_CANDIDATES:
            break
    if best is None:
        best = _keyless(case, ring, who)
    return best


def _attempts(case: Case, ring: KeyRing, who: Parties) -> Iterator[Attempt]:
    for title in (case.title,) if case.title else _titles(ring, who):
        candidates = ring.find(who, title)
        if case.kind in ("global-unicast", "global-broadcast"):
            broadcast = case.kind == "global-broadcast"
            for keys in candidates:
                secret = keys.broadcast if broadcast else keys.encryption
                if secret is not None:
                    yield title, keys, secret.reveal()
            if case.gbcs:
                yield from ((title, keys, key) for keys, key in _agreed(case, candidates))
        elif case.kind == "dedicated":
            learned = ring.dedicated(who.dedicated)
            if learned is not None:
                for keys in (*(keys for keys in candidates if keys.authentication is not None), LEARNED_DEDICATED):
                    yield title, keys, learned.reveal()
            for keys in candidates:
                if keys.dedicated is not None:
                    yield title, keys, keys.dedicated.reveal()
        else:
            yield from ((title, keys, key) for keys, key in _carried(case, candidates))


def _titles(ring: KeyRing, who: Parties) -> tuple[bytes, ...]:
    """Where the sender is not known: the titles of the keys that may be its."""
    known = [title for title in (who.server_title, who.client_title) if title]
    known += [keys.system_title for keys in ring.find(who) if keys.system_title]
    return tuple(dict.fromkeys(known))[:MAX_TITLES]


def _carried(case: Case, candidates: tuple[KeySet, ...]) -> Iterator[tuple[KeySet, bytes]]:
    """Keys that general-ciphering carries wrapped, or names the agreement of."""
    header = case.header
    info = None if header is None else header.key_info
    if header is None or info is None:
        return
    from dissectors import key_agreement  # late: with the cryptography behind it

    data = case.octets[slice(*info.data)]
    if case.kind == "wrapped":
        yield from key_agreement.unwrapped(data, candidates)
        return
    scheme = info.parameters[0] if info.parameters else 0
    if scheme not in (key_agreement.ONE_PASS, key_agreement.STATIC_UNIFIED):
        return
    point, _ = key_agreement.ephemeral(info.parameters, data, case.suite)
    yield from key_agreement.agreed(header, scheme, point, case.suite, candidates)


def _agreed(case: Case, candidates: tuple[KeySet, ...]) -> Iterator[tuple[KeySet, bytes]]:
    """UK GBCS agrees on its key by static unified keys, and says so nowhere in the message."""
    from dissectors import key_agreement

    if case.header is not None:
        yield from key_agreement.agreed(case.header, key_agreement.STATIC_UNIFIED, b"", case.suite, candidates)


def _attempt(case: Case, title: bytes, keys: KeySet, key: bytes) -> Unprotected:
    """One key on one APDU."""
    from dissectors import security

    wanted = security.KEY_OCTETS[case.suite]
    if len(key) != wanted:
        return case.result(None, WRONG_KEY, f"{keys.name}: {len(key)} octets, suite {case.suite} needs {wanted}")
    if len(title) + 4 != security.IV_OCTETS:
        return case.result(None, MALFORMED, f"system title of {len(title)} octets, 8 are needed", title)
    counter = case.counter.to_bytes(4, "big")
    vector = title + counter
    control = case.control
    body = case.body
    if not control & AUTHENTICATED:
        plain = security.key_stream(key, vector, body) or b""
        if control & COMPRESSED or readable(plain, case.tag):
            return case.result(plain, OK, "encrypted only: no tag to check, the text reads well", title, keys)
        return case.result(None, WRONG_KEY, _unreadable(case, title, keys), title)
    authentication = keys.authentication
    additional = bytes((control,))
    if case.gbcs:  # no authentication key; the invocation counter stands in its place
        additional += counter
    elif authentication is not None:
        additional += authentication.reveal()
    text, tag = body[:-TAG_OCTETS], body[-TAG_OCTETS:]
    if control & ENCRYPTED:
        computed = security.gcm(key, vector, text, additional + case.additional)
    else:
        computed = security.gcm(key, vector, b"", additional + case.additional + text)
    if computed is None:
        return case.result(None, WRONG_KEY, f"{keys.name} does not fit suite {case.suite}", title)
    plain = computed[0] if control & ENCRYPTED else text
    checked = case.gbcs or authentication is not None
    if checked and len(tag) == TAG_OCTETS and computed[1][:TAG_OCTETS] == tag:
        return case.result(plain, OK, "", title, keys)
    whole = (security.key_stream(key, vector, body) or b"") if control & ENCRYPTED else body
    return _untagged(case, title, keys, plain, whole, checked)


def _unreadable(case: Case, title: bytes, keys: KeySet) -> str:
    return f"{keys.name} as {KEY_LABELS[case.kind]} of system title {title_text(title)} gives no readable APDU"


def _untagged(case: Case, title: bytes, keys: KeySet, plain: bytes, whole: bytes, checked: bool) -> Unprotected:
    """A text whose tag does not fit, or (checked False) cannot be computed. whole: the text if the tag were empty."""
    if case.control & COMPRESSED:
        return case.result(
            None, WRONG_KEY, "the tag does not fit; the text is compressed and does not tell more", title
        )
    good = readable(plain, case.tag)
    if not good and readable(whole, case.tag):
        return case.result(whole, UNVERIFIED, "the authentication tag is empty", title, keys, tag_empty=True)
    if not good and case.control & ENCRYPTED:
        return case.result(None, WRONG_KEY, _unreadable(case, title, keys), title)
    if not checked:
        why = f"no authentication key for system title {title_text(title)}: tag not checked"
        return case.result(plain, UNVERIFIED, why, title, keys)
    what = "authentication key" if case.control & ENCRYPTED else "keys"
    return case.result(plain, TAG_MISMATCH, f"{what} of {keys.name} wrong, or the message was altered", title, keys)


def _keyless(case: Case, ring: KeyRing, who: Parties) -> Unprotected:
    """No key at all: which one was looked for, and the text where it stands in clear."""
    label = KEY_LABELS[case.kind]
    dated = [keys for keys in ring.find(who, case.title, dated=False) if not keys.valid(who.time_ns)]
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
