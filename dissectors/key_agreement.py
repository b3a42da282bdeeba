"""Keys that travel with a message or are agreed on for it (IEC 62056-5-3, 5.3.5: wrapped-key, agreed-key).

    one-pass Diffie-Hellman C(1e,1s)    Z = static private of the recipient × ephemeral public of the message
    static unified C(0e,2s)             Z = static private of one party × static public of the other
    K = KDF(Z, AlgorithmID ‖ originator ‖ [transaction-id with length, C(0e,2s)] ‖ recipient)

The AlgorithmID is printed with two prefixes (60 85 74 06 and 60 85 74 05): both are tried.
"""

from collections.abc import Iterator, Sequence

import msgspec

from dissectors import data, security
from dissectors.cursor import Cursor, Stop
from dissectors.keys import KeyRing, KeySet, Parties, Secret
from dissectors.protection import title_text, with_length
from dissectors.record import Value
from dissectors.xdlms.general import Header

ONE_PASS, STATIC_UNIFIED = 1, 2
PREFIXES = (bytes.fromhex("608574060803"), bytes.fromhex("608574050803"))
ALGORITHMS = {0: b"\x00", 1: b"\x00", 2: b"\x01"}  # AES-GCM-128 or -256 by suite
POINT_OCTETS = {1: 64, 2: 96}
MAX_PAIRS = 32  # of private and public keys tried for one message


def unwrapped(wrapped: bytes, candidates: Sequence[KeySet]) -> Iterator[tuple[KeySet, bytes]]:
    """The one-time key with each master key that opens it."""
    for keys in candidates:
        if keys.master is not None:
            found = security.unwrap(keys.master.reveal(), wrapped)
            if found is not None:
                yield keys, found


def ephemeral(parameters: bytes, data: bytes, suite: int) -> tuple[bytes, bytes]:
    """Ephemeral public key and its signature from the key-ciphered-data of C(1e,1s); (b"", b"") for others."""
    n = POINT_OCTETS.get(suite, 0)
    if parameters[:1] != bytes((ONE_PASS,)) or not n or len(data) < n:
        return b"", b""
    return data[:n], data[n:]


def agreed(
    header: Header, scheme: int, point: bytes, suite: int, candidates: Sequence[KeySet]
) -> Iterator[tuple[KeySet, bytes]]:
    """Every key that the given private keys may have agreed on, most probable first; at most 64."""
    octets = security.KEY_OCTETS.get(suite)
    privates = [(keys, keys.agreement_private.reveal()) for keys in candidates if keys.agreement_private is not None]
    publics = [keys.agreement_public for keys in candidates if keys.agreement_public]
    if octets is None:
        return
    if scheme == ONE_PASS:
        nonce = b""
        # With the originator's ephemeral private key given, the recipient's static public key does as well.
        pairs = [(keys, scalar, point) for keys, scalar in privates if point]
        pairs += [(keys, scalar, public) for keys, scalar in privates for public in publics]
    else:
        nonce = with_length(header.transaction_id)
        pairs = [(keys, scalar, public) for keys, scalar in privates for public in publics]
    for keys, scalar, public in pairs[:MAX_PAIRS]:
        z = security.shared(scalar, public)
        if z is None:
            continue
        for prefix in PREFIXES:
            other = prefix + ALGORITHMS[suite] + header.originator + nonce + header.recipient
            key = security.derive(z, other, octets)
            if key is not None:
                yield keys, key


class Transfer(Value, frozen=True, gc=False):
    """One element of a key transfer: what, in words, and the number of the key set it gave, 0 where it gave none."""

    words: str
    number: int = 0


# Key ids of key_transfer (class 64, method 2): field of KeySet, words.
TRANSFERRED = {
    0: ("encryption", "global unicast encryption key"),
    1: ("broadcast", "global broadcast encryption key"),
    2: ("authentication", "global authentication key"),
    3: ("master", "master key"),
}
MAX_TRANSFERRED = 16


def learn_transfer(octets: bytes, keys: KeyRing, who: Parties) -> tuple[Transfer, ...]:
    """Takes the keys of a key_transfer (class 64, method 2) that a given master key opens into the ring.

    octets: the Data of the method's parameter, an array of structures {key id, wrapped key}. Call it when the
    response says success, with the Parties of the request. The new keys are tried before the old ones, which
    stay. Never raises; what cannot be opened is said in words."""
    try:
        found = data.build(Cursor(octets, buffer="plain"))
    except Stop:
        return (Transfer("not readable as an array of wrapped keys"),)
    elements = found.value if found.type == "array" else [found]
    opened: dict[int, tuple[KeySet, dict[str, Secret], list[str]]] = {}
    out: list[Transfer] = []
    for element in elements[:MAX_TRANSFERRED]:
        parts = element.value if element.type == "structure" and len(element.value) == 2 else None
        if parts is None or parts[1].type != "octet-string" or parts[0].value not in TRANSFERRED:
            out.append(Transfer("an element is not of key id and wrapped key"))
            continue
        field, label = TRANSFERRED[parts[0].value]
        base, key = next(unwrapped(bytes.fromhex(parts[1].value), keys.find(who)), (None, b""))
        if base is None:
            out.append(Transfer(f"{label}: no master key that opens it (server {title_text(who.server_title)})"))
            continue
        _, fields, labels = opened.setdefault(base.number, (base, {}, []))
        fields[field] = Secret(key)
        labels.append(label)
    for base, fields, labels in opened.values():
        title = base.system_title or who.server_title
        fresh = msgspec.structs.replace(base, name=f"key transfer under {base.name}", system_title=title, **fields)
        number = keys.add(fresh).number
        out += [Transfer(f"{label} opened with the master key of {base.name}", number) for label in labels]
    return tuple(out)
