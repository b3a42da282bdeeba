"""What flows from the wire to a complete APDU: Record, Frame, Pdu (the order of the stages).

    Source ─Record→ link framing ─Frame→ reassembly ─Pdu→ association (analyzer)

All times are integer nanoseconds since 1970-01-01 UTC, None where the capture has no clock.
An uncertainty of None is unknown: nothing that rests on it can be decided.
"""

from enum import IntEnum, IntFlag
from typing import Any

import msgspec

from dissectors.problem import Problem


class Value(msgspec.Struct, frozen=True, gc=False):
    """Base of everything that flows: immutable, compact, a tree."""


class Direction(IntEnum):
    """Who sent it, in COSEM terms; a tap on a two-wire line often cannot tell."""

    TO_SERVER = 0
    TO_CLIENT = 1
    UNKNOWN = 2


DIRECTION_NAMES = ("client-to-server", "server-to-client", "unknown")


class Flag(IntFlag):
    """What the capture says of one record."""

    TRUNCATED = 1  # the capture kept fewer octets than the wire had (snap length)
    CRC_ERROR = 2
    FRAMING_ERROR = 4
    PARITY_ERROR = 8
    BREAK = 16
    OVERRUN = 32
    LOSS = 64  # the capture itself says that data was lost before this record
    SENT = 128  # direction of a network interface, not of a meter: outbound
    RECEIVED = 256
    STATUS = 512  # a status record (modem lines, baud change): no octets of the line
    OCTET_TIMES = 1024  # the record holds one octet, or a burst stamped octet by octet


class Channel(Value, frozen=True, gc=False):
    """One capture interface, wire or log.

    stamp says what the time of a record is the time of: "packet" (a network packet; its end for
    most adapters), "start" or "end" of the record's octets on a serial line, "unknown".
    Where baud and stamp are known, captures/ has already spread first_ns and last_ns.
    one_sided: the stamp can only be late (a USB read), never early.
    """

    number: int
    name: str
    link_type: int  # LINKTYPE_ number of the tcpdump.org list
    resolution_ns: int = 1000
    baud: int = 0  # 0: not known
    character_bits: int = 10  # start, data, parity and stop bits of one character: 10 for 8N1 and 7E1, 11 for 8E1
    stamp: str = "packet"
    one_sided: bool = False
    description: str = ""
    assumed: tuple[str, ...] = ()  # what the user stated with --assume for this channel, as written
    profile: str = ""  # what the recording says that this wire carries; "": recognise it
    line: str = ""  # channels of one line are one conversation; "": by name
    calibration: str = ""  # what calibrating its tap found: cited by verdicts
    swap: bool = False  # the user says that the directions are the other way round


class Record(Value, frozen=True, gc=False):
    """One packet, or one run of octets of a serial line, as the capture holds it.

    no is Wireshark's frame.number: every packet of the file counts, from 1.
    The true time of an octet lies within uncertainty_ns of its stamp.
    """

    no: int
    channel: int
    direction: int
    first_ns: int | None
    last_ns: int | None
    uncertainty_ns: int | None
    octets: bytes
    flags: int = 0
    lost: int = 0  # octets known to be lost before it
    comment: str | None = None


class Path(Value, frozen=True, gc=False):
    """One way along one conversation. The way back is another Path with the same number.

    transport: "tcp", "udp", "serial" or "exported". source and destination are "host:port" texts
    ("[v6]:port"), None on a serial line. number counts conversations of a capture from 0.
    """

    number: int
    transport: str
    source: str | None = None
    destination: str | None = None


class Frame(Value, frozen=True, gc=False):
    """A row of the packet list. Every captured octet ends in exactly one: carrier + octets.

    layer: "hdlc", "wrapper", "tcp", "udp", "ip", "line", "noise", "other", …
    kind: HDLC "I" "RR" "RNR" "SNRM" "DISC" "UA" "DM" "FRMR" "UI" "unknown-0x…"; "wrapper";
    "tcp.syn" "tcp.fin" "tcp.rst" "tcp.ack" "tcp.retransmission" "tcp.gap" "tcp.keep-alive";
    "ip.fragment"; "other"; "noise"; of layer "line" "status" "marker" "echo" "glitch" "collision".
    octets: the protocol unit itself (for HDLC with its flags where it has its own, for a packet that
    carries none the whole packet). carrier: what the packets hold around it (Ethernet, IP, TCP).
    payload: what reassembly joins (HDLC information field, wrapper's APDU); b"" where none, and
    b"" for a frame that must not be believed (bad check sequence).
    source, destination: SAPs (HDLC upper address, wPort), -1 without. physical: HDLC lower
    address of the server, -1 without. gap_ns: largest pause between octets inside the frame, None
    where the capture cannot show it. value: the link layer's own value (Hdlc, Wrapper) or None.
    """

    no: int
    records: tuple[int, ...]
    channel: int
    path: Path
    profile: str
    direction: int
    first_ns: int | None
    last_ns: int | None
    uncertainty_ns: int | None
    layer: str
    kind: str
    source: int
    destination: int
    octets: bytes
    carrier: bytes = b""
    payload: bytes = b""
    value: Any = None
    problems: tuple[Problem, ...] = ()
    physical: int = -1
    gap_ns: int | None = None


class Pdu(Value, frozen=True, gc=False):
    """A complete APDU after link reassembly, or a link event that ends or opens associations.

    event: "" for an APDU; "link-up" (UA after SNRM), "link-down" (DISC answered, DM, FRMR, TCP FIN
    or RST; octets empty), "gap" (octets were lost: no turn on this path can be trusted across it),
    "poll" is never a Pdu.
    confirmed: carried in a way that expects an answer (HDLC I frame, TCP, UDP): False for UI.
    attempts: how often the octets went over the line (1 plus link retransmissions seen).
    first_attempt_ns, last_attempt_ns: end of the first and the last attempt, None where there was one
    (then last_ns is it).
    link_response_ns: for the first Pdu after the other side's poll: from the end of the last frame
    with P = 1 to the start of the first frame of this side (RR and RNR included), None if not seen.
    polls: RR and RNR frames of the other side seen while waiting for it. line_ns: sum of the
    durations of its frames on the line. capture order is the order of completion.
    """

    frames: tuple[int, ...]
    channel: int
    path: Path
    profile: str
    direction: int
    first_ns: int | None
    last_ns: int | None
    uncertainty_ns: int | None
    client: int
    server: int
    octets: bytes
    problems: tuple[Problem, ...] = ()
    physical: int = -1
    confirmed: bool = True
    event: str = ""
    attempts: int = 1
    first_attempt_ns: int | None = None
    last_attempt_ns: int | None = None
    link_response_ns: int | None = None
    polls: int = 0
    line_ns: int = 0

    @property
    def asked_ns(self) -> int | None:
        """End of its last attempt: what a response is measured from."""
        return self.last_ns if self.last_attempt_ns is None else self.last_attempt_ns
