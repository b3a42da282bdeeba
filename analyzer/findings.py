"""Findings: the problems of frames and messages, and the verdicts, as one list for a person."""

from collections.abc import Callable, Iterable, Iterator

from analyzer.model import Exchange, Finding, Message
from dissectors.problem import Problem
from dissectors.record import Frame, Pdu


class Findings:
    """A tap. Rows come in the order in which they were noticed; `drain` gives those not yet given."""

    def __init__(self) -> None:
        self.objects: Callable[[Message], tuple[Problem, ...]] | None = None  # Meaning.problems of the run
        self._new: list[Finding] = []
        self._no = 0

    def drain(self) -> list[Finding]:
        out, self._new = self._new, []
        return out

    def add(self, f: Finding) -> None:
        """A finding made elsewhere (a timing verdict), numbered here."""
        self._no += 1
        self._new.append(
            Finding(
                self._no,
                f.code,
                f.severity,
                f.text,
                f.clause,
                f.frame,
                f.message,
                f.exchange,
                f.association,
                f.measured,
                f.limit,
                f.unit,
                f.channel,
                f.time_ns,
            )
        )

    def _problem(self, p: Problem, frame: int, channel: int, time: int | None, message: int = 0, aa: int = 0) -> None:
        self.add(
            Finding(
                0,
                p.kind.code,
                int(p.severity),
                p.text,
                p.kind.clause,
                p.frame or frame,
                message=message,
                association=aa,
                channel=channel,
                time_ns=time,
            )
        )

    def loose(self, found: Iterable[tuple[Pdu, Problem]]) -> None:
        """What ended unfinished, with the PDU that ended it (Associations.loose)."""
        for pdu, problem in found:
            self._problem(problem, pdu.frames[-1] if pdu.frames else 0, pdu.channel, pdu.last_ns)

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for f in frames:
            if f.problems:
                for p in f.problems:
                    self._problem(p, f.no, f.channel, f.first_ns)
            yield f

    def messages(self, messages: Iterable[Message]) -> Iterator[Message]:
        for m in messages:
            about_objects = self.objects(m) if self.objects is not None else ()
            if m.problems or about_objects:
                own = m.problems[len(m.pdu.problems) :] + about_objects
                last = m.pdu.frames[-1] if m.pdu.frames else 0
                for p in own:
                    self._problem(p, last, m.pdu.channel, m.pdu.first_ns, m.no, m.association)
            yield m

    def exchanges(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        for e in exchanges:
            for p in e.problems:
                self._problem(p, e.frames[1] or e.frames[0], e.channel, e.asked_ns, aa=e.association)
            yield e
