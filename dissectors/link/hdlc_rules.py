"""Rules of one link, frame by frame: set-up, sequence numbers, window, segmentation, LLC (IEC 62056-46, clauses 5, 6).

Each function takes the unit, its value, the sender's Way, and appends to the list of problems found.
"""

from dissectors import problem
from dissectors.link.framing import Unit
from dissectors.link.hdlc import BLOCK_TRANSFER, FLAG, Hdlc, Negotiation, Parameters, Reject, reasons
from dissectors.link.hdlc_address import PUSH_PORTS
from dissectors.link.hdlc_state import TRANSITIONS, UNLIMITED, UNSEEN, Link, State, Way
from dissectors.problem import Kind, Problem, Severity
from dissectors.record import Direction

# first octets of APDUs that answer (IEC 62056-5-3, clause 9): AARE, RLRE, read and write response, confirmed service
# error, get, set, action and access response with their ciphered forms
RESPONSE_TAGS = frozenset(b"\x61\x63\x0c\x0d\x0e\xc4\xc5\xc7\xcc\xcd\xcf\xd4\xd5\xd7\xd8\xda")
TRANSFER = ("I", "RR", "RNR")
SETUP = (
    ("maximum information field length, transmit", "max_info_tx"),
    ("maximum information field length, receive", "max_info_rx"),
    ("window size, transmit", "window_tx"),
    ("window size, receive", "window_rx"),
)
MIRROR = {
    "max_info_tx": "max_info_rx",
    "max_info_rx": "max_info_tx",
    "window_tx": "window_rx",
    "window_rx": "window_tx",
}


def at_control(unit: Unit, value: Hdlc, kind: Kind, *args: object, severity: Severity | None = None) -> Problem:
    """A problem about the control field."""
    place = 2 + (unit.octets[0] == FLAG) + len(value.addresses)
    return Problem(kind, place, place + 1, args, severity_override=severity)


def at_info(value: Hdlc, kind: Kind, *args: object, n: int = -1, severity: Severity | None = None) -> Problem:
    """A problem about the information field, or its first n octets."""
    start, end = value.info
    return Problem(kind, start, end if n < 0 else min(end, start + n), args, severity_override=severity)


def judge(unit: Unit, value: Hdlc, way: Way, push: bool, parameters: Parameters, found: list[Problem]) -> None:
    """All rules of one frame, then the link's next state."""
    link = way.link
    if value.segmented and value.kind != "I":
        severity = Severity.NOTE if push else None
        found.append(at_control(unit, value, problem.HDLC_SEG_UI, value.kind, severity=severity))
    following = TRANSITIONS.get((link.state, value.kind))
    if following == State.UNKNOWN:
        link.forget()  # what came between is not in the capture
    if value.nr != UNSEEN and not push:
        _open(unit, value, way, found)
        if link.state != State.FRMR:
            _acknowledge(unit, value, way, found)
    rule = RULES.get(value.kind) if link.state != State.FRMR or value.kind not in TRANSFER else None
    if rule is not None:
        rule(unit, value, way, push, parameters, found)
    if following is not None:
        link.state = following


def unanswered(before: Hdlc, now: Hdlc) -> bool:
    """Whether the client's next frame on a link is what it sends when no answer came.

    A new N(S) or N(R), or data after an SNRM, shows that the answer is missing in the capture only.
    """
    if before.kind == "SNRM":
        return now.kind in ("SNRM", "DISC", "UI")
    if before.nr != UNSEEN and now.nr != UNSEEN:
        return now.nr == before.nr and (now.kind != "I" or before.kind != "I" or now.ns == before.ns)
    return True


# --- state ------------------------------------------------------------------------------------------


def _open(unit: Unit, value: Hdlc, way: Way, found: list[Problem]) -> None:
    """hdlc.ndm-data and hdlc.after-frmr: I, RR, RNR need an open link."""
    link = way.link
    if link.state == State.NDM:
        found.append(at_control(unit, value, problem.HDLC_NDM_DATA, value.kind))
        if way.direction == Direction.TO_CLIENT:
            link.forget()  # the server takes it for open: the SNRM is not in the capture
    elif link.state == State.FRMR:
        found.append(at_control(unit, value, problem.HDLC_AFTER_FRMR, value.kind))


def _snrm(unit: Unit, value: Hdlc, way: Way, push: bool, parameters: Parameters, found: list[Problem]) -> None:
    """hdlc.snrm-nrm unless the link was silent for longer than the inactivity time-out; hdlc.neg-range."""
    link = way.link
    if link.state == State.NRM and not _expired(link, unit, parameters):
        found.append(at_control(unit, value, problem.HDLC_SNRM_NRM))
    link.proposed = value.detail if isinstance(value.detail, Negotiation) else None
    _ranges(value, parameters, found)


def _expired(link: Link, unit: Unit, parameters: Parameters) -> bool:
    limit = parameters.inactivity_s.default
    if not limit or unit.first_ns is None or link.last_ns is None:
        return False
    return unit.first_ns - link.last_ns > limit * 1_000_000_000


def _ua(unit: Unit, value: Hdlc, way: Way, push: bool, parameters: Parameters, found: list[Problem]) -> None:
    """Answer to SNRM: parameters come into force. hdlc.neg-range, hdlc.neg-up."""
    link = way.link
    answer = value.detail if isinstance(value.detail, Negotiation) else None
    _ranges(value, parameters, found)
    if link.state == State.WAIT_UA:
        if answer is not None:
            _raised(value, link.proposed, answer, parameters, found)
        link.agree(answer, parameters)
    elif link.state == State.WAIT_DISC:
        link.forget()  # and then NDM


def _ranges(value: Hdlc, parameters: Parameters, found: list[Problem]) -> None:
    if not isinstance(value.detail, Negotiation):
        return
    for label, name in SETUP:
        given, limit = getattr(value.detail, name), getattr(parameters, name)
        if given >= 0 and not limit.min <= given <= limit.max:
            found.append(at_info(value, problem.HDLC_NEG_RANGE, label, given, limit.min, limit.max))


def _raised(
    value: Hdlc, proposed: Negotiation | None, answer: Negotiation, parameters: Parameters, found: list[Problem]
) -> None:
    """What the server sends must not exceed what the client takes, and the other way round.

    Against a default that the SNRM did not write out it is a warning: many meters answer so.
    """
    for label, name in SETUP:
        given = getattr(answer, name)
        mirror = MIRROR[name]
        asked = getattr(proposed, mirror) if proposed is not None else -1
        severity = None if asked >= 0 else Severity.WARNING
        if asked < 0:
            asked = getattr(parameters, mirror).default
        if given > asked:
            found.append(at_info(value, problem.HDLC_NEG_UP, label, given, asked, severity=severity))


def _dm(unit: Unit, value: Hdlc, way: Way, push: bool, parameters: Parameters, found: list[Problem]) -> None:
    """hdlc.dm: a note after DISC, where it only says that there was no link."""
    state = way.link.state
    words = {State.WAIT_UA: "the link is refused", State.WAIT_DISC: "there was no link to close"}
    severity = Severity.NOTE if state == State.WAIT_DISC else None
    text = words.get(state, "it has no link with this client")
    found.append(at_control(unit, value, problem.HDLC_DM, text, severity=severity))
    way.link.forget()


def _frmr(unit: Unit, value: Hdlc, way: Way, push: bool, parameters: Parameters, found: list[Problem]) -> None:
    reject = value.detail
    text = "no reason given"
    if isinstance(reject, Reject):
        text = f"control field 0x{reject.control:02X}, {reasons(reject.reason)}"
    found.append(at_control(unit, value, problem.HDLC_FRMR, text))


# --- sequence numbers -------------------------------------------------------------------------------


def _supervisory(unit: Unit, value: Hdlc, way: Way, push: bool, parameters: Parameters, found: list[Problem]) -> None:
    if value.kind == "RR":
        way.other.polls += 1


def _acknowledge(unit: Unit, value: Hdlc, way: Way, found: list[Problem]) -> None:
    """N(R) of the sender against what the other side sent. hdlc.nr, hdlc.nr-quirk."""
    other, nr = way.other, value.nr
    polls, way.polls = way.polls, 0
    if other.vs == UNSEEN:
        other.vs = other.acked = nr
        other.soft = True
        return
    if other.acked == UNSEEN:
        other.acked = other.vs
        way.settled = False
    if other.skipped and nr == other.acked:
        other.vs = nr  # refused: this side still waits for the N(S) that was left out
    other.skipped = False
    outstanding = (other.vs - other.acked) & 7
    if (nr - other.acked) & 7 <= outstanding:
        other.acked = nr
        way.skew = 0
        way.settled = True
        return
    for skew in (way.skew, (way.skew + polls) & 7):
        if skew and (nr - skew - other.acked) & 7 <= outstanding:
            way.quirk = way.quirk or skew != way.skew
            other.acked = (nr - skew) & 7
            way.skew = skew
            if way.quirk and way.direction == Direction.TO_CLIENT:
                found.append(at_control(unit, value, problem.HDLC_NR_QUIRK, nr, other.vs))
            return
    if not way.settled:  # the capture began in the middle: whatever the offset is, it is the start
        way.settled = True
        way.skew = (nr - other.vs) & 7
        other.acked = other.vs
        return
    found.append(at_control(unit, value, problem.HDLC_NR, nr, other.acked, other.vs))


def _information(unit: Unit, value: Hdlc, way: Way, push: bool, parameters: Parameters, found: list[Problem]) -> None:
    """I frame: hdlc.retx, ns-gap, window, then its content. Off on push ports, where N(S) may stand still."""
    if push:
        found.append(at_control(unit, value, problem.HDLC_HABIT, "I frame without a link", PUSH_PORTS))
    else:
        ns = value.ns
        if _again(unit, value, way, parameters, found):
            return
        gap = way.vs not in (UNSEEN, ns) and not way.soft
        if gap:
            found.append(at_control(unit, value, problem.HDLC_NS_GAP, ns, way.vs))
            way.open = False
            way.skipped = True
            if any(p.kind is problem.HDLC_NR for p in found):  # both numbers jump: the other side is behind as well
                way.other.vs = way.other.acked = value.nr
                way.other.soft = True
                way.acked = ns
        way.soft = False
        way.vs = (ns + 1) & 7
        way.sent[ns] = (unit.payload, 1)
        outstanding = (way.vs - way.acked) & 7
        if way.acked != UNSEEN and outstanding > way.window and not gap:
            found.append(at_control(unit, value, problem.HDLC_WINDOW, outstanding, way.window))
    _content(unit, value, way, push, found)


def _again(unit: Unit, value: Hdlc, way: Way, parameters: Parameters, found: list[Problem]) -> bool:
    """hdlc.retx: N(S) and information of one of the last frames again; warned of above the usual retries."""
    before = way.sent.get(value.ns)
    if before is None or way.vs == UNSEEN or not 1 <= (way.vs - value.ns) & 7 <= max(1, way.window % UNLIMITED):
        return False
    information, times = before
    if information != unit.payload:
        return False
    way.sent[value.ns] = (information, times + 1)
    severity = Severity.WARNING if times > parameters.max_retries else None
    found.append(at_control(unit, value, problem.HDLC_RETX, value.ns, times + 1, severity=severity))
    return True


# --- content ----------------------------------------------------------------------------------------


def _ui(unit: Unit, value: Hdlc, way: Way, push: bool, parameters: Parameters, found: list[Problem]) -> None:
    if unit.payload:
        _content(unit, value, way, push, found)


def _content(unit: Unit, value: Hdlc, way: Way, push: bool, found: list[Problem]) -> None:
    """Information of I and UI: length, segmentation, LLC. hdlc.info-len, seg-orphan, seg-up, push-long, ui-resp."""
    payload = unit.payload
    if not payload:
        return
    link, ui = way.link, value.kind == "UI"
    to_server = way.direction == Direction.TO_SERVER
    if len(payload) > way.limit and link.state == State.NRM:
        found.append(at_info(value, problem.HDLC_INFO_LEN, len(payload), way.limit))
    tag = payload[3] if value.llc and len(payload) > 3 else payload[0]
    going_on = way.open_ui if ui else way.open
    if going_on and value.llc:
        found.append(at_info(value, problem.HDLC_SEG_ORPHAN, "new LLC header before the last segment", n=3))
    if value.llc and not ui and way.other.open:
        found.append(at_info(value, problem.HDLC_SEG_ORPHAN, "the other side's APDU is not finished", n=3))
        way.other.open = False
    if value.llc:
        _llc(value, way, payload, push or (ui and not to_server), found)
    elif not going_on:
        _headless(value, way, payload, found)
    if value.segmented and not going_on and value.llc:
        if to_server and not ui:
            found.append(at_control(unit, value, problem.HDLC_SEG_UP))
        if ui and not to_server and not push:
            found.append(at_control(unit, value, problem.HDLC_PUSH_LONG))
    if to_server:
        link.ui = ui
    elif link.ui and tag in RESPONSE_TAGS and (value.llc or not going_on):
        found.append(at_info(value, problem.HDLC_UI_RESP))
    if ui:
        way.open_ui = value.segmented
    else:
        way.open = value.segmented
    way.informed = True
    if value.llc or not going_on:
        way.was_block = tag == BLOCK_TRANSFER


def _llc(value: Hdlc, way: Way, payload: bytes, push: bool, found: list[Problem]) -> None:
    """hdlc.llc: source LSAP against the direction (a habit in pushes); hdlc.llc-q."""
    if payload[1] != way.llc[1]:
        if push:
            found.append(at_info(value, problem.HDLC_HABIT, "LLC E6 E6 00 in a push", PUSH_PORTS, n=3))
        else:
            given, expected = payload[:3].hex(" ").upper(), way.llc.hex(" ").upper()
            found.append(at_info(value, problem.HDLC_LLC, given, expected, n=3))
    if payload[2]:
        found.append(at_info(value, problem.HDLC_LLC_Q, payload[2], n=3))


def _headless(value: Hdlc, way: Way, payload: bytes, found: list[Problem]) -> None:
    """No LLC header where an APDU begins: block transfer that goes on, a lost first segment, or hdlc.llc."""
    if payload[0] == BLOCK_TRANSFER and (way.was_block or not way.informed):
        found.append(at_info(value, problem.HDLC_HABIT, "block transfer goes on without LLC header", PUSH_PORTS, n=1))
    elif not way.informed:
        return  # the capture began inside a segmented APDU
    elif value.segmented:
        found.append(at_info(value, problem.HDLC_SEG_ORPHAN, "continuation without a first segment", n=3))
    else:
        given, expected = payload[:3].hex(" ").upper(), way.llc.hex(" ").upper()
        found.append(at_info(value, problem.HDLC_LLC, given, expected, n=3))


RULES = {
    "I": _information,
    "RR": _supervisory,
    "RNR": _supervisory,
    "SNRM": _snrm,
    "UA": _ua,
    "DM": _dm,
    "FRMR": _frmr,
    "UI": _ui,
}
