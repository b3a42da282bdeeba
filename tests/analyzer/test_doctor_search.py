"""Frames behind wrongly heard octets: what is proved is what was sent, and chance proves nothing."""

import random

import pytest
from doctor_cases import session, tapped
from encode import hdlc

from analyzer.doctor_facts import Stream
from analyzer.doctor_search import TWIST, Heard, openings, possible, prove, sign_ons
from analyzer.doctor_wave import E7, E8, N8, UNIT, Hearing, Receiver
from dissectors.record import Channel


def heard(baud: float, tap: int, **how: bool) -> Heard:
    given = tapped(baud, tap, **how)  # type: ignore[arg-type]
    stream = Stream("line", given.channels[0])
    for r in given.records:
        stream.add(r.octets, r.no, r.first_ns, r.last_ns, r.flags)
    stream.seal()
    return stream.heard()


@pytest.mark.parametrize(
    ("ratio", "eager", "inverted"),
    [(0.5, True, False), (1.06, True, False), (0.94, False, False), (1.0, False, True), (1.0, False, False)],
)
def test_whole_proofs_are_frames_that_were_sent(ratio: float, eager: bool, inverted: bool) -> None:
    hearing = Hearing(round(UNIT * ratio), inverted=inverted, eager=eager)
    octets = heard(9600 * ratio, 9600, eager=eager, inverted=inverted)
    proofs, tried = prove(octets, hearing)
    sent = {frame[1:-1] for frame in session()}
    assert len(proofs) >= 8 and tried == 12
    for proof in proofs:
        assert proof.octets in sent if proof.whole else any(frame.startswith(proof.octets) for frame in sent)
    assert prove(octets, hearing, (), TWIST)[0] == []


def test_noise_proves_nothing() -> None:
    noise = random.Random(7).randbytes(6000)
    for ratio in (0.5, 0.94, 1.06):
        hearing = Hearing(round(UNIT * ratio))
        found, control = (prove(Heard(noise, (0,)), hearing, (), twist)[0] for twist in (0, TWIST))
        assert len(found) < 2 + 4 * len(control)


def test_times_are_believed() -> None:
    """The same octets at other times are no proof."""
    octets = heard(4800, 9600, eager=True)
    hearing = Hearing(UNIT // 2, eager=True)
    assert octets.times is not None
    moved = tuple(ns + 400_000 * (i % 5) for i, ns in enumerate(octets.times))
    good = prove(octets, hearing)[0]
    bad = prove(Heard(octets.octets, octets.starts, moved, octets.errors, octets.baud), hearing)[0]
    assert len(good) >= 8 and len(bad) <= 2


def test_possible_follows_a_frame_to_its_end() -> None:
    for frame in (
        hdlc.frame("SNRM"),
        hdlc.frame("UA", False, hdlc.parameters()),
        hdlc.frame("I", info=b"\xe6\xe6\x00\xc0"),
    ):
        body = frame[1:-1]
        assert all(possible(body[:n]) for n in range(1, len(body) + 1))
        assert not possible(body, TWIST) and not possible(body + b"\0")
        wrong = body[:-1] + bytes([body[-1] ^ 1])
        assert not possible(wrong)
    assert not possible(b"\x50") and not possible(b"\xa0\x06")
    assert not possible(b"\xa0\x20" + b"\x02" * 5)  # an address without end


def test_sign_ons() -> None:
    for hearing in (Hearing(UNIT // 2, E7), Hearing(UNIT, E7)):
        receiver = Receiver(hearing)
        out, state = receiver.say(b"/?!\r\n")
        out += receiver.pause(state, 400)[0]
        assert sign_ons(Heard(out * 3, (0,)), hearing) == 3
        assert sign_ons(Heard(b"nothing of it", (0,)), hearing) == 0


def test_openings_are_few_or_nothing() -> None:
    first = openings(Hearing(UNIT, N8, E8), 2)
    assert b"\x7e" in {each[:1] for each in first} and 0 < len(first) < 300
    assert all(len(each) == 1 for each in openings(Hearing(2 * UNIT), 1))
    assert Channel(0, "", 147).baud == 0  # a tap of unknown rate has no bit time: times are not used
    assert prove(Heard(hdlc.frame("SNRM"), (0,), tuple(range(12)), None, 0), Hearing(UNIT))[0]
