"""High level security: whether passes 3 and 4 prove what they should (IEC 62056-5-3, 5.3.4; apdu.md 3.4, 3.5).

2  manufacturer specific (AES-ECB of the challenge is tried)
3  MD5(challenge ‖ secret)             4  SHA-1(challenge ‖ secret)
5  SC ‖ IC ‖ GMAC(SC ‖ AK ‖ challenge)
6  SHA-256(secret ‖ title of prover ‖ title of verifier ‖ challenge answered ‖ own challenge)
7  ECDSA over (title of prover ‖ title of verifier ‖ challenge answered ‖ own challenge)
"""

import hashlib
from collections.abc import Callable, Sequence

from dissectors import data
from dissectors.cursor import Cursor, Stop
from dissectors.keys import KeyRing, KeySet, Parties
from dissectors.protection import MALFORMED, NO_KEY, OK, TAG_OCTETS, UNSUPPORTED, WRONG_KEY, title_text
from dissectors.record import Direction, Value

AES_OCTETS = 16
REPLY_OCTETS = {3: (16,), 4: (20,), 5: (17,), 6: (32,), 7: (64, 96)}
NAMES = {2: "HLS 2", 3: "HLS MD5", 4: "HLS SHA-1", 5: "HLS GMAC", 6: "HLS SHA-256", 7: "HLS ECDSA"}


class Challenges(Value, frozen=True, gc=False):
    """client: CtoS of the AARQ; server: StoC of the AARE."""

    client: bytes
    server: bytes


class Checked(Value, frozen=True, gc=False):
    """status: "ok", "wrong-key", "no-key", "unsupported" or "malformed"; reason in words. control and counter of a
    GMAC reply (the counter belongs to that of the global key), -1 for others; key_name: the set that fitted."""

    status: str
    reason: str
    control: int = -1
    counter: int = -1
    key_name: str = ""
    key_number: int = 0


def reply_octets(octets: bytes, start: int = 0, end: int | None = None) -> bytes | None:
    """f(challenge) from the Data of reply_to_HLS_authentication, an octet-string; None where it is none."""
    try:
        found = data.build(Cursor(octets, start, end))
    except Stop:
        return None
    return bytes.fromhex(found.value) if found.type == "octet-string" else None


def check_reply(mechanism: int, who: Parties, challenges: Challenges, reply: bytes, keys: KeyRing) -> Checked:
    """Verifies f(StoC) of pass 3 (who.direction to the server) or f(CtoS) of pass 4 (to the client).

    mechanism: last arc of the mechanism name in the AARQ, 2 to 7. who: with both system titles for 5, 6 and 7.
    Call it with the reply's octets (reply_octets of the method's data) once both challenges are known."""
    check = CHECKS.get(mechanism)
    if check is None:
        return Checked(UNSUPPORTED, f"mechanism {mechanism} has no passes 3 and 4")
    if who.direction not in (Direction.TO_SERVER, Direction.TO_CLIENT):
        return Checked(UNSUPPORTED, "the direction is not known, so neither is the challenge that is answered")
    allowed = REPLY_OCTETS.get(mechanism)
    if allowed and len(reply) not in allowed:
        return Checked(MALFORMED, f"{len(reply)} octets, {NAMES[mechanism]} has {' or '.join(map(str, allowed))}")
    answered, own = challenges.server, challenges.client
    if who.direction == Direction.TO_CLIENT:
        answered, own = own, answered
    return check(mechanism, who, answered, own, reply, keys.find(who, who.sender))


def _verdict(mechanism: int, fitted: KeySet | None, tried: int, what: str, who: Parties) -> Checked:
    if fitted is not None:
        return Checked(OK, "", key_name=fitted.name, key_number=fitted.number)
    whose = title_text(who.server_title or who.sender)
    if not tried:
        return Checked(NO_KEY, f"no {what} for system title {whose}: {NAMES[mechanism]} not checked")
    return Checked(WRONG_KEY, f"not what the {what} gives: {what} wrong, or the sender does not know it")


def _digest(mechanism: int, who: Parties, answered: bytes, own: bytes, reply: bytes, keys: Sequence[KeySet]) -> Checked:
    """Mechanisms 3, 4 and 6."""
    if mechanism == 6 and not (who.client_title and who.server_title):
        return Checked(NO_KEY, "a system title of client or server is not known: HLS SHA-256 not checked")
    pairs = _secrets(keys)
    for entry, secret in pairs:
        if mechanism == 3:
            computed = hashlib.md5(answered + secret, usedforsecurity=False).digest()
        elif mechanism == 4:
            computed = hashlib.sha1(answered + secret, usedforsecurity=False).digest()
        else:
            computed = hashlib.sha256(secret + who.sender + who.receiver + answered + own).digest()
        if computed == reply:
            return _verdict(mechanism, entry, 1, "secret", who)
    return _verdict(mechanism, None, len(pairs), "secret", who)


def _secrets(keys: Sequence[KeySet]) -> list[tuple[KeySet, bytes]]:
    return [(entry, secret.reveal()) for entry in keys for secret in entry.secrets]


def _manufacturer(
    mechanism: int, who: Parties, answered: bytes, own: bytes, reply: bytes, keys: Sequence[KeySet]
) -> Checked:
    """Mechanism 2: AES-ECB of the challenge under the secret, both filled up with zeros, is widespread; whatever
    else cannot be told."""
    from dissectors import security

    for entry, secret in _secrets(keys):
        key = secret.ljust(AES_OCTETS, b"\0")
        text = answered.ljust(-(-max(len(answered), len(key)) // AES_OCTETS) * AES_OCTETS, b"\0")
        if security.aes_block(key, text) == reply:
            return Checked(OK, "AES-ECB of the challenge", key_name=entry.name, key_number=entry.number)
    return Checked(UNSUPPORTED, "manufacturer specific: not checked")


def _gmac(mechanism: int, who: Parties, answered: bytes, own: bytes, reply: bytes, keys: Sequence[KeySet]) -> Checked:
    control, counter = reply[0], int.from_bytes(reply[1:5], "big")
    if not who.sender:
        return Checked(NO_KEY, "the system title of the sender is not known: HLS GMAC not checked", control, counter)
    from dissectors import security

    tried = 0
    fitted: KeySet | None = None
    for entry in keys:
        if entry.encryption is None or entry.authentication is None:
            continue
        tried += 1
        additional = reply[:1] + entry.authentication.reveal() + answered
        computed = security.gcm(entry.encryption.reveal(), who.sender + reply[1:5], b"", additional)
        if computed is not None and computed[1][:TAG_OCTETS] == reply[5:]:
            fitted = entry
            break
    found = _verdict(mechanism, fitted, tried, "pair of encryption and authentication key", who)
    return Checked(found.status, found.reason, control, counter, found.key_name, found.key_number)


def _ecdsa(mechanism: int, who: Parties, answered: bytes, own: bytes, reply: bytes, keys: Sequence[KeySet]) -> Checked:
    if not (who.client_title and who.server_title):
        return Checked(NO_KEY, "a system title of client or server is not known: HLS ECDSA not checked")
    message = who.sender + who.receiver + answered + own
    points = [k for k in keys if len(k.signing) == len(reply) and k.system_title in (b"", who.sender)]
    if points:
        from dissectors import security

        for entry in points:
            if security.verify(entry.signing, reply, message):
                return _verdict(mechanism, entry, 1, "signing certificate", who)
    return _verdict(mechanism, None, len(points), "signing certificate of the sender", who)


CHECKS: dict[int, Callable[[int, Parties, bytes, bytes, bytes, Sequence[KeySet]], Checked]] = {
    2: _manufacturer,
    3: _digest,
    4: _digest,
    5: _gmac,
    6: _digest,
    7: _ecdsa,
}
