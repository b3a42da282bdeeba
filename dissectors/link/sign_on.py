"""SignOn: follows the baud rate of a line that speaks IEC 62056-21 and mode E, for taps that must change with it.

Sans-IO: octets and times in, a new rate in Bd out. Both sides start at one rate (300 Bd). They change
- in mode B after the identification, to the rate of its letter,
- in modes C and E after the option select message, to the rate of its digit,
- back after a break, the end of an HDLC link, or a long silence.

PHASES is the whole of it: phase and event to the next phase and what the rate does. A tap hears what a rate
that is wrong makes of the line: framing errors and octets that form nothing. `doubt` and `feed` then propose the
rates around, the one before the change first, until something is understood.
"""

from typing import Final

from dissectors.link.framing import Chunk, Unit
from dissectors.link.hdlc import Hdlc
from dissectors.link.iec62056_21 import Iec21
from dissectors.link.iec62056_21_framer import Framer

RATES: Final = (300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
INACTIVITY_NS: Final = 120_000_000_000  # of a session, and of an HDLC link (values of practice)
ANSWER_NS: Final = 5_000_000_000  # to an option select, or NAK to a readout: well above tr (1.5 s) and a repeat (2.2 s)
DOUBT_OCTETS: Final = 24  # that form nothing, behind a change of rate
DOUBT_ERRORS: Final = 3  # framing errors
SURE: Final = 4  # so many times more of both, where the rate was understood before
HDLC_IDLE_NS: Final = 1_000_000_000  # silence that ends what is unfinished
TEXT_IDLE_NS: Final = 3_000_000_000
LF: Final = 0x0A

START, ASKED, NAMED, CHOSEN, READ, TALK, LINK, CLOSING = (
    "start", "asked", "identified", "selected", "readout", "session", "hdlc", "closing",
)  # fmt: skip
STAY, HOME, LETTER, SELECT = "stay", "start rate", "rate of the identification", "rate of the option select"

# (phase, event) → (next phase, what the rate does). An event without an entry changes nothing.
PHASES: Final[dict[tuple[str, str], tuple[str, str]]] = {
    (ASKED, "identification A"): (CHOSEN, STAY),
    (ASKED, "identification B"): (CHOSEN, LETTER),
    (ASKED, "identification C"): (NAMED, STAY),
    (ASKED, "identification E"): (NAMED, STAY),
    (ASKED, "select"): (CHOSEN, SELECT),
    (NAMED, "select"): (CHOSEN, SELECT),
    (NAMED, "data"): (READ, STAY),  # nothing was selected: readout at the start rate
    (CHOSEN, "select"): (CHOSEN, SELECT),  # repeated at the old rate
    (CHOSEN, "confirm"): (TALK, STAY),  # mode E
    (CHOSEN, "data"): (READ, STAY),
    (CHOSEN, "command"): (TALK, STAY),
    (CHOSEN, "nak"): (START, HOME),
    (READ, "command"): (TALK, STAY),
    (CLOSING, "hdlc"): (LINK, STAY),
    (CLOSING, "disconnected"): (START, HOME),
}
for _phase in (START, ASKED, NAMED, CHOSEN, READ, TALK, LINK, CLOSING):  # wherever the line is
    PHASES[_phase, "request"] = (ASKED, STAY)
    PHASES[_phase, "break"] = (START, HOME)
for _phase in (START, ASKED, NAMED, CHOSEN, READ, TALK):
    PHASES[_phase, "hdlc"] = (LINK, STAY)
for _phase in (CHOSEN, READ, TALK, LINK):
    PHASES[_phase, "disconnect"] = (CLOSING, STAY)
    PHASES[_phase, "disconnected"] = (START, HOME)  # DM: there is no link
for _event in ("select", "identification C", "identification E"):  # the tap came too late, or hears telegrams
    PHASES[START, _event] = PHASES[ASKED, _event]
WAITS: Final = {CHOSEN: ANSWER_NS, READ: ANSWER_NS}  # else INACTIVITY_NS

_HDLC: Final = {"DISC": "disconnect", "DM": "disconnected"}


class SignOn:
    """start_rate: of the line's start state, in Bd. `rate` is the one to listen at, `phase` one of PHASES."""

    def __init__(self, start_rate: int = 300, inactivity_ns: int = INACTIVITY_NS) -> None:
        self.start_rate = start_rate
        self.rate = start_rate
        self.phase = START
        self._inactivity_ns = inactivity_ns
        self._framers: dict[int, Framer] = {}  # by direction: one a receiver
        self._heard_ns = 0  # end of what was understood last
        self._before = 0  # the rate before the last change, 0 once something was understood at this one
        self._others: list[int] = []  # rates to try next, while nothing is understood
        self._stray = 0  # octets that form nothing, in noise that has ended
        self._errors = 0

    def feed(self, direction: int, octets: bytes, ns: int) -> int | None:
        """Octets heard at `rate`, the last of them at ns; the new rate where it changes, else None.

        What stands in octets behind a change was heard at a rate that was over: it is left out."""
        framer = self._framers.get(direction)
        if framer is None:
            framer = self._framers[direction] = Framer(HDLC_IDLE_NS, TEXT_IDLE_NS)
            framer.text = self.phase not in (START, LINK)
        for at in range(len(octets)):
            units = framer.feed(Chunk(octets[at : at + 1], 0, ns, ns))
            if octets[at] & 0x7F == LF:  # an identification; a lone ACK may yet be an option select
                units += framer.settle()
            for unit in units:
                new = self._unit(unit, ns)
                if new is not None:
                    return new
        if self._stray + framer.stray > DOUBT_OCTETS * self._patience():
            return self._other_rate()
        return None

    def idle(self, ns: int) -> int | None:
        """Nothing was understood up to ns: the start rate once a session has timed out, else None."""
        if ns - self._heard_ns <= WAITS.get(self.phase, self._inactivity_ns):
            return None
        self.phase = START
        return self._change(self.start_rate)

    def doubt(self, errors: int) -> int | None:
        """So many framing errors more: the next rate to try, None while there is no reason to."""
        self._errors += errors
        return self._other_rate() if self._errors >= DOUBT_ERRORS * self._patience() else None

    # -- what was heard ------------------------------------------------------------------------------------

    def _unit(self, unit: Unit, ns: int) -> int | None:
        """What a unit means for the phase, and the rate that it leads to."""
        event = self._event(unit)
        if not event:
            self._stray += len(unit.octets)
            return None
        self._heard_ns = ns
        self._understood()
        self.phase, action = PHASES.get((self.phase, event), (self.phase, STAY))
        if action == HOME:
            return self._change(self.start_rate)
        return self._change(unit.value.rate) if action in (LETTER, SELECT) and unit.value.rate else None

    def _event(self, unit: Unit) -> str:
        """The event that a unit is, "" for one that is not to be believed."""
        value = unit.value
        if not unit.trusted or value is None:
            return ""
        if isinstance(value, Hdlc):
            ends = self.phase == CLOSING and value.kind == "UA"
            return "disconnected" if ends else _HDLC.get(value.kind, "hdlc")
        assert isinstance(value, Iec21)
        if value.kind == "identification":
            return f"identification {value.mode}"
        if value.kind == "option-select":
            return "confirm" if self.phase == CHOSEN and value.rate == self.rate else "select"
        return value.kind

    # -- rates ---------------------------------------------------------------------------------------------

    def _change(self, rate: int) -> int | None:
        """Octets that the framers still hold were heard at another rate."""
        if rate == self.rate:
            return None
        self._understood()
        self._before, self.rate = self.rate, rate
        self._framers.clear()
        return rate

    def _understood(self) -> None:
        self._before = self._stray = self._errors = 0
        self._others = []

    def _patience(self) -> int:
        return 1 if self._before or self._others else SURE

    def _other_rate(self) -> int | None:
        """After a change the rate before it, then the neighbours of the rate changed to. Else the start rate, where
        the next request comes, and this one again. None where a line in its start state only is noisy."""
        self._stray = self._errors = 0
        self._framers.clear()
        if not self._others:
            if self.phase == START and self.rate == self.start_rate and not self._before:
                return None
            at = RATES.index(self.rate) if self.rate in RATES else 0
            near = sorted(RATES, key=lambda rate: abs(RATES.index(rate) - at))
            first = (self._before,) if self._before else (self.start_rate, self.rate)
            self._others = list(dict.fromkeys((*first, *near[1:], self.rate)))
        self.rate = self._others.pop(0)
        self._others.append(self.rate)  # round and round, until something is understood
        return self.rate
