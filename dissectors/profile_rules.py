"""RULES: the closed vocabulary of timing rules that a profile may set limits for (IEC TS 62056-1-1, 7.6).

Each entry documents start, end, layers and what makes the quantity decidable; analyzer/timing*.py
measures them under these names. "End of a message" is the end of the stop bit of its last octet
(closing flag of HDLC, BCC of IEC 62056-21, 16h of M-Bus); "start" of an HDLC frame is the last 7E
before the format octet.
"""

import msgspec


class RuleInfo(msgspec.Struct, frozen=True):
    """kinds: which kinds of limit make sense, the usual one first. unit of a measurement: "ns",
    "count" or "percent". layers: what must be captured. decidable: what the capture must show."""

    kinds: tuple[str, ...]
    start: str
    end: str
    layers: tuple[str, ...]
    decidable: str
    unit: str = "ns"


_OCTET_TIMES = "octet time stamps, or one record an octet, with known uncertainty"
_FRAME_TIMES = "start and end of both frames, with known uncertainty"
_LINKS = ("hdlc", "mbus")
_SERIAL = ("hdlc", "mbus", "iec62056-21")
_APDU = ("xdlms",)

RULES: dict[str, RuleInfo] = {
    "link.inter-octet": RuleInfo(
        ("timeout", "delay"),
        "end of the stop bit of an octet inside a frame",
        "start bit of the next octet of the same frame; for a time-out: whether the receiver still took the frame",
        _LINKS,
        _OCTET_TIMES,
    ),
    "link.frame-gap": RuleInfo(
        ("delay", "timeout"),
        "end of a frame with P/F = 0",
        "start of the next frame of the same side",
        _LINKS,
        _FRAME_TIMES,
    ),
    "link.idle": RuleInfo(
        ("delay", "timeout"),
        "end of the last octet of a frame that stayed without answer",
        "start of the next frame of the same side",
        _LINKS,
        _FRAME_TIMES,
    ),
    "link.segment-gap": RuleInfo(
        ("delay",),
        "end of a segment of an APDU",
        "start of the next segment of the same APDU, of the same side and without an acknowledgement between",
        _LINKS,
        _FRAME_TIMES,
    ),
    "link.response": RuleInfo(
        ("delay",),
        "end of a frame that passes the turn (HDLC: P = 1)",
        "start of any frame from the other side, RR and RNR included",
        _LINKS,
        _FRAME_TIMES,
    ),
    "link.turn-around": RuleInfo(
        ("delay",),
        "end of the frame that gives the turn back (HDLC: F = 1 from the server)",
        "start of the next frame of the client",
        _LINKS,
        _FRAME_TIMES,
    ),
    "link.inactivity": RuleInfo(
        ("timeout", "delay"),
        "end of the last frame from the client on an open link; frames of the server do not restart it",
        "next frame of the client on this link, judged by the reaction: data or RR (alive), DM or silence (closed)",
        ("hdlc",),
        "a gap long enough, and the reaction after it",
    ),
    "link.set-up": RuleInfo(
        ("delay",),
        "end of the first SNRM of an attempt",
        "start of the UA (or DM)",
        ("hdlc",),
        _FRAME_TIMES,
    ),
    "link.retry-interval": RuleInfo(
        ("period", "delay"),
        "start of a frame that passes the turn",
        "start of its repetition, nothing from the other side between",
        _LINKS,
        _FRAME_TIMES,
    ),
    "link.retries": RuleInfo(
        ("count",),
        "first repetition of a frame",
        "answer, other frame, or end of the capture",
        _LINKS,
        "nothing lost between the frames",
        "count",
    ),
    "link.window-stall": RuleInfo(
        ("delay",),
        "end of the I frame that fills the window",
        "start of the frame that acknowledges it",
        ("hdlc",),
        _FRAME_TIMES,
    ),
    "app.response": RuleInfo(
        ("delay",),
        "end of the last attempt of the request (TCP: the segment that completes it in order)",
        "start of the first frame that carries the response APDU; RR, RNR and a bare TCP ACK are no response",
        _APDU,
        "request and response captured, with known uncertainty",
    ),
    "app.block-to-block": RuleInfo(
        ("delay",),
        "end of the request for the next block, or of the acknowledgement",
        "start of the first frame of the next block",
        _APDU,
        "both blocks captured",
    ),
    "app.association-set-up": RuleInfo(
        ("delay",),
        "end of the AARQ",
        "start of the AARE, or of the answer to the last step of a high level authentication",
        _APDU,
        "AARQ and AARE captured",
    ),
    "app.push-period": RuleInfo(
        ("period",),
        "start of a push",
        "start of the next push of the same list from the same server",
        _APDU,
        "two pushes of one list, nothing lost between",
    ),
    "app.push-jitter": RuleInfo(
        ("delay",),
        "start of a push, as the median period foretells it",
        "start of the push",
        _APDU,
        "three pushes of one list, nothing lost between",
    ),
    "app.push-offset": RuleInfo(
        ("delay",),
        "the round time (hour, minute, ten seconds) that the push itself states",
        "start of the push",
        _APDU,
        "a date-time in the push, and a capture clock known to follow the meter's",
    ),
    "app.push-randomisation": RuleInfo(
        ("delay",),
        "trigger of the push (single action schedule that the capture shows)",
        "start of the push",
        _APDU,
        "the trigger's time; seldom visible to a tap",
    ),
    "app.push-repetition": RuleInfo(
        ("period", "delay"),
        "end of a push that was not delivered",
        "start of the equal push after it",
        _APDU,
        "equal DataNotification bodies",
    ),
    "app.first-push": RuleInfo(
        ("delay",),
        "marker of the recorder that `when.marker` names, on any channel of the capture",
        "start of the first push after it, of each server",
        _APDU,
        "marker and push captured, the stamps of both channels from one clock, with known uncertainty",
    ),
    "app.first-response": RuleInfo(
        ("delay",),
        "marker of the recorder that `when.marker` names, on any channel of the capture",
        "start of the first response after it, of each server",
        _APDU,
        "marker and response captured, the stamps of both channels from one clock, with known uncertainty",
    ),
    "app.inactivity": RuleInfo(
        ("timeout", "delay"),
        "last APDU of an association",
        "next APDU of the client, judged by the reaction",
        _APDU,
        "a gap long enough, and the reaction after it",
    ),
    "app.session": RuleInfo(
        ("delay",),
        "start of the first frame of a session (sign-on, SNRM, SYN or AARQ)",
        "end of its last frame (UA after DISC, FIN, RLRE)",
        _APDU,
        "first and last frame captured",
    ),
    "tcp.connect": RuleInfo(("delay",), "SYN, first attempt", "SYN-ACK", ("tcp",), "handshake captured"),
    "tcp.keep-alive": RuleInfo(
        ("period",),
        "keep-alive segment",
        "next keep-alive segment of the same side, no data between",
        ("tcp",),
        "nothing lost between",
    ),
    "tcp.inactivity": RuleInfo(
        ("timeout", "delay"),
        "last segment with data from the client; pushes of the server do not restart it",
        "FIN or RST from the server, or its next answer (alive)",
        ("tcp",),
        "a gap long enough, and the reaction after it",
    ),
    "tcp.connections": RuleInfo(
        ("count",),
        "SYN-ACK of a server",
        "FIN or RST of the connection; connections open at one time are counted",
        ("tcp",),
        "handshakes captured",
        "count",
    ),
    "line.load": RuleInfo(
        ("count",),
        "start of a window",
        "end of the window: share of it during which the line was busy",
        _SERIAL,
        "baud rate known, or octet times",
        "percent",
    ),
    "line.duty-cycle": RuleInfo(
        ("count",),
        "start of a window",
        "end of the window: share of it during which one station sent",
        _SERIAL,
        "baud rate known, or octet times, and direction",
        "percent",
    ),
    "line.goodput": RuleInfo(
        ("count",),
        "start of a window",
        "end of the window: share of the octets that are APDU",
        ("hdlc", "mbus", "wrapper"),
        "nothing lost in the window",
        "percent",
    ),
    "line.collision": RuleInfo(
        ("count",),
        "start of an octet or frame of one side while the other side sends",
        "end of the overlap",
        _SERIAL,
        "one receiver a side, or octets damaged at a turn",
        "count",
    ),
    "signon.reaction": RuleInfo(
        ("delay",),
        "end of a sign-on message",
        "start of the answer to it",
        ("iec62056-21",),
        _FRAME_TIMES,
    ),
    "signon.inter-character": RuleInfo(
        ("delay", "timeout"),
        "end of a character of a sign-on or data message",
        "start of the next character of the same message",
        ("iec62056-21",),
        _OCTET_TIMES,
    ),
    "signon.baud-change": RuleInfo(
        ("delay",),
        "end of the acknowledgement or option select message at the old rate",
        "start of the first character at the new rate",
        ("iec62056-21",),
        "both rates decoded",
    ),
    "signon.set-up": RuleInfo(
        ("delay",),
        "start of the request message",
        "start of the first frame of the protocol that was signed on to, or of the data message",
        ("iec62056-21",),
        _FRAME_TIMES,
    ),
    "signon.inactivity": RuleInfo(
        ("timeout", "delay"),
        "end of the last message",
        "next message, judged by the reaction",
        ("iec62056-21",),
        "a gap long enough, and the reaction after it",
    ),
    "signon.wake-up": RuleInfo(
        ("delay",),
        "start of a wake-up message, a run of NUL characters",
        "its end",
        ("iec62056-21",),
        _OCTET_TIMES,
    ),
    "signon.wake-up-wait": RuleInfo(
        ("delay",),
        "end of a wake-up message",
        "start of the request message",
        ("iec62056-21",),
        _FRAME_TIMES,
    ),
    "signon.period": RuleInfo(
        ("period",),
        "start of a telegram that nobody asked for (mode D, P1)",
        "start of the next one",
        ("iec62056-21",),
        "two telegrams, nothing lost between",
    ),
    "radio.response-window": RuleInfo(
        ("delay",),
        "end of a radio frame of the meter",
        "start of the frame of the other device",
        ("wmbus",),
        _FRAME_TIMES,
    ),
    "radio.interval": RuleInfo(
        ("period",),
        "start of a radio frame of a meter",
        "start of the next frame of the same meter",
        ("wmbus",),
        "nothing lost between",
    ),
    "radio.access-cycle": RuleInfo(
        ("period",),
        "end of a response of the meter",
        "start of its next transmission in the same frequent access cycle",
        ("wmbus",),
        _FRAME_TIMES,
    ),
}

BANDWIDTH_RULES = {"line-load": "line.load", "duty-cycle": "line.duty-cycle", "goodput": "line.goodput"}
