"""What a tap's recording says beyond pcapng: custom options that other tools copy and skip.

Enterprise number 32473 (for documentation, RFC 5612; we have none of our own), then `csms`:

    of a packet:     version u8, flags u8, zero u16, octets' duration in ns u64, uncertainty in ns u64 (little endian)
    of an interface: `{`, the rest of a JSON object with the names of Wiring

flags: 1 the direction is not known (the RTAC header has no word for it); 2 nothing longer than the uncertainty lies
between two octets of the record; 4 the uncertainty is not known (a log's times, written as a recording).
"""

from struct import Struct as Pack

import msgspec

from dissectors.record import Value

ENTERPRISE = 32473
MAGIC = b"csms"
CUSTOM_CODES = (2988, 2989, 19372, 19373)
UNKNOWN_DIRECTION, TIMED, UNKNOWN_UNCERTAINTY = 1, 2, 4
_PACKET = Pack("<4sBBHQQ")
_HEAD = ENTERPRISE.to_bytes(4, "little"), ENTERPRISE.to_bytes(4, "big")


class Fine(Value, frozen=True, gc=False):
    """Fine times of one record: its first octet starts at the packet's stamp, its last ends duration_ns later; both
    may be up to uncertainty_ns earlier (0 where the flags say that it is not known)."""

    flags: int
    duration_ns: int
    uncertainty_ns: int


class Wiring(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a wire was tapped. line: name of the line whose wires form one conversation, "" where a wire is one.
    character_bits and stamp as Channel has them. profile: what the user said that it carries."""

    line: str = ""
    hears: str = ""  # "client", "server", "" both or not known
    profile: str = ""
    driver: str = ""
    character_bits: int = 10
    one_sided: bool = True
    calibration: str = ""


def pack_fine(fine: Fine) -> bytes:
    """The value of the packet's custom option, without its enterprise number."""
    return _PACKET.pack(MAGIC, 1, fine.flags, 0, fine.duration_ns, fine.uncertainty_ns)


def pack_wiring(wiring: Wiring) -> bytes:
    """The value of the interface's custom option, without its enterprise number."""
    return MAGIC + msgspec.json.encode(wiring)


def ours(value: bytes) -> bytes | None:
    """What stands behind enterprise number and `csms`, None for anybody else's custom option."""
    if value[:4] in _HEAD and value[4:8] == MAGIC:
        return value[8:]
    return None


def fine(value: bytes) -> Fine | None:
    """The Fine of a packet's custom option; None where it is not ours, not whole, or of a later version."""
    if ours(value) is None or len(value) < 4 + _PACKET.size:
        return None
    _, version, flags, _, duration, uncertainty = _PACKET.unpack_from(value, 4)
    if version != 1 or duration >= 1 << 62 or uncertainty >= 1 << 62:
        return None
    return Fine(flags, duration, uncertainty)


def wiring(value: bytes) -> Wiring | None:
    """The Wiring of an interface's custom option; None where it is not ours or not readable."""
    text = ours(value)
    if text is None:
        return None
    try:
        return msgspec.json.decode(text, type=Wiring)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
