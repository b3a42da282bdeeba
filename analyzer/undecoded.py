"""What of a capture was not decoded, and why: frames of noise, and packets that carry nothing known."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import msgspec
import numpy as np

from analyzer.analysis import Analysis

UNKNOWN = ("noise", "other")  # layers, and kinds of other layers
PART = 8192  # frames looked at within one turn


class Reason(msgspec.Struct):
    """frames and octets that were not decoded; frame: the first one."""

    frames: int = 0
    octets: int = 0
    frame: int = 0


class Undecoded:
    """reasons by layer and the codes of the problems ("noise: hdlc.fcs"); `look` takes the frames that came since."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.reasons: dict[str, Reason] = {}
        self._looked = 0

    def look(self, turn: Callable[[], AbstractContextManager[None]] = nullcontext) -> dict[str, Reason]:
        """turn: what to hold while the tables are read."""
        a = self.analysis
        while True:
            with turn():
                part = a.frames.part(self._looked, self._looked + PART).array("layer", "kind", "size")
                unknown = [number for word in UNKNOWN if (number := a.words.find(word)) > 0]
                found = np.nonzero(np.isin(part["layer"], unknown) | np.isin(part["kind"], unknown))[0]
                for place in found.tolist():
                    row = part[place]
                    no = self._looked + place + 1
                    codes = ", ".join(dict.fromkeys(p.kind.code for p in a.problems_of.get(no, ())))
                    self._add(f"{a.words[int(row['layer'])]}: {codes or 'no known protocol'}", no, int(row["size"]))
            if not len(part):
                return self.reasons
            self._looked += len(part)

    def _add(self, reason: str, no: int, octets: int) -> None:
        known = self.reasons.setdefault(reason, Reason(frame=no))
        known.frames += 1
        known.octets += octets
