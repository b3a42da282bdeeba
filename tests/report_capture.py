"""A small capture for the report tests: one client, one server, UDP, with hostile texts in its values."""

from pathlib import Path

from encode import acse, xdlms
from encode.wrapper import pdu

from captures.pcap import PcapWriter
from dissectors.data_types import Data

T0 = 1_700_000_000_000_000_000
MS = 1_000_000
RAW_IP = 101
MARKUP = '<script>alert(1)</script>"&amp;'
FORMULA = '=HYPERLINK("http://evil.invalid","x")'
CONTROL = "\x1b[2J\r\n\x07red"
HOSTILE = {"0000600000FF": MARKUP, "0000600001FF": FORMULA, "0000600002FF": CONTROL, "0000600003FF": "+1-1@"}


def packet(octets: bytes, up: bool) -> bytes:
    """An IPv4 packet with a UDP datagram between 10.0.0.1:5000 and 10.0.0.2:4059."""
    ends = [(bytes((10, 0, 0, 1)), 5000), (bytes((10, 0, 0, 2)), 4059)]
    (source, source_port), (target, target_port) = ends if up else reversed(ends)
    udp = b"".join(n.to_bytes(2, "big") for n in (source_port, target_port, 8 + len(octets), 0)) + octets
    head = bytes((0x45, 0)) + (20 + len(udp)).to_bytes(2, "big") + bytes((0, 0, 0, 0, 64, 17, 0, 0)) + source + target
    return head + udp


def script(repeat: int = 1) -> list[tuple[int, bool, bytes]]:
    """(ms after the start, to the server, APDU): an association, reads with hostile answers, one denied, one
    notification, one that nothing answers."""
    out = [(0, True, acse.aarq()), (20, False, acse.aare())]
    at = 100
    for _ in range(repeat):
        for number, (obis, text) in enumerate(HOSTILE.items()):
            target = xdlms.attribute(1, bytes.fromhex(obis), 2)
            out.append((at, True, xdlms.get_request_normal(0xC1, target)))
            value = Data("visible-string", text)
            out.append((at + 5 + number, False, xdlms.get_response_normal(0xC1, value)))
            at += 100
    out.append((at, True, xdlms.get_request_normal(0xC1, xdlms.attribute())))
    out.append((at + 300, False, xdlms.get_response_normal(0xC1, 3)))
    out.append((at + 400, False, xdlms.data_notification(7, b"", Data("long-unsigned", 230))))
    out.append((at + 500, True, xdlms.get_request_normal(0xC1, xdlms.attribute(8))))
    out.append((at + 900, False, xdlms.data_notification(8, b"", Data("long-unsigned", 231))))
    return out


def capture(path: Path, repeat: int = 1) -> Path:
    """Writes the capture."""
    with path.open("wb") as file:
        writer = PcapWriter(file, RAW_IP)
        for ms, up, apdu in script(repeat):
            octets = pdu(apdu, 16, 1) if up else pdu(apdu, 1, 16)
            writer.write(T0 + ms * MS, packet(octets, up))
    return path


def empty(path: Path) -> Path:
    """A capture whose one packet is none of ours."""
    with path.open("wb") as file:
        PcapWriter(file, RAW_IP).write(T0, packet(b"nothing of ours", True))
    return path
