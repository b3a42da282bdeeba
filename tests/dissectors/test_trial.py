"""Which keys are tried, and how many."""

from encode import security as encode

from dissectors import trial
from dissectors.keys import MAX_CANDIDATES, KeyRing, KeySet, Parties, Secret
from dissectors.protection import Case
from dissectors.unprotect import unprotect

TITLE = b"MMM\0\0\0\0\1"
GET = bytes.fromhex("C0010000080000010000FF0200")
KEY = bytes(range(16))


def test_trials_are_bounded() -> None:
    keys = KeyRing(KeySet(name=str(n), encryption=Secret(n.to_bytes(16, "big"))) for n in range(1, 500))
    octets = encode.Protection(0x30, TITLE, KEY, KEY).general(GET)
    tried: list[bytes] = []
    attempt = trial._attempt

    def counted(case: Case, title: bytes, keys: KeySet, key: bytes) -> object:
        tried.append(key)
        return attempt(case, title, keys, key)

    trial._attempt = counted  # type: ignore[assignment]
    try:
        found = unprotect(octets, keys, Parties())
    finally:
        trial._attempt = attempt
    assert found.status == "wrong-key"
    assert len(tried) == MAX_CANDIDATES


def test_dedicated_key_with_every_authentication_key() -> None:
    keys = KeyRing([KeySet(name=f"k{n}", authentication=Secret(bytes([n]) * 16)) for n in range(5)])
    who = Parties(0, 16, 1, TITLE, dedicated=keys.learn_dedicated(KEY))
    octets = encode.Protection(0x30, TITLE, KEY, bytes([2]) * 16).ded(GET)
    found = unprotect(octets, keys, who)
    assert (found.status, found.key_name, found.key_kind) == ("ok", "k2", "dedicated")


def test_dedicated_key_without_an_authentication_key() -> None:
    keys = KeyRing()
    who = Parties(0, 16, 1, TITLE, dedicated=keys.learn_dedicated(KEY))
    octets = encode.Protection(0x30, TITLE, KEY, KEY).ded(GET)
    found = unprotect(octets, keys, who)
    assert (found.status, found.plain, found.key_name) == ("unverified", GET, "dedicated key of the AARQ")


def test_dedicated_key_of_the_key_file() -> None:
    keys = KeyRing([KeySet(name="k", dedicated=Secret(KEY), authentication=Secret(KEY))])
    found = unprotect(encode.Protection(0x30, TITLE, KEY, KEY).ded(GET), keys, Parties(0, 16, 1, TITLE))
    assert (found.status, found.key_kind) == ("ok", "dedicated")


def test_a_title_of_wrong_length_has_no_initialisation_vector() -> None:
    keys = KeyRing([KeySet(name="k", encryption=Secret(KEY), authentication=Secret(KEY))])
    octets = b"\xdb" + encode.octet_string(b"SHORT") + encode.octet_string(b"\x30" + bytes(40))
    found = unprotect(octets, keys, Parties())
    assert found.status == "malformed"
    assert "5 octets" in found.reason
