"""What the watch says, and what it leaves unsaid."""

import pytest
from encode import security as encode
from msgspec.structs import replace

from analyzer.security_watch import KNOWN_KEYS, Watch, well_known
from dissectors import apdus
from dissectors.acse import Aarq
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.hls import Checked
from dissectors.keys import KeyRing, KeySet, Parties, Secret
from dissectors.problem import Problem
from dissectors.protection import Unprotected
from dissectors.unprotect import unprotect

EK, AK = bytes(range(1, 17)), bytes(range(40, 56))
CLIENT, SERVER = b"MMM\0\0\0\0\1", b"MMM\0\0\0\0\2"
GET = bytes.fromhex("C0010000080000010000FF0200")
RESPONSE = bytes.fromhex("C4010000060000002A")
RING = KeyRing([KeySet(name="key 1", encryption=Secret(EK), authentication=Secret(AK), broadcast=Secret(EK))])


def codes(problems: tuple[Problem, ...]) -> list[str]:
    return [p.kind.code for p in problems]


def sent(
    watch: Watch, counter: int = 1, control: int = 0x30, association: int = 1, response: bool = False,
    ring: KeyRing = RING, keys: tuple[bytes, bytes] = (EK, AK), title: bytes = b"",
) -> tuple[Problem, ...]:  # fmt: skip
    title = title or (SERVER if response else CLIENT)
    octets = encode.Protection(control, title, *keys, counter).glo(RESPONSE if response else GET)
    found = unprotect(octets, ring, Parties(int(response), 16, 1, title, title))
    assert found.status in ("ok", "no-key")
    return watch.protected(association, octets, found, "response" if response else "request", 0)


class TestCounters:
    def test_rising_with_gaps_is_legal(self) -> None:
        watch = Watch(RING)
        assert [codes(sent(watch, n)) for n in (5, 6, 100, 4000000000)] == [[]] * 4

    def test_repeated_falling_reset_exhausted(self) -> None:
        watch = Watch(RING)
        sent(watch, 500)
        (repeated,) = sent(watch, 500)
        assert repeated.kind.code == "apdu.ciph-ic"
        assert repeated.text == "invocation counter 500 of 4D4D4D0000000001 (global unicast key): repeated"
        (falls,) = sent(watch, 400)
        assert falls.kind.code == "apdu.ciph-ic" and "falls, 500 came before" in falls.text
        assert not sent(watch, 401)
        (reset,) = sent(watch, 1)
        assert reset.kind.code == "security.counter-reset"
        (exhausted,) = sent(watch, 0xFFFFFFFF)
        assert "exhausted" in exhausted.text

    def test_each_sender_and_key_counts_alone(self) -> None:
        watch = Watch(RING)
        sent(watch, 500)
        assert not sent(watch, 1, response=True)
        assert not sent(watch, 2, control=0x70)  # broadcast key
        assert "apdu.ciph-ic" in codes(sent(watch, 500, association=2))  # the same key in the next association

    def test_a_dedicated_key_counts_in_its_association(self) -> None:
        ring = KeyRing([KeySet(name="k", authentication=Secret(AK))])
        watch = Watch(ring)
        for association in (1, 2):
            who = Parties(0, 16, 1, CLIENT, SERVER, dedicated=ring.learn_dedicated(EK))
            octets = encode.Protection(0x30, CLIENT, EK, AK, 1).ded(GET)
            found = unprotect(octets, ring, who)
            assert not watch.protected(association, octets, found, "request", 0)
        assert codes(watch.protected(2, octets, found, "request", 0)) == ["apdu.ciph-ic"]

    def test_a_forged_message_does_not_count(self) -> None:
        watch = Watch(RING)
        sent(watch, 500)
        forged = Unprotected(
            GET, "tag-mismatch", "", 0, "authenticated-encrypted", 7, CLIENT, "global-unicast", "key 1", 1
        )
        assert not watch.protected(1, GET, forged, "request", 0)
        assert not sent(watch, 501)

    def test_works_without_keys(self) -> None:
        watch = Watch(KeyRing())
        sent(watch, 7, ring=KeyRing())
        assert codes(sent(watch, 7, ring=KeyRing())) == ["apdu.ciph-ic"]


class TestProtection:
    def test_mirror(self) -> None:
        watch = Watch(RING)
        sent(watch, 1, 0x30)
        assert not sent(watch, 1, 0x30, response=True)
        (weaker,) = sent(watch, 2, 0x20, response=True)
        assert weaker.text == "response protected as encrypted, its request as authenticated-encrypted"
        sent(watch, 2, 0x10)
        assert not sent(watch, 3, 0x30, response=True)  # more is no fault

    def test_response_in_clear(self) -> None:
        watch = Watch(RING)
        watch._of(1).ciphered = True
        sent(watch)
        apdu = apdus.dissect(Cursor(RESPONSE), EMPTY)
        assert codes(watch.clear(1, RESPONSE, apdu)) == ["apdu.ciph-clear", "apdu.ciph-mirror"]
        exception = bytes.fromhex("D80101")
        assert not watch.clear(1, exception, apdus.dissect(Cursor(exception), EMPTY))

    def test_suite(self) -> None:
        watch = Watch(RING)
        assert not sent(watch, 1, 0x31)
        assert codes(sent(watch, 2, 0x30)) == ["security.suite"]
        assert not sent(watch, 3, 0x30)  # once
        watch.agreed(2, 1)
        assert codes(sent(watch, 4, 0x30, association=2)) == ["security.suite"]
        assert not sent(watch, 5, 0x30, association=3)

    def test_title(self) -> None:
        watch = Watch(RING)
        assert codes(sent(watch, 1, title=b"mmm\0\0\0\0\1")) == ["apdu.st"]
        assert not sent(watch, 2, title=b"mmm\0\0\0\0\1")


class TestKnownKeys:
    def test_named_once_without_octets(self) -> None:
        for known in KNOWN_KEYS:
            if len(known) != 16:
                continue
            ring = KeyRing([KeySet(name="key 1", encryption=Secret(known), authentication=Secret(bytes(16)))])
            watch = Watch(ring)
            found = sent(watch, 1, ring=ring, keys=(known, bytes(16)))
            assert codes(found) == ["security.known-key"] * 2
            assert "global unicast key of key 1 is a well-known key" in found[0].text
            for problem in found:
                assert known.hex() not in problem.text.lower() and repr(known)[2:-1] not in repr(problem)
            assert not sent(watch, 2, ring=ring, keys=(known, bytes(16)))

    def test_others_are_not_named(self) -> None:
        assert well_known(Secret(EK)) == well_known(Secret(AK)) == ""
        assert well_known(Secret(bytes(16))) == "one octet repeated"

    def test_only_keys_that_fitted(self) -> None:
        ring = KeyRing([KeySet(name="key 1", encryption=Secret(bytes(range(16))), system_title=SERVER)])
        assert not sent(Watch(ring), ring=ring)


AARQ = bytes.fromhex("601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0")
DEDICATED = bytes.fromhex(
    "602EA109060760857405080101BE21041F01011000112233445566778899AABBCCDDEEFF0000065F1F0400007E1F04B0"
)
LLS_AARE = bytes.fromhex(
    "6134A109060760857405080101A203020100A305A103020100890760857405080201BE10040E0800065F1F040000501F01F40007"
)


KEY_SEEN = ["security.key-clear"]


def acse(octets: bytes) -> tuple[bytes, object]:
    return octets, apdus.dissect(Cursor(octets, buffer="apdu"), EMPTY).detail


def test_dedicated_key_in_clear() -> None:
    octets, detail = acse(DEDICATED)
    assert isinstance(detail, Aarq)
    found = Watch(RING).associated(1, octets, detail)
    assert codes(found) == ["security.key-clear"] and found[0].text == "dedicated key in clear"
    assert octets[found[0].start : found[0].end] == bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    octets, detail = acse(AARQ)
    assert not Watch(RING).associated(1, octets, detail)  # type: ignore[arg-type]


def test_dedicated_key_in_a_ciphered_aarq_is_seen_only_where_it_is_not_encrypted() -> None:
    octets, detail = acse(DEDICATED)
    assert isinstance(detail, Aarq)
    for policy, expected in (("authenticated-encrypted", []), ("encrypted", []), ("authenticated", KEY_SEEN)):
        deciphered = Unprotected(b"\x01", "ok", policy=policy, counter=1, system_title=CLIENT)
        assert codes(Watch(RING).associated(1, octets, detail, deciphered)) == expected, policy


def test_lls() -> None:
    octets, detail = acse(LLS_AARE)
    found = Watch(RING).associated(1, octets, detail)  # type: ignore[arg-type]
    assert [p.text for p in found] == ["low level security (password) over a context without ciphering"]


@pytest.mark.parametrize(("asked", "told", "expected"), [(1, -1, 1), (1, 1, 1), (5, -1, 0), (-1, -1, 0), (1, 5, 0)])
def test_lls_where_the_aare_does_not_repeat_the_mechanism(asked: int, told: int, expected: int) -> None:
    _, aarq = acse(AARQ)
    octets, aare = acse(LLS_AARE)
    watch = Watch(RING)
    watch.associated(1, b"", replace(aarq, mechanism=asked))  # type: ignore[type-var]
    found = watch.associated(1, octets, replace(aare, mechanism=told))  # type: ignore[type-var]
    assert codes(found).count("security.lls") == expected


def test_secret_set_in_clear() -> None:
    octets = bytes.fromhex("C101C1000F0000280000FF0700090431323334")
    apdu = apdus.dissect(Cursor(octets, buffer="apdu"), EMPTY)
    found = Watch(RING).clear(1, octets, apdu)
    assert codes(found) == ["security.key-clear"]
    assert octets[found[0].start : found[0].end] == bytes.fromhex("090431323334")
    assert not Watch(RING).clear(1, GET, apdus.dissect(Cursor(GET), EMPTY))


@pytest.mark.parametrize("place", ["000F 02", "000C 05", "000C 06"])
def test_secret_changed_in_clear(place: str) -> None:
    """change_HLS_secret of Association LN, change_LLS_secret and change_HLS_secret of Association SN."""
    class_id, method = place.split()
    octets = bytes.fromhex(f"C301C1{class_id}0000280000FF{method}01090431323334")
    assert codes(Watch(RING).clear(1, octets, apdus.dissect(Cursor(octets, buffer="apdu"), EMPTY))) == KEY_SEEN


def test_hls() -> None:
    watch = Watch(RING)
    third, fourth = Parties(0, 16, 1, CLIENT, SERVER), Parties(1, 16, 1, CLIENT, SERVER)
    assert not watch.hls(b"", third, Checked("ok", "", 0x10, 5, "key 1", 1))
    assert codes(watch.hls(b"", third, Checked("ok", "", 0x10, 5, "key 1", 1))) == ["apdu.ciph-ic"]
    assert not watch.hls(b"", fourth, Checked("no-key", "x", 0x10, 5))
    (wrong,) = watch.hls(b"", fourth, Checked("wrong-key", "not what the secret gives", 0x10, 1))
    assert wrong.text == "HLS pass 4: not what the secret gives"


def test_memory_is_bounded(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("analyzer.security_watch.MAX_KEPT", 10)
    watch = Watch(KeyRing())
    for n in range(50):
        sent(watch, 1, association=n, ring=KeyRing(), title=b"MMM" + n.to_bytes(5, "big"))
    assert max(len(watch._associations), len(watch._counters), len(watch._titles)) <= 10
