"""Every form of protection, taken off or explained."""

import pytest
from encode import security as encode
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import protection
from dissectors.keys import KeyRing, KeySet, Parties, Secret
from dissectors.protection import Unprotected
from dissectors.record import Direction
from dissectors.unprotect import unprotect

EK = bytes(range(16))
AK = bytes(range(0xD0, 0xE0))
CLIENT = bytes.fromhex("4D4D4D0000BC614E")
SERVER = bytes.fromhex("4D4D4D0000000001")
WHO = Parties(Direction.TO_SERVER, 16, 1, CLIENT, SERVER)
GET = bytes.fromhex("C0010000080000010000FF0200")
INITIATE = bytes.fromhex("01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0")
PUSH = bytes.fromhex("0F000000010002010600000002")


def ring(**given: object) -> KeyRing:
    return KeyRing([KeySet(name="key 1 of test", **given)])  # type: ignore[arg-type]


BOTH = ring(encryption=Secret(EK), authentication=Secret(AK))

# Worked examples of the Green Book (apdu.md 11.6).
VECTORS = [
    ("C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B", GET, "authenticated-encrypted"),
    ("C81E1001234567C0010000080000010000FF020006725D910F9221D263877516", GET, "authenticated"),
    ("C8122001234567411312FF935A47566827C467BC", GET, "encrypted"),
    (
        "DB084D4D4D0000BC614E1E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B",
        GET,
        "authenticated-encrypted",
    ),
    (
        "21303001234567801302FF8A7874133D414CED25B42534D28DB0047720606B175BD52211BE6841DB204D39EE6FDB8E356855",
        INITIATE,
        "authenticated-encrypted",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("octets", "plain", "policy"), VECTORS)
def test_examples_of_the_standard(octets: str, plain: bytes, policy: str) -> None:
    found = unprotect(bytes.fromhex(octets), BOTH, WHO)
    assert (found.plain, found.status, found.policy) == (plain, "ok", policy)
    assert (found.suite, found.counter, found.system_title) == (0, 0x01234567, CLIENT)
    assert (found.key_name, found.key_number, found.key_kind) == ("key 1 of test", 1, "global-unicast")
    assert found.believed and not found.problems


@pytest.mark.parametrize("suite", [0, 1, 2])
@pytest.mark.parametrize("policy", [0x10, 0x20, 0x30])
@pytest.mark.parametrize("form", ["glo", "ded", "general-glo", "general-ded", "general-ciphering"])
@settings(max_examples=4, deadline=None)
@given(counter=st.integers(0, 2**32 - 1), seed=st.binary(min_size=64, max_size=64))
def test_what_is_protected_comes_back(suite: int, policy: int, form: str, counter: int, seed: bytes) -> None:
    size = 32 if suite == 2 else 16
    key, authentication = seed[:size], seed[32 : 32 + size]
    by = encode.Protection(suite | policy, CLIENT, key, authentication, counter)
    keys = KeyRing(
        [KeySet(name="k", system_title=SERVER, encryption=Secret(key), authentication=Secret(authentication))]
    )
    who = WHO
    if form.endswith("ded"):
        keys = KeyRing([KeySet(name="k", system_title=SERVER, authentication=Secret(authentication))])
        who = Parties(Direction.TO_SERVER, 16, 1, CLIENT, SERVER, dedicated=keys.learn_dedicated(key))
    octets = {
        "glo": by.glo,
        "ded": by.ded,
        "general-glo": by.general,
        "general-ded": lambda plain: by.general(plain, 0xDC),
        "general-ciphering": lambda plain: by.general_ciphering(plain, encode.identified(0)),
    }[form](GET)
    found = unprotect(octets, keys, who)
    assert (found.plain, found.status, found.suite, found.counter) == (GET, "ok", suite, counter)
    assert found.policy == protection.POLICIES[policy >> 4]
    assert found.key_kind == ("dedicated" if form.endswith("ded") else "global-unicast")
    # One octet altered: the text is never believed where a tag guards it.
    if policy & 0x10:
        position = len(octets) - 1 - seed[0] % 12
        altered = octets[:position] + bytes([octets[position] ^ 1]) + octets[position + 1 :]
        found = unprotect(altered, keys, who)
        assert (found.status, found.plain, found.believed) == ("tag-mismatch", GET, False)
        assert [p.kind.code for p in found.problems] == ["apdu.ciph-tag"]


def test_broadcast_key() -> None:
    octets = encode.Protection(0x70, CLIENT, EK[::-1], AK).glo(GET)
    keys = ring(encryption=Secret(EK), broadcast=Secret(EK[::-1]), authentication=Secret(AK))
    found = unprotect(octets, keys, WHO)
    assert (found.status, found.key_kind) == ("ok", "global-broadcast")
    found = unprotect(octets, BOTH, WHO)
    assert (found.status, found.plain) == ("no-key", None)
    assert "global broadcast encryption key for system title 4D4D4D0000BC614E" in found.reason
    octets = encode.Protection(0x30, CLIENT, EK[::-1], AK).general_ciphering(GET, encode.identified(1))
    assert unprotect(octets, keys, WHO).key_kind == "global-broadcast"


class TestReasons:
    """Why an APDU is not deciphered, in words."""

    glo = encode.Protection(0x30, CLIENT, EK, AK).glo(GET)

    def test_no_keys_at_all(self) -> None:
        found = unprotect(self.glo, KeyRing(), WHO)
        assert (found.status, found.plain) == ("no-key", None)
        assert "no keys given" in found.reason and "4D4D4D0000BC614E" in found.reason

    def test_no_key_for_this_title(self) -> None:
        keys = ring(system_title=b"XXX\0\0\0\0\1", encryption=Secret(EK), authentication=Secret(AK))
        found = unprotect(self.glo, keys, WHO)
        assert found.status == "no-key"
        assert found.reason == "no global unicast encryption key for system title 4D4D4D0000BC614E (server 1)"

    def test_wrong_key(self) -> None:
        found = unprotect(self.glo, ring(encryption=Secret(AK), authentication=Secret(AK)), WHO)
        assert (found.status, found.plain) == ("wrong-key", None)
        assert "key 1 of test" in found.reason

    def test_wrong_authentication_key(self) -> None:
        found = unprotect(self.glo, ring(encryption=Secret(EK), authentication=Secret(EK)), WHO)
        assert (found.status, found.plain, found.believed) == ("tag-mismatch", GET, False)

    def test_no_authentication_key(self) -> None:
        found = unprotect(self.glo, ring(encryption=Secret(EK)), WHO)
        assert (found.status, found.plain, found.believed) == ("unverified", GET, True)
        assert "tag not checked" in found.reason

    def test_authenticated_only_is_readable_without_keys(self) -> None:
        octets = encode.Protection(0x10, CLIENT, EK, AK).glo(GET)
        found = unprotect(octets, KeyRing(), WHO)
        assert (found.status, found.plain) == ("unverified", GET)
        found = unprotect(octets, ring(encryption=Secret(AK), authentication=Secret(AK)), WHO)
        assert (found.status, found.plain) == ("tag-mismatch", GET)

    def test_key_of_other_length(self) -> None:
        found = unprotect(encode.Protection(0x32, CLIENT, EK * 2, AK * 2).glo(GET), BOTH, WHO)
        assert found.status == "wrong-key"
        assert "16 octets, suite 2 needs 32" in found.reason

    def test_title_not_known(self) -> None:
        found = unprotect(self.glo, BOTH, Parties(Direction.TO_SERVER))
        assert found.status == "no-key"
        assert "system title of the client is not known" in found.reason

    def test_title_from_the_key_file(self) -> None:
        keys = ring(system_title=CLIENT, encryption=Secret(EK), authentication=Secret(AK))
        found = unprotect(self.glo, keys, Parties(Direction.TO_SERVER))
        assert (found.status, found.system_title) == ("ok", CLIENT)

    def test_out_of_its_time(self) -> None:
        keys = ring(encryption=Secret(EK), authentication=Secret(AK), valid_to=1000)
        assert unprotect(self.glo, keys, Parties(0, 16, 1, CLIENT, SERVER, 999)).status == "ok"
        found = unprotect(self.glo, keys, Parties(0, 16, 1, CLIENT, SERVER, 1001))
        assert found.status == "no-key"
        assert "not valid at the time" in found.reason

    def test_dedicated_key_not_seen(self) -> None:
        found = unprotect(encode.Protection(0x30, CLIENT, EK, AK).ded(GET), BOTH, WHO)
        assert found.status == "no-key"
        assert "dedicated key" in found.reason

    def test_compressed(self) -> None:
        octets = encode.Protection(0xB0, CLIENT, EK, AK).glo(GET)
        found = unprotect(octets, BOTH, WHO)
        assert (found.status, found.plain) == ("unsupported", None)
        assert "V.44" in found.reason
        octets = encode.Protection(0xA0, CLIENT, EK, AK).glo(GET)
        assert unprotect(octets, BOTH, WHO).status == "unsupported"

    def test_reserved_suite(self) -> None:
        found = unprotect(encode.Protection(0x33, CLIENT, EK, AK).glo(GET), BOTH, WHO)
        assert found.status == "unsupported"
        assert [p.kind.code for p in found.problems] == ["apdu.ciph-sc"]

    def test_no_protection(self) -> None:
        by = encode.Protection(0x00, CLIENT, EK, AK)
        found = unprotect(by.glo(GET), BOTH, WHO)
        assert (found.status, found.plain, [p.kind.code for p in found.problems]) == (
            "unverified", GET, ["apdu.ciph-sc"],
        )  # fmt: skip
        found = unprotect(by.general_ciphering(GET), BOTH, WHO)
        assert (found.status, found.plain, found.problems) == ("ok", GET, ())

    def test_key_set_bit_where_it_must_be_zero(self) -> None:
        octets = encode.Protection(0x70, CLIENT, EK, AK).ded(GET)
        assert "apdu.ciph-sc" in [p.kind.code for p in unprotect(octets, BOTH, WHO).problems]

    @pytest.mark.parametrize("policy", [0x10, 0x30])
    def test_zero_length_tag(self, policy: int) -> None:
        whole = encode.Protection(policy, CLIENT, EK, AK).content(GET)[:-12]
        octets = b"\xc8" + encode.octet_string(whole)
        found = unprotect(octets, BOTH, WHO)
        assert (found.plain, found.tag_empty, found.status) == (GET, True, "unverified")
        assert "security.zero-tag" in [p.kind.code for p in found.problems]

    def test_cut_off(self) -> None:
        found = unprotect(self.glo[:-5], BOTH, WHO)
        assert (found.status, found.plain) == ("malformed", None)
        assert "cut off" in found.reason
        assert unprotect(self.glo[:3], BOTH, WHO).status == "malformed"

    def test_not_protected(self) -> None:
        assert unprotect(GET, BOTH, WHO).status == "malformed"
        assert unprotect(b"", BOTH, WHO).status == "malformed"


def test_wrapped_key() -> None:
    kek = AK[::-1]
    by = encode.Protection(0x30, CLIENT, EK, AK)
    octets = by.general_ciphering(GET, encode.wrapped(kek, EK))
    found = unprotect(octets, ring(master=Secret(kek), authentication=Secret(AK)), WHO)
    assert (found.plain, found.status, found.key_kind) == (GET, "ok", "wrapped")
    assert unprotect(octets, ring(master=Secret(EK), authentication=Secret(AK)), WHO).status == "no-key"


def test_signed_inside_ciphered_inside_gateway() -> None:
    content = encode.signed(None, CLIENT, GET)
    octets = bytes.fromhex("E60003313233") + encode.Protection(0x30, CLIENT, EK, AK).general(content)
    outer = unprotect(octets, BOTH, WHO)
    assert (outer.plain, outer.status) == (content, "ok")
    inner = unprotect(outer.plain or b"", BOTH, WHO)
    assert (inner.plain, inner.status, inner.signature, inner.policy) == (GET, "unverified", "absent", "signed")


def test_p1_telegram_inside() -> None:
    telegram = b"/EST5\\253710000_A\r\n\r\n1-0:1.8.0(006454766*Wh)\r\n!"
    octets = encode.Protection(0x20, SERVER, EK).general(telegram)
    assert unprotect(octets, BOTH, WHO).plain == telegram


class TestEmptyHeader:
    """UK GBCS (apdu.md 11.4): the general-signing inside names the sender."""

    content = encode.signed(None, CLIENT, GET, transaction=bytes(9))

    def octets(self, key: bytes) -> bytes:
        control = b"\x11" + bytes(4)
        tag = encode.gcm(key, CLIENT + bytes(4), b"", control + self.content)[1]
        return b"\xdd" + bytes(6) + encode.octet_string(control + self.content + tag)

    def test_with_its_key(self) -> None:
        found = unprotect(self.octets(EK), ring(encryption=Secret(EK), authentication=Secret(AK)), Parties())
        assert (found.plain, found.status, found.system_title) == (self.content, "ok", CLIENT)

    def test_without(self) -> None:
        found = unprotect(self.octets(EK), KeyRing(), Parties())
        assert (found.plain, found.status, found.system_title) == (self.content, "unverified", CLIENT)

    def test_with_another(self) -> None:
        found = unprotect(self.octets(EK), ring(encryption=Secret(AK)), Parties())
        assert (found.plain, found.status) == (self.content, "tag-mismatch")


def test_the_key_that_fits_among_many() -> None:
    wrong = [
        KeySet(name=f"wrong {n}", encryption=Secret(bytes([n]) * 16), authentication=Secret(AK)) for n in range(40)
    ]
    keys = KeyRing([KeySet(name="right", encryption=Secret(EK), authentication=Secret(AK)), *wrong])
    for control in (0x10, 0x20, 0x30):
        found = unprotect(encode.Protection(control, CLIENT, EK, AK).glo(GET), keys, WHO)
        assert (found.status, found.key_name) == ("ok", "right")


def test_no_secret_in_the_result() -> None:
    key = bytes.fromhex("5EC2E7A1B2C3D4E5F60718293A4B5C6D")
    keys = ring(encryption=Secret(key), authentication=Secret(key))
    octets = encode.Protection(0x30, CLIENT, key, key).glo(INITIATE)
    found = unprotect(octets, keys, WHO)
    assert found.plain == INITIATE
    for shown in (repr(found), str(found), repr(keys), found.reason):
        assert key.hex() not in shown.lower() and repr(key)[2:-1] not in shown
        assert "112233" not in shown.lower() and '\\x11"3D' not in shown  # the dedicated key in the text


PIECES = [
    encode.Protection(0x30, CLIENT, EK, AK).glo(GET),
    encode.Protection(0x10, CLIENT, EK, AK).general(PUSH),
    encode.Protection(0x30, CLIENT, EK, AK).general_ciphering(GET, encode.wrapped(AK, EK)),
    encode.Protection(0x31, CLIENT, EK, AK).general_ciphering(GET, encode.agreed(1, bytes(range(128)))),
    encode.Protection(0x31, CLIENT, EK, AK).general_ciphering(GET, encode.agreed(2)),
    encode.signed(None, CLIENT, GET),
    b"\xdd" + bytes(6) + encode.octet_string(b"\x11" + bytes(4) + encode.signed(None, CLIENT, GET) + bytes(12)),
]


@settings(max_examples=300, deadline=None)
@given(
    piece=st.sampled_from(PIECES),
    cut=st.integers(0, 200),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
    direction=st.sampled_from([0, 1, 2]),
)
def test_mutated_never_raises(piece: bytes, cut: int, changes: list[tuple[int, int]], direction: int) -> None:
    octets = bytearray(piece)
    for position, value in changes:
        octets[position % len(octets)] = value
    keys = ring(
        encryption=Secret(EK), authentication=Secret(AK), broadcast=Secret(EK), master=Secret(AK), dedicated=Secret(EK),
        agreement_private=Secret(bytes([1]) * 32), agreement_public=bytes(64), signing=bytes(64),
    )  # fmt: skip
    found = unprotect(bytes(octets[: cut or None]), keys, Parties(direction, 16, 1, CLIENT, SERVER))
    assert isinstance(found, Unprotected) and found.status in protection.STATUSES
    if found.plain is None:
        assert not found.believed
