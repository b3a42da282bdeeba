"""Trying of keys on one ciphered APDU, the best first (IEC 62056-5-3, 5.3.4 to 5.3.6).

Loads the cryptography; unprotect.py calls it where there are keys. Bounded: at most 64 keys are tried.
"""

from collections.abc import Iterator

import msgspec

from dissectors import key_agreement, security, signing
from dissectors.keys import MAX_CANDIDATES, KeyRing, KeySet, Parties
from dissectors.protection import (
    AUTHENTICATED,
    COMPRESSED,
    ENCRYPTED,
    KEY_LABELS,
    MALFORMED,
    OK,
    STATUSES,
    TAG_MISMATCH,
    TAG_OCTETS,
    UNVERIFIED,
    WRONG_KEY,
    Case,
    Unprotected,
    readable,
    title_text,
)

MAX_TITLES = 8  # system titles tried where the sender's is not known
LEARNED_DEDICATED = KeySet(name="dedicated key of the AARQ")

Attempt = tuple[bytes, KeySet, bytes]  # system title of the sender, key set, encryption key


def best(case: Case, ring: KeyRing, who: Parties) -> Unprotected | None:
    """What the key that fits gives, else the best of the others; None where no key is for this APDU."""
    found: Unprotected | None = None
    for tried, (title, keys, key) in enumerate(_attempts(case, ring, who)):
        one = _attempt(case, title, keys, key)
        if found is None or STATUSES.index(one.status) < STATUSES.index(found.status):
            found = one
        if one.status == OK or tried + 1 >= MAX_CANDIDATES:
            break
    return found if found is None or case.kind != "agreed" else _with_signature(case, found, ring, who)


def _with_signature(case: Case, found: Unprotected, ring: KeyRing, who: Parties) -> Unprotected:
    """Whether the ephemeral public key of the message was signed by its originator."""
    header = case.header
    info = None if header is None else header.key_info
    if header is None or info is None:
        return found
    data = case.octets[slice(*info.data)]
    point, signature = key_agreement.ephemeral(info.parameters, data, case.suite)
    if not point:
        return found
    candidates = [keys for keys in ring.find(who, header.originator) if keys.system_title in (b"", header.originator)]
    return msgspec.structs.replace(found, signature=signing.check(point, signature, candidates)[0])


def _attempts(case: Case, ring: KeyRing, who: Parties) -> Iterator[Attempt]:
    for title in (case.title,) if case.title else _titles(ring, who):
        candidates = ring.find(who, title, case.recipient)
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
                # Without an authentication key only where nobody has one: a wrong tag would pass as unchecked.
                checking = [keys for keys in candidates if keys.authentication is not None]
                for keys in checking or [LEARNED_DEDICATED]:
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
    if case.header is not None:
        yield from key_agreement.agreed(case.header, key_agreement.STATIC_UNIFIED, b"", case.suite, candidates)


def _attempt(case: Case, title: bytes, keys: KeySet, key: bytes) -> Unprotected:
    """One key on one APDU."""
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
