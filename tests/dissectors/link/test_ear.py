"""Echoes, glitches and collisions of lines with octet times: what is told, and what must not be taken for them."""

import random

import pytest
from encode.hdlc import RESPONSE, frame
from scripts import DOWN, GET, GOT, OPENING, PROFILES, SERIAL, UNKNOWN, UP, Link, Script, rows_of, table
from wires import Wires, kinds

from dissectors.link.stage import LinkStage
from dissectors.record import Flag, Frame

TWO = ("tap:A", "tap:B")


def session() -> list[tuple[int, bytes]]:
    link = Link()
    return [*link.up(), *link.talk(*OPENING, (UP, GET), (DOWN, GOT)), *link.down()]


def harm(octets: bytes, seed: int) -> bytes:
    """As a receiver that is driven hard hears it: octets lost, doubled, altered; at most one in six."""
    rng = random.Random(seed)
    out = bytearray(octets)
    for _ in range(max(1, len(octets) // 8)):
        at = rng.randrange(len(out))
        out[at : at + 1] = rng.choice([b"", bytes([out[at]] * 2), bytes([out[at] ^ 1 << rng.randrange(8)])])
    return bytes(out)


def texts(found: list[Frame], kind: str) -> list[str]:
    return [f.problems[-1].text for f in found if f.kind == kind]


def beside_echoes(found: list[Frame]) -> list[str]:
    """Kinds of what is no echo; a doubled flag may stand alone as fill."""
    return [
        f.kind for f in found if f.kind != "echo" and not {"hdlc.fill", "hdlc.echo"} & {p.kind.code for p in f.problems}
    ]


# -- echoes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [1, 5, 64])
@pytest.mark.parametrize("baud", [300, 9600, 115200])
def test_own_light_on_the_other_wire(read: int, baud: int) -> None:
    """Each wire hears the other one's octets a third of a character later, and damaged."""
    wires = Wires(baud, read, TWO, 10_000)
    character_ms = 10_000 / baud
    at = 0.0
    for n, (direction, octets) in enumerate(session()):
        end = wires.put(octets, at, direction, direction)
        wires.put(harm(octets, n), at + character_ms / 3, 1 - direction, 1 - direction)
        at = end + 60 + 4 * character_ms
    script = wires.script()
    found = wires.frames()
    assert beside_echoes(found) == ["SNRM", "UA", "I", "I", "I", "I", "DISC", "UA"]
    assert sum(f.kind == "echo" for f in found) >= 8
    assert not any(p.severity > 0 for f in found for p in f.problems)
    assert table(rows_of(script, "exchange"), "service result") == ["association accepted", "get success"]
    assert [row["problems"] for row in rows_of(script)] == [[]] * 4


def test_an_echo_names_its_frame_and_what_was_lost() -> None:
    wires = Wires(names=TWO)
    snrm = Link().frame("SNRM", info=bytes.fromhex("8180140502008006020080070400000001080400000001"))
    end = wires.put(snrm, 0, 0, UP)
    wires.put(snrm[:4] + snrm[7:20] + snrm[19:], 0.2, 1, DOWN)
    wires.put(Link().frame("UA", False), end + 50, 1, DOWN)
    found = wires.frames()
    assert kinds(found) == ["SNRM", "echo line.echo", "UA"]
    assert texts(found, "echo") == ["echo of frame 1: 3 octets lost, 1 doubled"]
    assert (found[1].layer, found[1].payload, found[1].direction) == ("line", b"", UNKNOWN)


def test_an_echo_behind_its_original_on_one_receiver() -> None:
    """A head that stores and forwards: the copy begins right after the end."""
    wires = Wires()
    at = 0.0
    for n, (_, octets) in enumerate(session()):
        end = wires.put(octets, at)
        end = wires.put(harm(octets, n + 90), end + 0.3)
        at = end + 40
    found = wires.frames()
    assert beside_echoes(found) == ["SNRM", "UA", "I", "I", "I", "I", "DISC", "UA"]
    assert table(rows_of(wires.script(), "exchange"), "service attempts") == ["association 1", "get 1"]


def test_a_piece_is_an_echo_too() -> None:
    """The receiver was deaf at first."""
    wires = Wires(names=TWO)
    octets = session()[4][1]
    end = wires.put(octets, 0, 0, UP)
    wires.put(octets[9:], 9.5, 1, DOWN)
    wires.put(session()[5][1], end + 50, 1, DOWN)
    assert texts(wires.frames(), "echo") == ["echo of frame 1: 9 octets lost"]


def test_an_echo_that_is_complete_before_its_original() -> None:
    """Reads of the second wire may be stamped a little earlier."""
    wires = Wires(names=TWO, read=4)
    request, answer = session()[4][1], session()[5][1]
    copy = request[:5] + b"\x55" + request[6:10] + b"\x44" + request[11:]
    end = wires.put(request, 1.5, 0, UP)
    wires.put(copy, 1.0, 1, DOWN)
    wires.put(answer, end + 50, 1, DOWN)
    found = wires.frames()
    assert kinds(found) == ["echo line.echo", "I", "I"]
    assert texts(found, "echo") == ["echo of the frame under way on the other wire: 2 octets altered"]


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize("seed", range(60))
def test_damage_of_an_eighth(seed: int, which: int) -> None:
    """Of 12000 such copies one was not known again, by a rest of doubled octets that was longer than the frame lost."""
    octets = session()[2 + which][1]
    copy = harm(octets, seed)
    wires = Wires(names=TWO)
    end = wires.put(octets, 0, 0, UP)
    wires.put(copy, 0.4, 1, DOWN)
    wires.put(Link().frame("DISC"), end + 500, 0, UP)
    wires.put(Link().frame("UA", False), end + 600, 1, DOWN)
    assert beside_echoes(wires.frames()) == ["I", "DISC", "UA"], copy.hex()


@pytest.mark.parametrize(
    ("octets", "kept"), [(b"", True), (b"\x55", False), (b"\x55\x56\x57\x58\x59\x5a\x5b\x5c\x5d", True)]
)
def test_what_comes_right_behind_an_echo(octets: bytes, kept: bool) -> None:
    """The framer gives the rest of an echo out as noise of its own; much more than that is noise."""
    request, answer = session()[4][1], session()[5][1]
    wires = Wires(names=TWO)
    end = wires.put(request, 0, 0, UP)
    wires.put(request + octets, 0.4, 1, DOWN)
    wires.put(answer, end + 60, 1, DOWN)
    found = wires.frames()
    assert [f.kind for f in found] == ["I", "I", *(["noise" if kept else "echo"] if octets else []), "I"]
    assert [p.kind.code for p in found[1].problems] == ["hdlc.echo"]
    if not kept:
        assert texts(found, "echo") == ["echo of frame 1: the rest of it"]


# -- no echoes -----------------------------------------------------------------------------------------------


def test_a_damaged_retransmission_is_no_echo() -> None:
    """The client repeats after its time-out."""
    wires = Wires()
    octets = session()[4][1]
    end = wires.put(octets, 0)
    wires.put(octets[:10] + b"\x99" + octets[11:], end + 300)
    wires.put(octets, end + 700)
    found = wires.frames()
    assert kinds(found)[1:] == ["I hdlc.hcs hdlc.fcs", "I hdlc.retx"]


def test_near_identical_frames_are_no_echoes() -> None:
    """A burst of pushes, back to back, the second damaged: its header tells that it is the next one."""
    notice = RESPONSE + bytes.fromhex("0F0000000100020106000000") + bytes(20)
    burst = [frame("I", False, notice, ns, 0, poll=False) for ns in range(3)]
    damaged = burst[1][:-4] + bytes([burst[1][-4] ^ 1]) + burst[1][-3:]
    wires = Wires()
    end = wires.put(burst[0], 0)
    end = wires.put(damaged, end + 0.5)
    wires.put(burst[2], end + 0.5)
    assert [f.kind for f in wires.frames()] == ["I", "I", "I"]
    assert "hdlc.fcs" in kinds(wires.frames())[1]


@pytest.mark.parametrize("names", [("tap",), TWO])
def test_polls_in_quick_succession(names: tuple[str, ...]) -> None:
    """RR and its answer differ in three octets of nine, and a poll comes back every few milliseconds."""
    link = Link(server=(1, 0, 1))
    wires = Wires(115200, 4, names, 5_000)
    poll, answer = link.frame("RR"), link.frame("RR", False)
    damaged = answer[:4] + b"\x02" + answer[5:]
    at = 0.0
    for octets in (link.frame("SNRM"), link.frame("UA", False), *[poll, answer] * 5, poll, damaged, poll, answer):
        up = octets[3] == 0x03
        at = wires.put(octets, at, 0 if up or len(names) == 1 else 1, UNKNOWN if len(names) == 1 else int(not up)) + 2.5
    told = kinds(wires.frames())
    assert not any("echo" in kind for kind in told), told
    assert sum(kind.startswith("RR") for kind in told) >= 13


def test_polls_of_half_a_line() -> None:
    """Only the client is heard: equal frames follow each other, later than an echo would."""
    poll = Link().frame("RR")
    wires = Wires(115200, 64, uncertainty_ns=5_000)
    for n in range(6):
        wires.put(poll, n * 5.0)
    assert not any("echo" in kind for kind in kinds(wires.frames()))


def test_a_device_that_answers_with_the_same_octets() -> None:
    """Client and server have the same address: a poll and its answer are equal."""
    link = Link(client=16, server=(16, 0, 1))
    poll = link.frame("RR")
    assert poll == link.frame("RR", False)
    for names in (("tap",), TWO):
        wires = Wires(names=names)
        at = 0.0
        for n, octets in enumerate((link.frame("SNRM"), link.frame("UA", False), poll, poll, poll, poll)):
            wire = n % 2 if len(names) == 2 else 0
            at = wires.put(octets, at, wire, n % 2 if len(names) == 2 else UNKNOWN) + 20
        found = wires.frames()
        assert [f.kind for f in found] == ["SNRM", "UA", *["RR"] * 4]
        assert [f.direction for f in found] == [UP, DOWN] * 3
        assert not any("hdlc.echo" in kind for kind in kinds(found))


def test_noise_after_a_frame_is_noise() -> None:
    wires = Wires()
    end = wires.put(session()[0][1], 0)
    wires.put(b"\x12\x34\x56\x78\x9a\xbc\xde", end + 1)
    assert kinds(wires.frames())[1:] == ["noise hdlc.noise"]


# -- IEC 62056-21 ----------------------------------------------------------------------------------------------

SIGN_ON = b"/?12345678!\r\n"
IDENTIFICATION = b"/ABC5\\2EXAMPLE1\r\n"
SELECT = b"\x06252\r\n"


def test_echoes_of_a_sign_on() -> None:
    """At 300 Bd; the device confirms the option with the same octets, which is no echo."""
    wires = Wires(300, 64, TWO, 2_000_000)
    end = wires.put(SIGN_ON, 0, 0, UP)
    wires.put(SIGN_ON[:4] + SIGN_ON[5:], 44, 1, DOWN)
    end = wires.put(IDENTIFICATION, end + 300, 1, DOWN)
    end = wires.put(SELECT, end + 300, 0, UP)
    wires.put(SELECT, end + 220, 1, DOWN)
    found = wires.frames()
    assert [f.layer for f in found] == ["iec62056-21", "line", *["iec62056-21"] * 3]
    assert texts(found, "echo") == ["echo of frame 1: 1 octet lost"]


def test_an_option_select_without_octet_times_is_no_echo() -> None:
    script = Script(SERIAL)
    for octets in (SIGN_ON, IDENTIFICATION, SELECT, SELECT):
        script.add(octets, after=50_000_000)
    found = list(LinkStage(script.channels, PROFILES).frames(script.records))
    assert not any(f.kind == "echo" for f in found)


# -- glitches ----------------------------------------------------------------------------------------------------


def test_glitches_where_drivers_switch() -> None:
    wires = Wires()
    snrm, ua = session()[0][1], session()[1][1]
    end = wires.put(b"\x00" + snrm, 0)
    end = wires.put(b"\xff", end + 0.2)
    end = wires.put(b"\x00\x00" + ua, end + 60)
    wires.put(b"\x3c", end + 0.1, flags=int(Flag.FRAMING_ERROR))
    wires.put(snrm, end + 300)
    found = wires.frames()
    assert [f.kind for f in found] == ["glitch", "SNRM", "glitch", "UA", "glitch", "SNRM"]
    assert texts(found, "glitch") == [
        "glitch 1 of this line, where a driver is switched on or off: 00",
        "glitch 2 of this line, where a driver is switched on or off: FF 00 00",
        "glitch 3 of this line, where a driver is switched on or off: 3C, framing error or break",
    ]


def test_glitches_end_no_measurement_and_no_turn() -> None:
    wires = Wires()
    at = 0.0
    for _, octets in session():
        at = wires.put(b"\x00" + octets + b"\xff", at) + 50
    script = wires.script()
    assert [row["attempts"] for row in rows_of(script, "exchange")] == [1, 1]
    assert {f.kind for f in wires.frames()} == {"glitch", "SNRM", "UA", "I", "DISC"}
    assert all(f.kind == "glitch" or not f.problems for f in wires.frames())


def test_octets_far_from_frames_or_of_other_values_are_noise() -> None:
    wires = Wires()
    end = wires.put(session()[0][1], 0)
    wires.put(b"\x00", end + 200)
    wires.put(session()[1][1], end + 400)
    end = wires.put(b"\x42", wires.end_ms + 0.1)
    wires.put(session()[0][1], end + 400)
    assert [f.kind for f in wires.frames()] == ["SNRM", "noise", "UA", "noise", "SNRM"]


# -- collisions ---------------------------------------------------------------------------------------------------


def test_two_wires_at_once() -> None:
    wires = Wires(names=TWO)
    snrm, ua = session()[0][1], session()[1][1]
    end = wires.put(snrm, 0, 0, UP)
    end = wires.put(ua, end + 30, 1, DOWN)
    request, answer = session()[2][1], session()[3][1]
    start = end + 60
    end = wires.put(request, start, 0, UP)
    end = wires.put(answer, start + 10, 1, DOWN)
    wires.put(b"\x11\x22\x33\x44\x55", start + 52, 0, UP)
    wires.put(request, end + 400, 0, UP)
    found = wires.frames()
    assert kinds(found) == ["SNRM", "UA", "I", "I line.collision", "collision line.collision", "I hdlc.retx"]
    told = [p.text for f in found for p in f.problems if p.kind.code == "line.collision"]
    assert told == ["collision 1 of this line: it overlaps frame 3 of the other wire",
                    "collision 2 of this line: it overlaps frame 4 of the other wire"]  # fmt: skip


def test_one_receiver_hears_another_begin() -> None:
    wires = Wires()
    request, answer = session()[2][1], session()[3][1]
    end = wires.put(request[:14], 0)
    wires.put(answer, end + 0.2)
    found = wires.frames()
    assert [f.kind for f in found] == ["collision", "I"]
    assert "cut short" in texts(found, "collision")[0]


def test_one_receiver_hears_a_mixture() -> None:
    wires = Wires()
    for n, (_, octets) in enumerate(session()[:4]):
        wires.put(octets, n * 150)
    request, answer = session()[2][1], session()[3][1]
    wires.put(request[:20] + bytes(a & b for a, b in zip(request[20:30], answer)) + answer[-12:], 700)
    wires.put(request, 1200)
    assert kinds(wires.frames())[4] == "collision line.collision"
    assert "like another's" in texts(wires.frames(), "collision")[0]


def test_lost_octets_and_an_answer_are_no_collision() -> None:
    wires = Wires()
    request, answer = session()[2][1], session()[3][1]
    end = wires.put(request[:14] + request[18:], 0)
    wires.put(answer, end + 40)
    assert [f.kind for f in wires.frames()] == ["noise", "I"]


def test_wires_that_do_not_share_a_turn() -> None:
    """Full frames of both sides whose stamps overlap by less than they are sure of."""
    wires = Wires(names=TWO, uncertainty_ns=16_000_000)
    end = wires.put(session()[0][1], 0, 0, UP)
    wires.put(session()[1][1], end - 5, 1, DOWN)
    assert kinds(wires.frames()) == ["SNRM", "UA"]
