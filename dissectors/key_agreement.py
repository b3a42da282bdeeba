"""Keys that travel with a message or are agreed on for it (IEC 62056-5-3, 5.3.5: wrapped-key, agreed-key).

    one-pass Diffie-Hellman C(1e,1s)    Z = static private of the recipient × ephemeral public of the message
    static unified C(0e,2s)             Z = static private of one party × static public of the other
    K = KDF(Z, AlgorithmID ‖ originator ‖ [transaction-id with length, C(0e,2s)] ‖ recipient)

The AlgorithmID is printed with two prefixes (60 85 74 06 and 60 85 74 05): both are tried.
"""

from collections.abc import Iterator, Sequence

from dissectors import security
from dissectors.keys import KeySet
from dissectors.protection import with_length
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
