"""SignOn: whole sessions, octet by octet, by one receiver and by two; refusals, silence, wrong rates."""

from collections.abc import Iterable

import pytest
from encode import hdlc
from encode.iec62056_21 import block, even
from hypothesis import given
from hypothesis import strategies as st

from dissectors.link.sign_on import ANSWER_NS, DOUBT_ERRORS, DOUBT_OCTETS, INACTIVITY_NS, PHASES, RATES, SURE, SignOn

UP, DOWN, UNKNOWN = 0, 1, 2
SECOND = 1_000_000_000
REQUEST, CONFIRM = b"/?!\r\n", b"\x06252\r\n"
READOUT = block(b"\x021.8.0(1*kWh)\r\n!\r\n\x03")
BREAK = block(b"\x01B0\x03")
SNRM, UA, DISC, DM = hdlc.frame("SNRM"), hdlc.frame("UA", False), hdlc.frame("DISC"), hdlc.frame("DM", False)
Said = tuple[int, bytes]


class Tap:
    """Feeds octet by octet, 35 ms apart, and keeps the rate changes as "rate after so many octets of message n"."""

    def __init__(self, *said: Said, way: bool = True, start: int = 300, parity: bool = False) -> None:
        self.sign_on = SignOn(start)
        self.ns = SECOND
        self.changes: list[tuple[int, int]] = []
        self.way = way
        self.parity = parity
        self.hear(said)

    def hear(self, said: Iterable[Said]) -> "Tap":
        for n, (direction, octets) in enumerate(said):
            heard = even(octets) if self.parity and octets[0] != 0x7E else octets
            for at in range(len(heard)):
                self.ns += 35_000_000
                new = self.sign_on.feed(direction if self.way else UNKNOWN, heard[at : at + 1], self.ns)
                if new is not None:
                    assert new == self.sign_on.rate
                    self.changes.append((n, new))
                    assert at == len(heard) - 1, "a change comes with the last octet of a message"
            self.ns += 300_000_000
        return self

    def end(self) -> tuple[list[tuple[int, int]], str, int]:
        return self.changes, self.sign_on.phase, self.sign_on.rate


SESSIONS: dict[str, tuple[list[Said], list[tuple[int, int]], str]] = {
    "mode A": ([(UP, REQUEST), (DOWN, b"/XYZ METER\r\n"), (DOWN, READOUT)], [], "readout"),
    "mode B": ([(UP, REQUEST), (DOWN, b"/XYZDMETER\r\n"), (DOWN, READOUT)], [(1, 4800)], "readout"),
    "mode C readout": (
        [(UP, REQUEST), (DOWN, b"/XYZ5METER\r\n"), (UP, b"\x06050\r\n"), (DOWN, READOUT)], [(2, 9600)], "readout",
    ),
    "mode C, the client stays at the start rate": (
        [(UP, REQUEST), (DOWN, b"/XYZ5METER\r\n"), (UP, b"\x06000\r\n"), (DOWN, READOUT)], [], "readout",
    ),
    "mode C without option select": ([(UP, REQUEST), (DOWN, b"/XYZ5METER\r\n"), (DOWN, READOUT)], [], "readout"),
    "mode C programming": (
        [
            (UP, REQUEST), (DOWN, b"/XYZ4METER\r\n"), (UP, b"\x06041\r\n"), (DOWN, block(b"\x01P0\x02(1)\x03")),
            (UP, block(b"\x01P1\x02(2)\x03")), (DOWN, b"\x06"), (UP, block(b"\x01R1\x021.8.0()\x03")),
            (DOWN, block(b"\x021.8.0(1)\x03")), (UP, BREAK),
        ],
        [(2, 4800), (8, 300)], "start",
    ),
    "mode D": ([(DOWN, b"/XYZ3METER\r\n\r\n1.8.0(1*kWh)\r\n!\r\n")], [], "identified"),
    "mode D with a letter": ([(DOWN, b"/XYZDMETER\r\n\r\n1.8.0(1*kWh)\r\n!\r\n")], [], "start"),
    "mode E": (
        [
            (UP, REQUEST), (DOWN, b"/XYZ5\\2METER\r\n"), (UP, CONFIRM), (DOWN, CONFIRM), (UP, SNRM), (DOWN, UA),
            (UP, DISC), (DOWN, UA),
        ],
        [(2, 9600), (7, 300)], "start",
    ),
    "mode E without confirmation": (
        [(UP, REQUEST), (DOWN, b"/XYZ5\\2METER\r\n"), (UP, CONFIRM), (UP, SNRM), (DOWN, UA)], [(2, 9600)], "hdlc",
    ),
    "mode E refused, readout at the new rate": (
        [(UP, REQUEST), (DOWN, b"/XYZ5\\2METER\r\n"), (UP, CONFIRM), (DOWN, READOUT)], [(2, 9600)], "readout",
    ),
    "mode E with break": (
        [(UP, REQUEST), (DOWN, b"/XYZ5\\2METER\r\n"), (UP, CONFIRM), (DOWN, CONFIRM), (UP, BREAK)],
        [(2, 9600), (4, 300)], "start",
    ),
    "no link at the device": (
        [(UP, REQUEST), (DOWN, b"/XYZ5\\2METER\r\n"), (UP, CONFIRM), (DOWN, CONFIRM), (UP, SNRM), (DOWN, UA),
         (UP, hdlc.frame("RR")), (DOWN, DM)],
        [(2, 9600), (7, 300)], "start",
    ),
    "a tap that comes late": ([(UP, CONFIRM), (DOWN, CONFIRM), (UP, SNRM)], [(0, 9600)], "hdlc"),
    "a damaged break is none": (
        [(UP, REQUEST), (DOWN, b"/XYZ5METER\r\n"), (UP, b"\x06051\r\n"), (DOWN, block(b"\x01P0\x02(1)\x03")),
         (UP, BREAK[:-1] + b"\0")],
        [(2, 9600)], "session",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.parametrize("parity", [False, True], ids=["8N1", "7E1"])
@pytest.mark.parametrize("way", [True, False], ids=["two receivers", "one receiver"])
def test_sessions(name: str, way: bool, parity: bool) -> None:
    said, changes, phase = SESSIONS[name]
    tap = Tap(*said, way=way, parity=parity)
    assert tap.end() == (changes, phase, changes[-1][1] if changes else 300)


@pytest.mark.parametrize("way", [True, False])
def test_two_sessions_in_a_row(way: bool) -> None:
    said, changes, _ = SESSIONS["mode E"]
    tap = Tap(*said, *said, way=way)
    assert tap.changes == [*changes, *[(n + len(said), rate) for n, rate in changes]]


def test_a_chunk_with_both_sides_of_a_change() -> None:
    sign_on = SignOn()
    assert sign_on.feed(UNKNOWN, REQUEST + b"/XYZ5METER\r\n\x06050\r\n\xff\x00\xf0", SECOND) == 9600
    assert sign_on.feed(UNKNOWN, READOUT, 2 * SECOND) is None and sign_on.phase == "readout"


def test_the_device_refuses_and_nobody_speaks() -> None:
    tap = Tap((UP, REQUEST), (DOWN, b"/XYZ5\\2METER\r\n"), (UP, CONFIRM))
    s = tap.sign_on
    assert (s.rate, s.phase, s.idle(tap.ns)) == (9600, "selected", None)
    assert s.idle(tap.ns + ANSWER_NS) == 300 and s.phase == "start"
    assert s.idle(tap.ns + 2 * ANSWER_NS) is None
    assert tap.hear([(UP, REQUEST)]).sign_on.phase == "asked"


def test_a_refusal_is_heard() -> None:
    tap = Tap((UP, REQUEST), (DOWN, b"/XYZ5\\2METER\r\n"), (UP, CONFIRM), (DOWN, b"\x15"))
    assert tap.end() == ([(2, 9600), (3, 300)], "start", 300)


def test_sessions_time_out() -> None:
    tap = Tap(*SESSIONS["mode E"][0][:6])
    assert tap.sign_on.phase == "hdlc" and tap.sign_on.idle(tap.ns + INACTIVITY_NS - SECOND) is None
    assert tap.sign_on.idle(tap.ns + INACTIVITY_NS) == 300
    read = Tap(*SESSIONS["mode C readout"][0])
    assert read.sign_on.idle(read.ns + ANSWER_NS) == 300


def test_the_same_rate_is_no_change() -> None:
    assert Tap(*SESSIONS["mode A"][0]).sign_on.idle(1000 * SECOND) is None


def test_a_request_wherever_the_line_is() -> None:
    tap = Tap(*SESSIONS["mode E"][0][:6], (UP, REQUEST))
    assert tap.sign_on.phase == "asked"


# -- rates that were wrong ---------------------------------------------------------------------------------


def selected() -> Tap:
    return Tap((UP, REQUEST), (DOWN, b"/XYZ5METER\r\n"), (UP, b"\x06050\r\n"))


def test_framing_errors_after_a_change_try_the_old_rate_and_then_the_neighbours() -> None:
    s = selected().sign_on
    assert s.doubt(DOUBT_ERRORS - 1) is None
    tried = [s.doubt(DOUBT_ERRORS) for _ in range(len(RATES) + 1)]
    assert tried[:3] == [300, 4800, 19200]
    assert set(tried) == set(RATES) and tried[-1] == 300


def test_octets_that_form_nothing_after_a_change() -> None:
    s = selected().sign_on
    got = [s.feed(DOWN, b"\xf1", 5 * SECOND) for _ in range(DOUBT_OCTETS + 1)]
    assert got == [None] * DOUBT_OCTETS + [300]
    assert s.feed(DOWN, REQUEST, 6 * SECOND) is None and s.phase == "asked"


def test_the_option_is_selected_again_at_the_old_rate() -> None:
    tap = selected()
    assert tap.sign_on.doubt(DOUBT_ERRORS) == 300
    tap.hear([(UP, b"\x06050\r\n"), (DOWN, READOUT)])
    assert tap.end()[1:] == ("readout", 9600)


def test_what_was_understood_is_not_given_up_lightly() -> None:
    tap = selected().hear([(DOWN, READOUT)])
    s = tap.sign_on
    assert s.doubt(DOUBT_ERRORS * SURE - 1) is None
    assert s.doubt(1) == 300  # where the next request comes
    assert s.doubt(DOUBT_ERRORS) == 9600  # noise after all


def test_noise_in_the_start_state_is_noise() -> None:
    s = SignOn()
    assert s.doubt(1000) is None and s.feed(UP, b"\xf1" * 500, SECOND) is None and s.rate == 300


def test_a_start_rate_of_ones_own() -> None:
    tap = Tap(*SESSIONS["mode E"][0], start=1000)
    assert tap.changes == [(2, 9600), (7, 1000)]
    other = Tap(*SESSIONS["mode A"][0], start=1000)
    assert other.sign_on.doubt(DOUBT_ERRORS * SURE) == 1000 and other.sign_on.doubt(DOUBT_ERRORS) in RATES


def test_every_phase_is_reached_and_left() -> None:
    assert {phase for phase, _ in PHASES} >= {phase for phase, _ in PHASES.values()}


@given(st.lists(st.tuples(st.integers(0, 2), st.binary(max_size=40), st.integers(0, 10**12))))
def test_any_octets_and_times(said: list[tuple[int, bytes, int]]) -> None:
    s = SignOn()
    for direction, octets, ns in said:
        for new in (s.feed(direction, octets, ns), s.idle(ns), s.doubt(len(octets) % 3)):
            assert new is None or new in RATES
        assert s.rate in RATES
