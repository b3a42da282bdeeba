"""Opening: general blocks joined, protections taken off where keys allow, and what is shown where not."""

from typing import Any

import pytest
from encode import acse, xdlms
from encode.security import Protection
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts import DOWN, GET, GOT, OPENING, UP, Script, Step, over_udp, rows_of, run_of, table

from analyzer.opening import MAX_NESTING, Opener, security_row
from dissectors.context import EMPTY
from dissectors.keys import KeyRing, KeySet, Secret
from dissectors.record import Path, Pdu

KEY = (0, 16, 1, -1)


def pdu(octets: bytes, direction: int = UP, frame: int = 1) -> Pdu:
    path = Path(0, "udp", "10.0.0.1:5000", "10.0.1.7:4059")
    return Pdu((frame,), 0, path, "tcp-udp-ip", direction, 0, 0, None, 16, 1, octets)


def block(last: bool, number: int, raw: bytes, acknowledged: int = 0, window: int = 1) -> bytes:
    """A general-block-transfer APDU that streams."""
    control = last << 7 | (not last) << 6 | window
    return (
        bytes((0xE0, control)) + number.to_bytes(2, "big") + acknowledged.to_bytes(2, "big") + bytes((len(raw),)) + raw
    )


def test_a_plain_apdu_stays_as_it_is() -> None:
    opened = Opener(KeyRing()).open(pdu(GET), KEY, EMPTY)
    assert (opened.apdu.name, opened.plain, opened.security, opened.frames, opened.believed) == (
        "get-request-normal", None, None, (), True,
    )  # fmt: skip


def test_general_blocks_are_joined_with_all_their_frames() -> None:
    opener = Opener(KeyRing())
    first = opener.open(pdu(block(False, 1, GOT[:4]), DOWN, 3), KEY, EMPTY)
    assert (first.apdu.service, first.plain) == ("block", None)
    last = opener.open(pdu(block(True, 2, GOT[4:]), DOWN, 5), KEY, EMPTY)
    assert (last.apdu.name, last.plain, last.frames) == ("get-response-normal", GOT, (3, 5))


def test_peers_do_not_mix_their_blocks() -> None:
    opener = Opener(KeyRing())
    opener.open(pdu(block(False, 1, GOT[:4]), DOWN, 3), KEY, EMPTY)
    other = opener.open(pdu(block(True, 2, b"\x01\x02"), DOWN, 5), (1, 16, 1, -1), EMPTY)
    assert other.plain is None


def test_ciphered_without_a_key_is_named_and_paired_by_turn() -> None:
    steps: tuple[Step, ...] = ((UP, xdlms.example("glo-get-request")), (DOWN, xdlms.example("ded-get-response")))
    found = rows_of(over_udp(*OPENING, *steps))
    assert [row["apdu"] for row in found[2:]] == ["glo-get-request", "ded-get-response"]
    assert {row["security"]["status"] for row in found[2:]} <= {"no-key", "no-title"}
    assert found[2]["data"] is None and found[2]["security"]["outer"] == "glo-get-request"
    exchanges = rows_of(over_udp(*OPENING, *steps), "exchange")
    assert table(exchanges, "request responses") == ["1 2", "3 4"]


def test_the_end_of_an_association_drops_what_was_begun() -> None:
    opener = Opener(KeyRing())
    assert opener.forget(KEY) == ()
    opener.open(pdu(block(False, 1, GOT[:4]), DOWN, 3), KEY, EMPTY)
    opener.peer(KEY).dedicated = 7
    problems = opener.forget(KEY)
    assert [p.kind.code for p in problems] == ["apdu.gbt-missing-last"] and opener.peer(KEY).dedicated == 0
    assert opener.forget(KEY) == ()


def test_nesting_is_bounded() -> None:
    octets = GOT
    for _ in range(3 * MAX_NESTING):
        octets = block(True, 1, octets)[:6] + bytes((len(octets),)) + octets
        if len(octets) > 110:
            break
    opened = Opener(KeyRing()).open(pdu(octets, DOWN), KEY, EMPTY)
    assert opened.apdu is not None


def test_titles_are_learned_from_the_association() -> None:
    opener = Opener(KeyRing())
    opener.open(pdu(acse.aarq(title=b"ABC12345")), KEY, EMPTY)
    opener.open(pdu(acse.aare(title=b"XYZ12345"), DOWN), KEY, EMPTY)
    assert (opener.peer(KEY).client_title, opener.peer(KEY).server_title) == (b"ABC12345", b"XYZ12345")
    opener.learn_title(UP, KEY, b"short")
    opener.learn_title(DOWN, KEY, None)
    assert (opener.peer(KEY).client_title, opener.peer(KEY).server_title) == (b"ABC12345", b"XYZ12345")
    who = opener.parties(pdu(GET), KEY)
    assert (who.client_title, who.server_title) == (b"ABC12345", b"XYZ12345")


def test_security_row() -> None:
    assert security_row(None) is None


PROTECTED = [
    xdlms.example(name) for name in xdlms.EXAMPLES if name.split("-")[0] in ("glo", "ded", "general", "gateway")
]


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.sampled_from([UP, DOWN]), st.sampled_from([*PROTECTED, GET, GOT])), max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(0, 255), st.integers(0, 30)), max_size=4),
)
def test_no_protected_octets_raise(steps: list[Step], damage: list[tuple[int, int, int, int]]) -> None:
    """Damaged and cut, alone and inside an AARQ: rows of every level come out."""
    made: list[Any] = [list(step) for step in steps]
    for index, at, value, cut in damage:
        if index < len(made):
            octets = bytearray(made[index][1])
            if octets:
                octets[at % len(octets)] = value
            made[index][1] = bytes(octets[: max(1, len(octets) - cut)])
    whole = [(direction, octets) for direction, octets in made]
    inside = [(UP, acse.aarq(3, title=b"ABC12345", user=octets)) for _, octets in made]
    for script in (over_udp(*whole), over_udp(*inside)):
        for level in ("message", "exchange", "finding"):
            rows_of(script, level)


def test_ciphered_initiate_request_shorter_than_its_tag() -> None:
    script: Script = over_udp((UP, acse.aarq(3, user=bytes.fromhex("210910" + "00000001" + "AABBCCDD"))))
    assert [m.apdu.name for m in run_of(script).messages()] == ["aarq"]


@pytest.mark.parametrize(
    "name", ["glo-initiate-request", "glo-get-request", "general-glo-ciphering", "general-signing"]
)
def test_every_cut_of_a_protected_apdu_has_a_row(name: str) -> None:
    octets = xdlms.example(name)
    for end in range(1, len(octets) + 1):
        (row,) = rows_of(over_udp((UP, octets[:end])))
        assert row["apdu"]


# -- ciphered InitiateRequests, of AARQ and RLRQ ------------------------------------------------------

TITLES = (b"HES\0\0\0\0\1", b"CSC\0\0\0\0\1")
EK, AK, DEDICATED = bytes(range(60, 76)), bytes(range(80, 96)), bytes(range(16))


def key_set(title: bytes, encryption: bytes = EK) -> KeySet:
    return KeySet(system_title=title, encryption=Secret(encryption), authentication=Secret(AK))


def by(side: int, key: bytes = EK, counter: int = 1) -> Protection:
    return Protection(0x30, TITLES[side], key, AK, counter)


def associate(opener: Opener) -> None:
    user = by(0).glo(acse.initiate_request(key=DEDICATED))
    opener.open(pdu(acse.aarq(3, title=TITLES[0], user=user)), KEY, EMPTY)
    user = by(1).glo(acse.initiate_response())
    opener.open(pdu(acse.aare(context_number=3, title=TITLES[1], user=user), DOWN), KEY, EMPTY)


@pytest.mark.parametrize("others", [0, 100])
def test_dedicated_key_is_learned_however_many_keys_are_given(others: int) -> None:
    """Before the server's title is known only some of many keys are tried; its AARE tells which one it is."""
    strangers = [key_set(b"OTHR" + n.to_bytes(4, "big"), n.to_bytes(16, "big")) for n in range(others)]
    opener = Opener(KeyRing([key_set(TITLES[1]), *strangers]))
    associate(opener)
    opened = opener.open(pdu(by(0, DEDICATED, 2).ded(GET)), KEY, EMPTY)
    assert opened.security is not None and opened.security.result.status == "ok"
    assert opened.apdu.name == "get-request-normal"


def test_release_with_a_ciphered_initiate_apdu_is_deciphered() -> None:
    opener = Opener(KeyRing([key_set(TITLES[1])]))
    associate(opener)
    asked = opener.open(pdu(acse.rlrq(user=by(0, counter=3).glo(acse.initiate_request()))), KEY, EMPTY)
    told = opener.open(pdu(acse.rlre(user=by(1, counter=3).glo(acse.initiate_response())), DOWN), KEY, EMPTY)
    for opened, name in ((asked, "rlrq"), (told, "rlre")):
        assert opened.apdu.name == name and opened.security is not None
        assert (opened.security.result.status, opened.security.result.counter) == ("ok", 3)


@pytest.mark.parametrize(("counter", "expected"), [(3, []), (1, ["apdu.ciph-ic"])])
def test_a_counter_of_a_release_is_watched(counter: int, expected: list[str]) -> None:
    """An invocation counter is used once, in the InitiateRequest of an RLRQ too."""
    aarq = acse.aarq(3, title=TITLES[0], user=by(0).glo(acse.initiate_request(key=DEDICATED)))
    aare = acse.aare(context_number=3, title=TITLES[1], user=by(1).glo(acse.initiate_response()))
    rlrq = acse.rlrq(user=by(0, counter=counter).glo(acse.initiate_request()))
    run = run_of(over_udp((UP, aarq), (DOWN, aare), (UP, rlrq)), ring=KeyRing([key_set(TITLES[1])]))
    found = [message.problems for message in run.messages()]
    assert [p.kind.code for p in found[-1] if p.kind.code.startswith(("apdu.ciph", "security"))] == expected
