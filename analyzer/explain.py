"""The autopsy: per attempt how far it got, what failed first, and why, with the evidence.

An attempt is what one client tried with one logical device over one link or connection. Its ladder:
line, link, association, authentication (HLS), access, value. The first step that failed is the
answer; causes are ranked by what the capture shows for them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from analyzer import words
from analyzer.causes import Cause, causes
from analyzer.lines import target
from analyzer.model import Exchange, Message
from analyzer.redact import Redactor
from analyzer.run import Run
from analyzer.session import Session
from captures.source import Source
from dissectors import problem as P
from dissectors.acse import Aare
from dissectors.profile import Profile
from dissectors.record import Direction, Frame

TO_CLIENT = int(Direction.TO_CLIENT)
LADDER = ("line", "link", "association", "authentication", "access", "value")
DAMAGE = frozenset({P.HDLC_FCS, P.HDLC_HCS, P.HDLC_TRUNC, P.WRAPPER_TRUNC, P.WRAPPER_VERSION})
LINK_KINDS = frozenset({"SNRM", "UA", "DM", "FRMR", "DISC"})
TCP_KINDS = frozenset({"tcp.syn", "tcp.rst", "tcp.fin"})


class Step(msgspec.Struct, gc=False):
    """state: "ok", "failed", "not-seen" (nothing in the capture), "not-needed". frames: evidence."""

    name: str
    state: str = "not-seen"
    text: str = ""
    frames: list[int] = []

    def set(self, state: str, text: str, *frames: int) -> None:
        """A failure is never overwritten by a later success."""
        if self.state != "failed":
            self.state, self.text, self.frames = state, text, list(dict.fromkeys(f for f in frames if f))


class Attempt(msgspec.Struct, gc=False):
    """One attempt. reached: the last step that was ok. failed: the first that was not, "" for none."""

    no: int
    profile: str
    channel: int
    client: int | None
    server: int | None
    physical: int | None
    client_address: str | None
    server_address: str | None
    first_frame: int
    time: str | None
    steps: list[Step]
    reached: str = ""
    failed: str = ""
    sentence: str = ""
    causes: list[Cause] = []
    exchanges: int = 0
    unanswered: int = 0
    errors: int = 0

    def step(self, name: str) -> Step:
        return self.steps[LADDER.index(name)]


class Autopsy:
    """A tap; `result` after the run."""

    def __init__(self, run: Run | None = None) -> None:
        self.run = run
        self.attempts: list[Attempt] = []
        self.reached = 0  # attempts that got further than the line
        self._open: dict[tuple[int, ...], Attempt] = {}
        self._known: dict[tuple[Any, ...], list[Attempt]] = {}  # by client, server, channel and the client's host
        self._path: dict[int, list[tuple[str, int, int]]] = {}  # TCP events: kind, frame, direction
        self.bad_frames = 0
        self.good_frames = 0
        self.noise_octets = 0
        self.octets = 0
        self.heard = [0, 0, 0]  # frames by direction

    def frames(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        for f in frames:
            kind = f.kind
            self.octets += len(f.octets)
            if f.layer == "noise":
                self.noise_octets += len(f.octets)
            elif f.source >= 0:
                self.heard[f.direction] += 1
                if any(p.kind in DAMAGE for p in f.problems):
                    self.bad_frames += 1
                else:
                    self.good_frames += 1
                    if kind in LINK_KINDS:
                        self._link(f)
            if kind in TCP_KINDS:
                self._path.setdefault(f.path.number, []).append((kind, f.no, f.direction))
            yield f

    def _link(self, f: Frame) -> None:
        client, server = (f.destination, f.source) if f.direction == TO_CLIENT else (f.source, f.destination)
        key = (f.path.number, client, server, f.physical)
        attempt = self._open.get(key)
        if f.kind == "SNRM" and (attempt is None or attempt.step("link").state not in ("not-seen", "failed")):
            attempt = self._attempt(key, f.profile, f.channel, f.no, f.first_ns, f)
            attempt.step("link").text = "SNRM without answer"
            attempt.step("link").frames = [f.no]
        if attempt is None:
            return
        link = attempt.step("link")
        if f.kind == "SNRM":
            link.frames = list(dict.fromkeys([*link.frames, f.no]))
        elif f.kind == "UA" and link.state != "ok" and attempt.step("association").state == "not-seen":
            link.state, link.text, link.frames = "ok", "SNRM answered by UA", [*link.frames[-1:], f.no]
        elif f.kind == "DM" and link.state != "ok":
            link.set("failed", "the server refuses the link (DM)", *link.frames, f.no)
        elif f.kind in ("DM", "FRMR"):
            what = "lost the link (DM)" if f.kind == "DM" else "rejected a frame (FRMR)"
            attempt.step("access").set("failed", f"the server {what}", f.no)

    def _attempt(
        self, key: tuple[int, ...], profile: str, channel: int, frame: int, ns: int | None, f: Frame | Message
    ) -> Attempt:
        path = f.path if isinstance(f, Frame) else f.pdu.path
        direction = f.direction if isinstance(f, Frame) else f.pdu.direction
        ends = (path.destination, path.source) if direction == TO_CLIENT else (path.source, path.destination)
        attempt = Attempt(
            len(self.attempts) + 1, profile, channel, key[1] if key[1] >= 0 else None,
            key[2] if key[2] >= 0 else None, key[3] if key[3] >= 0 else None, *ends, frame, words.iso(ns),
            [Step(name) for name in LADDER],
        )  # fmt: skip
        self.attempts.append(attempt)
        self._open[key] = attempt
        self._known.setdefault((attempt.client, attempt.server, channel, attempt.client_address), []).append(attempt)
        return attempt

    def messages(self, messages: Iterable[Message]) -> Iterator[Message]:
        for m in messages:
            if m.apdu.service == "association":
                self._associate(m)
            elif m.apdu.role == "request":
                self._current(m)  # a capture that starts inside an association
            yield m

    def _current(self, m: Message) -> Attempt:
        p = m.pdu
        key = (p.path.number, p.client, p.server, p.physical)
        attempt = self._open.get(key)
        if attempt is None:
            attempt = self._attempt(key, p.profile, p.channel, p.frames[0] if p.frames else 0, p.first_ns, m)
        return attempt

    def _associate(self, m: Message) -> None:
        attempt = self._current(m)
        frame = m.pdu.frames[-1] if m.pdu.frames else 0
        step = attempt.step("association")
        if m.apdu.role == "request":
            if step.state != "not-seen":
                p = m.pdu
                key = (p.path.number, p.client, p.server, p.physical)
                attempt = self._attempt(key, p.profile, p.channel, frame, p.first_ns, m)
                step = attempt.step("association")
            step.text, step.frames = "AARQ without answer", [frame]
            return
        detail = m.apdu.detail
        if not isinstance(detail, Aare):
            step.set("failed", f"the server answers {m.apdu.name}: {m.apdu.result}", *step.frames, frame)
        elif not detail.accepted:
            why = detail.diagnostic_name or "no diagnostic"
            step.set("failed", f"{detail.result_name}: {why}", *step.frames, frame)
        else:
            step.set("ok", f"accepted, {detail.context_name}", *step.frames, frame)
            if detail.hls_pending:
                attempt.step("authentication").text = "HLS passes 3 and 4 not seen"
            else:
                attempt.step("authentication").set("not-needed", "no HLS")

    def exchanges(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        for e in exchanges:
            if e.service not in ("association", "release") and e.request:
                self._access(e)
            elif e.service == "association":
                attempt = self._of(e)
                if attempt is not None and attempt.step("association").state == "not-seen":
                    silent = f"AARQ without answer in {words.duration(e.waited_ns)}"
                    said = silent if e.result is None else f"the server answers the AARQ with an error: {e.result}"
                    attempt.step("association").set("failed", said, *e.frames)
            yield e

    def _of(self, e: Exchange) -> Attempt | None:
        """The attempt that was under way when the exchange began."""
        sap = (e.client if e.client >= 0 else None, e.server if e.server >= 0 else None)
        for attempt in reversed(self._known.get((*sap, e.channel, e.client_address), ())):
            if attempt.first_frame <= max(e.frames):
                return attempt
        return None

    def _access(self, e: Exchange) -> None:
        attempt = self._of(e)
        if attempt is None:
            return
        attempt.exchanges += 1
        what = f"{e.service} {target(e.target)}".strip()
        if e.target is not None and (e.target.class_id, e.target.method) in ((15, 1), (12, 8)):
            step = attempt.step("authentication")
            if e.result == "success":
                step.set("ok", "HLS reply accepted", *e.frames)
            else:
                step.set("failed", f"HLS reply: {e.result or 'no answer'}", *e.frames)
            return
        if e.service in ("data-notification", "event-notification", "information-report"):
            attempt.step("access").set("ok", "notifications received", *e.frames)
            return
        if e.result is None and not e.responses:
            attempt.unanswered += 1
            waited = words.duration(e.waited_ns)
            tries = f", {e.attempts} attempts" if e.attempts > 1 else ""
            attempt.step("access").set("failed", f"{what}: no answer in {waited}{tries}", *e.frames)
            return
        attempt.step("access").set("ok", "requests are answered", *e.frames)
        if e.result is None:
            attempt.step("value").set("not-seen", "answers are ciphered, without the key nothing is known of them")
        elif e.result in ("success", "unconfirmed"):
            attempt.step("value").set("ok", "values delivered", *e.frames)
        else:
            attempt.errors += 1
            attempt.step("value").set("failed", f"{what}: {e.result}", *e.frames)

    def result(self) -> list[Attempt]:
        """Every attempt with its first failure, in order; connections that never got anywhere too."""
        return self.judged(self.copies())

    def copies(self) -> list[Attempt]:
        """The attempts as they stand: while traffic goes on, what has failed by now may still succeed."""
        return [replace(a, steps=[replace(step) for step in a.steps]) for a in self.attempts]

    def judged(self, attempts: list[Attempt]) -> list[Attempt]:
        """Copies with their first failure and its causes; traffic may go on meanwhile."""
        heard_both = all(self.heard[:2])
        for attempt in attempts:
            self._finish(attempt, heard_both)
        self.reached = sum(attempt.reached not in ("", "line") for attempt in attempts)
        for attempt in attempts:
            attempt.sentence = sentence(attempt)
            attempt.causes = causes(attempt, self)
        return attempts

    def _finish(self, attempt: Attempt, heard_both: bool) -> None:
        line, link = attempt.step("line"), attempt.step("link")
        if not heard_both and self.heard[2] == 0:
            side = "client" if self.heard[0] else "server"
            line.state, line.text = "failed", f"only the {side} is heard"
        else:
            damaged = f", {self.bad_frames} damaged" if self.bad_frames else ""
            line.state, line.text = "ok", f"{self.good_frames} good frames{damaged}"
        later = any(attempt.step(name).state == "ok" for name in LADDER[2:])
        for n, step in enumerate(attempt.steps[1:4], 2):
            beyond = any(after.state == "ok" for after in attempt.steps[n:])
            if step.state == "not-seen" and step.text and not beyond:
                step.state = "failed"
            elif step.state == "not-seen" and beyond:
                step.text = step.text or "before the capture, or not needed"
        if link.state == "not-seen" and attempt.physical is None:
            link.state, link.text = "not-needed", "no link set-up on this carrier"
        for step in attempt.steps:
            if step.state == "ok":
                attempt.reached = step.name
            if step.state == "failed" and not attempt.failed and step.name != "line":
                attempt.failed = step.name
        if not attempt.failed and line.state == "failed" and not later:
            attempt.failed = "line"


def sentence(a: Attempt) -> str:
    """The attempt in one sentence."""
    who = f"client {a.client if a.client is not None else '?'} with server {a.server if a.server is not None else '?'}"
    if not a.failed:
        return f"{who}: nothing failed; {a.exchanges} exchanges"
    step = a.step(a.failed)
    where = f" (frame {', '.join(map(str, step.frames))})" if step.frames else ""
    return f"{who}: failed at {step.name}: {step.text}{where}"


def explain(session: Session, source: Source, profiles: Sequence[Profile]) -> list[Attempt]:
    """The autopsy of an open source."""
    autopsy = Autopsy()
    run = session.run(source, profiles, (autopsy,))
    autopsy.run = run
    for _ in run.exchanges():
        pass
    return autopsy.result()


def redacted(attempts: list[Attempt]) -> list[Attempt]:
    """The same without hosts."""
    redactor = Redactor()
    return [msgspec.convert(redactor.row(msgspec.to_builtins(a)), Attempt) for a in attempts]


def to_json(attempts: list[Attempt]) -> bytes:
    return msgspec.json.encode(attempts) + b"\n"


MARKS = {"ok": "✓", "failed": "✗", "not-seen": "·", "not-needed": "-"}


def to_text(attempts: list[Attempt]) -> bytes:
    """For a person: failures first, then the ladder of each attempt."""
    out: list[str] = []
    if not attempts:
        out.append("no attempt to reach a meter was recognised in this capture; try: cosemscope dump --level frame")
    failed = [a for a in attempts if a.failed]
    if attempts:
        out.append(f"{len(attempts)} attempts, {len(failed)} with a failure")
    for a in sorted(attempts, key=lambda a: (not a.failed, a.no)):
        out.append("")
        out.append(f"attempt {a.no}  {a.time or 'without clock'}  {words.printable(a.sentence)}")
        if a.failed:
            out += [f"  {MARKS[s.state]} {s.name:<15} {words.printable(s.text)}" for s in a.steps]
            out += [f"  cause {n}: {words.printable(c.text)}  [{c.evidence}]" for n, c in enumerate(a.causes, 1)]
    return ("\n".join(out) + "\n").encode("utf-8", "replace")
