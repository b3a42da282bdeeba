"""Encoder of HDLC frames for tests: octets from address values, kind and information."""

from fastcrc import crc16

CONTROL = {"SNRM": 0x83, "DISC": 0x43, "UA": 0x63, "DM": 0x0F, "FRMR": 0x87, "UI": 0x03}
SUPERVISORY = {"RR": 0x01, "RNR": 0x05, "REJ": 0x09, "SREJ": 0x0D}
CLIENT = 16
SERVER = (1, 17, 4)  # upper, lower, octets
COMMAND, RESPONSE = b"\xe6\xe6\x00", b"\xe6\xe7\x00"
FLAG = b"\x7e"


def check(octets: bytes) -> bytes:
    """CRC-16/X-25 as it goes over the line."""
    return crc16.ibm_sdlc(octets).to_bytes(2, "little")


def address(upper: int, lower: int = 0, octets: int = 1) -> bytes:
    """One, two or four octets; the last has its extension bit set."""
    if octets == 1:
        values = [upper]
    elif octets == 2:
        values = [upper, lower]
    else:
        values = [upper >> 7, upper & 0x7F, lower >> 7, lower & 0x7F]
    return bytes([value << 1 for value in values[:-1]] + [values[-1] << 1 | 1])


def control(kind: str, ns: int = 0, nr: int = 0, poll: bool = True) -> int:
    bit = 0x10 if poll else 0
    if kind == "I":
        return nr << 5 | bit | ns << 1
    if kind in SUPERVISORY:
        return nr << 5 | bit | SUPERVISORY[kind]
    return CONTROL[kind] | bit


def body(destination: bytes, source: bytes, octet: int, info: bytes = b"", segmented: bool = False) -> bytes:
    """A frame without flags."""
    header = destination + source + bytes([octet])
    length = 2 + len(header) + (2 + len(info) if info else 0) + 2
    out = (0xA000 | segmented << 11 | length).to_bytes(2, "big") + header
    if info:
        out += check(out) + info
    return out + check(out)


def frame(
    kind: str,
    up: bool = True,
    info: bytes = b"",
    ns: int = 0,
    nr: int = 0,
    poll: bool = True,
    segmented: bool = False,
    client: int = CLIENT,
    server: tuple[int, int, int] = SERVER,
) -> bytes:
    """A frame with its flags. up: from the client."""
    there, here = address(*server), address(client)
    destination, source = (there, here) if up else (here, there)
    return FLAG + body(destination, source, control(kind, ns, nr, poll), info, segmented) + FLAG


def parameters(info_tx: int = 128, info_rx: int = 128, window_tx: int = 1, window_rx: int = 1) -> bytes:
    """Information field of SNRM and UA."""
    values = b"\x05\x02" + info_tx.to_bytes(2, "big") + b"\x06\x02" + info_rx.to_bytes(2, "big")
    values += b"\x07\x04" + window_tx.to_bytes(4, "big") + b"\x08\x04" + window_rx.to_bytes(4, "big")
    return b"\x81\x80" + bytes([len(values)]) + values
