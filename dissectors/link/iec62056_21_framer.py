"""Framer for lines that speak IEC 62056-21, HDLC, or first the one and then the other (mode E).

HDLC goes first: its check sequences prove. What is known to be in no HDLC frame is searched for text messages:

- A message starts at "/", SOH, STX, ACK, NAK or a run of NUL, in seven bits, and ends as its kind says.
- Text may hold single damaged characters; two in a row, or the start of another message, end what was unfinished.
- On an HDLC link only a request or identification starts text again: what damage leaves of frames is no message.
- What does not hold together (bits 7 that follow no parity, a cut of few characters) was a false start: noise.
- An identification waits for one more octet, since a telegram may go on; so do a lone ACK and a run of NUL. Silence,
  the other side of the line (`settle`) and the end of the stream finish them.

All this by the stream alone, so the same for every chunking; only pauses look at chunks.
"""

from dissectors import problem
from dissectors.link import seven_bits
from dissectors.link.framing import Unit
from dissectors.link.hdlc import FLAG
from dissectors.link.hdlc_framer import NOISE_MAX
from dissectors.link.hdlc_framer import Framer as HdlcFramer
from dissectors.link.iec62056_21 import read
from dissectors.link.iec62056_21_shape import MORE, NO, SO_FAR, Extent, Place, extent, holds_together, opening, start
from dissectors.problem import Problem

SLASH, FORMAT = 0x2F, 0xA  # of HDLC frames: type 3
MESSAGE_MAX = 1 << 18  # octets of one message; a longer one is cut
OPENING_MAX = 80  # octets that tell a request or identification from a frame without opening flag


class Framer(HdlcFramer):
    """Units of one octet stream: HDLC frames, text messages (value Iec21, kind as theirs), noise.

    text_idle_ns: a longer pause inside an unfinished message ends it. Problems: those of the layers,
    iec62056-21.noise and those of noise on an HDLC line.
    """

    def __init__(self, idle_ns: int | None = None, text_idle_ns: int | None = None) -> None:
        super().__init__(idle_ns)
        self._text_idle_ns = text_idle_ns
        self._plain = bytearray()  # the buffer in seven bits, as far as it was looked at
        self._seek = 0  # in buffer[:_seek] no message starts, at _seek one may
        self._resume = 0  # how far the message at _seek was looked through
        self._begun = False  # a message is under way at _seek
        self.text = False  # the unit before was text: ACK, NAK and noise are of that dialogue
        self.linked = False  # good frames since the last message of either side of the line

    @property
    def stray(self) -> int:
        """Octets held that belong to no message or frame under way."""
        return min(self._seek, self._at)

    def settle(self) -> list[Unit]:
        """Messages that are complete as they stand: the other side of the line speaks, or nobody does."""
        out: list[Unit] = []
        if self._begun:
            self._texts(out, self._at, settle=True)
        return out

    # --- what the search for HDLC frames asks -----------------------------------------------------------

    def _patience(self) -> int | None:
        return self._text_idle_ns if self._begun else self._idle_ns

    def _unflagged(self, final: bool) -> bool | None:
        """A text message with parity may begin with AF, as a frame of 1792 octets and more would."""
        found = opening(bytes(self.buffer[:OPENING_MAX]))
        if found is None:
            return False if final or len(self.buffer) >= OPENING_MAX else None
        return not found

    def _bound(self, out: list[Unit]) -> None:
        self._texts(out, self._at)
        if self._at < self._most:
            return
        if self._begun and self._seek:
            super()._noise(out, self._seek)
        elif self._begun and self._most < MESSAGE_MAX:
            self._most += NOISE_MAX
        else:
            self._noise(out, self._most)

    def _search(self, out: list[Unit], final: bool) -> None:
        super()._search(out, final)
        if not final:
            self._texts(out, self._at)

    def _noise(self, out: list[Unit], size: int) -> None:
        """The first `size` octets of the buffer are in no frame, and nothing more belongs to them."""
        super()._noise(out, self._texts(out, size, final=True))

    def _fill(self, out: list[Unit], final: bool) -> bool:
        """Behind a message flags are no fill between frames: they are noise, wherever chunks end."""
        if not self.text:
            return super()._fill(out, final)
        self._skip(1)
        return True

    def _frame(self, out: list[Unit], head: int, end: int, damaged: bool) -> None:
        super()._frame(out, head, end, damaged)
        self.text = False
        self.linked = self.linked or not damaged

    def _why(self, octets: bytes) -> tuple[Problem, ...]:
        if self.text and octets[0] != FLAG:
            return (Problem(problem.IEC21_NOISE, 0, len(octets), (len(octets),)),)
        return super()._why(octets)

    def _unit(self, size: int, kind: str, value: object, problems: tuple[Problem, ...], trusted: bool) -> Unit:
        at = self._at
        unit = super()._unit(size, kind, value, problems, trusted)
        del self._plain[:size]
        self._at = max(0, at - size)
        self._seek = self._resume = 0
        self._begun = False
        self._most = NOISE_MAX
        return unit

    # --- messages -----------------------------------------------------------------------------------------

    def _texts(self, out: list[Unit], known: int, final: bool = False, settle: bool = False) -> int:
        """Takes messages, and the noise before each, from buffer[:known]; the number of octets that remain of it.

        final: nothing more belongs to these octets. settle: what is complete so far is complete."""
        while known:
            at, found = self._next(known, final)
            if found is None or found.state == MORE:
                return known
            if found.state == SO_FAR and not (settle and found.end == len(self.buffer)):
                return known
            if at:
                super()._noise(out, at)
            octets = bytes(self.buffer[: found.end - at])
            value, problems = read(octets)
            kind = value.kind if value is not None else "noise"
            out.append(self._unit(len(octets), kind, value, problems, value is not None and value.good))
            self.bare = self.flagged = False
            self.text, self.linked = True, False
            known = max(0, known - found.end)
        return 0

    def _next(self, known: int, final: bool) -> tuple[int, Extent | None]:
        """The first place where a message starts in buffer[:known], and what is known of its end."""
        plain, buffer = self._plain, self.buffer
        if len(plain) < len(buffer):
            plain += seven_bits.plain(buffer[len(plain) :])
        behind = plain[known] if known < len(plain) and not final else -1
        while (at := start(plain, self._seek, known)) >= 0:
            if at != self._seek:
                self._seek = self._resume = at
            if plain[at] != SLASH and (self.linked or (buffer[0] == FLAG and buffer[1] >> 4 == FORMAT)):
                self._seek = self._resume = at + 1
                continue
            lone = at == 0 and self.text
            found = extent(Place(plain, at, known, self._resume, lone, final, behind))
            if found.state == MORE or (found.state != NO and holds_together(buffer[at : found.end], found.state)):
                self._resume, self._begun = found.resume, True
                return at, found
            self._seek = self._resume = at + 1
        self._seek = self._resume = known
        self._begun = False
        return known, None
