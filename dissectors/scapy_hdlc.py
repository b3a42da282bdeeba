"""HDLC frames as scapy packets (IEC 62056-46): flags, format, addresses, control, check sequences, parameters.

Length, HCS and FCS are computed where None. The header check sequence is there where an information field is.
"""

from typing import Any

from scapy.fields import BitField, ByteEnumField, Field, PacketListField, XByteField
from scapy.packet import Packet, Raw

from dissectors.errors import UsageError
from dissectors.link import hdlc, llc
from dissectors.link.hdlc import CONTROLS, FLAG, PARAMETER_NAMES, Address, Control
from dissectors.link.hdlc import address as address_of
from dissectors.record import Direction
from dissectors.scapy_fields import Length, Part
from dissectors.scapy_xdlms import Xdlms

OCTETS = {control: octet for octet, control in enumerate(CONTROLS)}
NUMBERED = frozenset(control.kind for control in CONTROLS if control.ns >= 0)
ACKNOWLEDGING = frozenset(control.kind for control in CONTROLS if control.nr >= 0)
KINDS = frozenset(control.kind for control in CONTROLS)
CHECK_OCTETS = 2
WINDOWS = (0x07, 0x08)  # parameters that are written in four octets whatever their value
WINDOW_OCTETS = 4


class FlagField(Field[Any, bytes]):
    """A flag, None where the frame has none of its own (frames that share one)."""

    def __init__(self, name: str) -> None:
        super().__init__(name, FLAG, "B")

    def addfield(self, pkt: Packet, s: bytes, val: Any) -> bytes:
        return s if val is None else s + bytes((val,))

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, Any]:
        return (s[1:], FLAG) if s[:1] == bytes((FLAG,)) else (s, None)

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        return "none" if x is None else f"0x{x:02X}"


class AddressField(Field[Address, bytes]):
    """An address of one, two or four octets: a number, (upper, lower), (upper, lower, octets), or its octets."""

    def __init__(self, name: str, default: int) -> None:
        super().__init__(name, default)

    def any2i(self, pkt: Packet | None, x: Any) -> Address:
        if isinstance(x, Address):
            return x
        if isinstance(x, bytes):
            return address_of(x)
        parts = x if isinstance(x, tuple) else (x,)
        upper, lower, size = (*parts, *(-1, 0)[len(parts) - 1 :])[:3] if 0 < len(parts) < 4 else (-1, -1, 0)
        size = size or (1 if lower < 0 else 2 if max(upper, lower) < 0x80 else 4)
        limit = 1 << {1: 7, 2: 7, 4: 14}.get(size, 0)
        if not 0 <= upper < limit or not -1 <= lower < limit or (size > 1) != (lower >= 0):
            raise UsageError(
                f"{self.name} {x!r}: expected a client, or (upper, lower[, 2 or 4 octets]) of 7 bits, in 4 octets 14"
            )
        bits = limit.bit_length() - 1
        number = upper if lower < 0 else upper << bits | lower
        septets = [number >> 7 * place & 0x7F for place in reversed(range(size))]
        return address_of(bytes(septet << 1 | (place == size - 1) for place, septet in enumerate(septets)))

    def addfield(self, pkt: Packet, s: bytes, val: Any) -> bytes:
        return s + self.any2i(pkt, val).octets

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, Address]:
        size = next((n for n, octet in enumerate(s[:4], 1) if octet & 1), min(4, len(s)))
        return s[size:], address_of(s[:size])

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        found = self.any2i(pkt, x)
        return f"{found.upper}/{found.lower}" if found.lower >= 0 else str(found.upper)


class ControlPart(Field[Any, bytes]):
    """One meaning of the control octet, whose `last` part reads and writes it."""

    __slots__ = ["last"]

    def __init__(self, name: str, default: Any, last: bool = False) -> None:
        super().__init__(name, default)
        self.last = last

    def any2i(self, pkt: Packet | None, x: Any) -> Any:
        if self.name == "kind" and x not in KINDS:
            raise UsageError(f"kind {x!r}: expected one of {', '.join(sorted(k for k in KINDS if '-' not in k))}")
        return x

    def addfield(self, pkt: Packet, s: bytes, val: Any) -> bytes:
        return s + bytes((control_octet(pkt),)) if self.last else s

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, Any]:
        return s[self.last :], getattr(CONTROLS[s[0]], self.name)

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        return str(x)


def control_octet(pkt: Any) -> int:
    """The control field of a frame. UsageError: a kind or sequence number that cannot be."""
    ns = pkt.ns if pkt.kind in NUMBERED else -1
    nr = pkt.nr if pkt.kind in ACKNOWLEDGING else -1
    octet = OCTETS.get(Control(pkt.kind, ns, nr, bool(pkt.poll)))
    if octet is None:
        raise UsageError(f"{pkt.kind} with N(S) {ns}, N(R) {nr}: expected sequence numbers 0 to 7")
    return octet


class CheckField(Field[Any, bytes]):
    """A check sequence, computed where None; written by the frame, which alone knows where it stands."""

    def __init__(self, name: str) -> None:
        super().__init__(name, None, "<H")

    def addfield(self, pkt: Packet, s: bytes, val: Any) -> bytes:
        return s

    def i2repr(self, pkt: Packet | None, x: Any) -> str:
        return "computed" if x is None else f"0x{x:04X}"


class DlmsHdlc(Packet):
    """One frame. kind: I, RR, RNR, SNRM, UA, DISC, DM, FRMR, UI. ns, nr: for the kinds that have them.

    destination, source: a number is one octet, (upper, lower) two octets or, above 127, four."""

    name = "DLMS HDLC"
    __slots__ = ["after"]  # of a frame at hand: its information field, and what follows the frame
    fields_desc = [
        FlagField("opening"),
        BitField("type", hdlc.FORMAT_TYPE, 4),
        BitField("segmented", 0, 1),
        BitField("length", None, 11),
        AddressField("destination", 1),
        AddressField("source", 16),
        ControlPart("kind", "I"),
        ControlPart("ns", 0),
        ControlPart("nr", 0),
        ControlPart("poll", True, last=True),
        CheckField("hcs"),
        CheckField("fcs"),
        FlagField("closing"),
    ]

    def do_dissect(self, s: bytes) -> bytes:
        """Header fields in their order; then what the length tells about the end."""
        whole = s
        for field in self.fields_desc[: -len(("hcs", "fcs", "closing"))]:
            s, self.fields[field.name] = field.getfield(self, s)
        self.fields.update(hcs=None, fcs=None, closing=None)
        self.explicit = 1
        end = (self.fields["opening"] is not None) + self.fields["length"]
        header = len(whole) - len(s)
        information = s[: max(0, end - CHECK_OCTETS - header)]
        if end > len(whole) or end - CHECK_OCTETS < header or len(information) == 1:
            # cut, or of a length that cannot be: no check sequence can be told, the octets stay as they are
            self.raw_packet_cache, self.raw_packet_cache_fields = whole[:header], {}
            self.after = s, b""
            return s
        if information:
            self.fields["hcs"] = int.from_bytes(information[:CHECK_OCTETS], "little")
        self.fields["fcs"] = int.from_bytes(whole[end - CHECK_OCTETS : end], "little")
        rest, self.fields["closing"] = FlagField("closing").getfield(self, whole[end:])
        self.after = information[CHECK_OCTETS:], rest
        return s

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes | None]:
        return self.after

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        """Check sequences and closing flag; the length where it is None."""
        opening = self.opening is not None
        closing = self.closing is not None
        head = pkt[opening : len(pkt) - closing]
        if self.length is None:
            size = len(head) + len(pay) + CHECK_OCTETS * (2 if pay else 1)
            if size > hdlc.LENGTH_MASK:
                raise UsageError(f"a frame of {size} octets: expected at most {hdlc.LENGTH_MASK}, use segments")
            head = (int.from_bytes(head[:2], "big") | size).to_bytes(2, "big") + head[2:]
        frame = head
        if pay or self.hcs is not None:
            frame += _check(self.hcs, frame) + pay
        frame += _check(self.fcs, frame)
        return bytes((FLAG,)) * opening + frame + bytes((FLAG,)) * closing

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        inner = INNER.get(self.kind)
        if inner is not None:
            return inner if inner is not HdlcParameters or payload[:1] == b"\x81" else Raw
        return DlmsLlc if self.kind in ("I", "UI") and hdlc.is_llc(payload[:3]) else Raw

    def mysummary(self) -> str:
        numbers = [f"N(S) {self.ns}"] * (self.kind in NUMBERED) + [f"N(R) {self.nr}"] * (self.kind in ACKNOWLEDGING)
        return " ".join(("HDLC", self.kind, *numbers, *(["segmented"] if self.segmented else [])))


def _check(value: int | None, octets: bytes) -> bytes:
    return (hdlc.crc(octets) if value is None else value).to_bytes(CHECK_OCTETS, "little")


class UintField(Field[Any, bytes]):
    """The value of a parameter in as many octets as its `length` says; windows in four where it is not given."""

    def __init__(self, name: str) -> None:
        super().__init__(name, 0)

    def addfield(self, pkt: Packet, s: bytes, val: Any) -> bytes:
        return s + (val if isinstance(val, bytes) else val.to_bytes(value_octets(pkt), "big"))

    def getfield(self, pkt: Packet, s: bytes) -> tuple[bytes, Any]:
        size = int(pkt.getfieldval("length"))
        octets = s[:size]
        return s[size:], int.from_bytes(octets, "big") if 1 <= len(octets) <= WINDOW_OCTETS else octets


def value_octets(pkt: Any) -> int:
    """Octets of a parameter's value."""
    if isinstance(pkt.value, bytes):
        return len(pkt.value)
    if pkt.length is not None:
        return int(pkt.length)
    return WINDOW_OCTETS if pkt.identifier in WINDOWS else max(1, (pkt.value.bit_length() + 7) // 8)


class HdlcParameter(Part):
    name = "HDLC parameter"
    fields_desc = [
        ByteEnumField("identifier", 0x05, PARAMETER_NAMES),
        Length("length", value_octets),
        UintField("value"),
    ]


class HdlcParameters(Packet):
    """Information field of SNRM and UA; user data after the group is its payload."""

    name = "HDLC parameters"
    fields_desc = [
        XByteField("format_identifier", 0x81),
        XByteField("group_identifier", 0x80),
        Length("length", lambda pkt: sum(len(bytes(part)) for part in pkt.parameters)),
        PacketListField("parameters", [], HdlcParameter, length_from=lambda pkt: pkt.length),
    ]


class HdlcReject(Packet):
    """Information field of FRMR."""

    name = "HDLC frame reject"
    fields_desc = [
        XByteField("control", 0),
        BitField("vr", 0, 3),
        BitField("response", 0, 1),
        BitField("vs", 0, 3),
        BitField("zero", 0, 1),
        XByteField("reason", 0),
    ]

    def mysummary(self) -> str:
        return f"rejected {CONTROLS[self.control].kind}: {hdlc.reasons(self.reason)}"


INNER: dict[str, type[Packet]] = {"SNRM": HdlcParameters, "UA": HdlcParameters, "FRMR": HdlcReject}


class DlmsLlc(Packet):
    """LLC header, once in front of a complete APDU; in a segmented frame what follows it is only a piece."""

    name = "DLMS LLC"
    fields_desc = [
        ByteEnumField("destination", llc.EXPECTED[Direction.TO_SERVER], llc.DESTINATIONS),
        ByteEnumField("source", llc.EXPECTED[Direction.TO_SERVER], llc.SOURCES),
        XByteField("quality", 0),
    ]

    def guess_payload_class(self, payload: bytes) -> type[Packet]:
        return Raw if getattr(self.underlayer, "segmented", 0) else Xdlms
