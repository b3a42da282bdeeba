"""The baud rate of a line, found by listening: rates are tried in turn and judged by what only a right one gives.

Good are HDLC frames with a good check sequence and messages of IEC 62056-21 (with their block check, where they have
one). So many octets that make neither, or framing errors, speak against a rate.
"""

from dissectors.link import recognise
from dissectors.link.framing import Chunk
from dissectors.link.hdlc_framer import Framer
from dissectors.link.sign_on import RATES

TRIED_FIRST = (9600, 300, 2400, 19200, 115200, 4800, 38400, 57600, 1200, 600)
OCTETS = 160  # without anything good: two short frames and their answers would have shown
ERRORS = 6
SILENCE_NS = 1_500_000_000  # with octets heard and nothing good, then nothing: the next rate for the next telegram


class Search:
    """rate: to listen at now. found: the reason, once a rate has proved itself. feed() and idle() say whether the rate
    has changed."""

    def __init__(self, rates: tuple[int, ...] = TRIED_FIRST) -> None:
        assert set(rates) <= set(RATES)
        self.rates = rates
        self.rate = rates[0]
        self.found = ""
        self.text = False  # whether a message of IEC 62056-21 proved it
        self._framer = Framer()
        self._text = b""
        self._octets = self._errors = self._last_ns = 0

    def feed(self, octets: bytes, errors: int, ns: int) -> bool:
        """Octets heard at the rate at hand, and how many of them came with a framing error."""
        if self.found or not octets:
            return False
        self._last_ns = ns
        self._octets += len(octets)
        self._errors += errors
        good = sum(unit.trusted and unit.value is not None for unit in self._framer.feed(Chunk(octets, 1)))
        self._text = (self._text + octets)[-512:]
        if good:
            self.found = "an HDLC frame with a good check sequence"
        elif _message(self._text):
            self.found, self.text = "a message of IEC 62056-21", True
        if self.found:
            return False
        if self._octets >= OCTETS or self._errors >= ERRORS:
            return self._next()
        return False

    def idle(self, ns: int) -> bool:
        """Nothing was heard up to now."""
        if self.found or not self._octets or ns - self._last_ns < SILENCE_NS:
            return False
        return self._next()

    def _next(self) -> bool:
        at = self.rates.index(self.rate)
        self.rate = self.rates[(at + 1) % len(self.rates)]
        self._framer = Framer()
        self._text = b""
        self._octets = self._errors = 0
        return True


def _message(octets: bytes) -> bool:
    """Whether a message of IEC 62056-21 begins somewhere in the octets."""
    for at, octet in enumerate(octets):
        if octet & 0x7F in b"/\x01\x02\x06":
            look = recognise.content(octets[at:])
            if look is not None and look.kind == "iec62056-21" and look.certain:
                return True
    return False
