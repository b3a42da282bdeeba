"""Captures for the benchmarks: UDP, TCP and HDLC traffic of many meters, the same octets from the same seed.

    python benchmarks/make_captures.py [--packets N] [--out FOLDER] [--kinds udp,tcp,hdlc] [--seed N]

udp-N.pcap    wrapper PDUs (IEC 62056-4-7) of METERS meters in turn, one a packet
tcp-N.pcap    the same in TCP connections: handshakes and ends, APDUs split over segments and several APDUs in
              one segment, acknowledgements, now and then a segment sent again
hdlc-N.pcap   HDLC frames (IEC 62056-46) of a multidrop line on LINKTYPE_USER0, one a record with its flags:
              SNRM, UA, I frames, segments and RR, DISC; every fourth meter takes 128 octets and must segment

Nothing is wrong in them but the segments sent again, which the analyzer and tshark both mark, as notes.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import islice
from pathlib import Path
from struct import Struct

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dialogue import SECOND, START, Meter, Turn
from fastcrc import crc16

from captures.pcap import PcapWriter

Packet = tuple[int, bytes]  # time in ns since 1970 UTC, octets
Call = Callable[[int], Turn]

PACKETS = 200_000
METERS = 50
SESSION = 120  # reads in one association
CLIENT, SERVER = 16, 1  # SAPs
PORT = 4059
MILLISECOND = 1_000_000
ETHERNET, USER0 = 1, 147
DEFAULT_OUT = Path("build/bench")


class Budget:
    """Packets still to be written: near the end no APDU is begun that would stay cut."""

    def __init__(self, packets: int) -> None:
        self.left = packets

    def ending(self) -> bool:
        return self.left < 8 * METERS


def answer(rng: random.Random) -> int:
    """What a meter takes to answer, in ns."""
    return rng.randrange(20, 180) * MILLISECOND + rng.randrange(1000) * 1000


def think(rng: random.Random) -> int:
    """What the reader takes to ask again, in ns."""
    return rng.randrange(5, 60) * MILLISECOND + rng.randrange(1000) * 1000


# -- packets ------------------------------------------------------------------------------------------------

IP_HEADER = Struct(">BBHHHBBH4s4s")
UDP_HEADER = Struct(">HHHH")
TCP_HEADER = Struct(">HHIIBBHHH")
WRAPPER = Struct(">HHHH")
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
UDP_PROTOCOL, TCP_PROTOCOL = 17, 6
SEQUENCE_MASK = 0xFFFFFFFF
STUN_OCTETS = 21  # tshark takes the first 21 octets of a response for a broken STUN message


def checksum(octets: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    if len(octets) & 1:
        octets += b"\0"
    total = sum(Struct(f">{len(octets) // 2}H").unpack(octets))
    total = (total & 0xFFFF) + (total >> 16)
    return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF


def wrapped(apdu: bytes, way: int) -> bytes:
    source, destination = (CLIENT, SERVER) if way == 0 else (SERVER, CLIENT)
    return WRAPPER.pack(1, source, destination, len(apdu)) + apdu


class Hosts:
    """The packets of one reader and one meter; way 0 goes to the meter, way 1 comes back."""

    def __init__(self, meter: int) -> None:
        reader, server = bytes((10, 0, 0, 1)), bytes((10, 0, 1 + (meter >> 8), meter & 0xFF))
        near, far = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"
        self.addresses = ((reader, server), (server, reader))
        self.ethernet = (far + near + b"\x08\0", near + far + b"\x08\0")
        self.identification = [meter * 997 & 0xFFFF, meter * 1009 & 0xFFFF]

    def packet(self, way: int, protocol: int, transport: bytes) -> bytes:
        source, destination = self.addresses[way]
        self.identification[way] = number = self.identification[way] + 1 & 0xFFFF
        parts = [0x45, 0, 20 + len(transport), number, 0x4000, 64, protocol, 0, source, destination]
        parts[7] = checksum(IP_HEADER.pack(*parts))
        return self.ethernet[way] + IP_HEADER.pack(*parts) + transport

    def summed(self, way: int, protocol: int, header: bytes, at: int, payload: bytes) -> bytes:
        """A transport header with its checksum at octet `at`, and the payload."""
        source, destination = self.addresses[way]
        size = len(header) + len(payload)
        pseudo = source + destination + bytes((0, protocol)) + size.to_bytes(2, "big")
        found = checksum(pseudo + header + payload) or 0xFFFF
        return self.packet(way, protocol, header[:at] + found.to_bytes(2, "big") + header[at + 2 :] + payload)

    def udp(self, way: int, ports: tuple[int, int], payload: bytes) -> bytes:
        header = UDP_HEADER.pack(ports[way], ports[1 - way], 8 + len(payload), 0)
        return self.summed(way, UDP_PROTOCOL, header, 6, payload)


# -- UDP ----------------------------------------------------------------------------------------------------


def udp(seed: int, budget: Budget) -> Iterator[Packet]:
    """Endless wrapper PDUs of all meters, in order of time."""
    return merge(*(udp_meter(seed, meter) for meter in range(METERS)))


def udp_meter(seed: int, number: int) -> Iterator[Packet]:
    meter, hosts = Meter(seed * 1000 + number), Hosts(number)
    now = START + number * 7 * MILLISECOND
    while True:
        for call in meter.session(SESSION):
            request, response = call(now)
            yield now, hosts.udp(0, (50000, PORT), wrapped(request, 0))
            now += answer(meter.random)
            yield now, hosts.udp(1, (50000, PORT), wrapped(response, 1))
            now += think(meter.random)


# -- TCP ----------------------------------------------------------------------------------------------------


class Connection:
    """One TCP connection: sequence and acknowledgement numbers of both ways are right."""

    def __init__(self, hosts: Hosts, port: int, rng: random.Random) -> None:
        self.hosts = hosts
        self.ports = (port, PORT)
        self.next = [rng.randrange(1 << 32), rng.randrange(1 << 32)]

    def segment(self, way: int, flags: int, payload: bytes = b"") -> bytes:
        made = self.header(way, flags, self.next[way], payload)
        self.next[way] = self.next[way] + len(payload) + (flags & SYN > 0) + (flags & FIN > 0) & SEQUENCE_MASK
        return made

    def header(self, way: int, flags: int, sequence: int, payload: bytes) -> bytes:
        acknowledged = self.next[1 - way] if flags & ACK else 0
        options = bytes.fromhex("020405B4") if flags & SYN else b""
        offset = 5 + len(options) // 4 << 4
        fixed = (self.ports[way], self.ports[1 - way], sequence, acknowledged, offset, flags, 64240, 0, 0)
        return self.hosts.summed(way, TCP_PROTOCOL, TCP_HEADER.pack(*fixed) + options, 16, payload)

    def open(self, now: int) -> list[Packet]:
        return [
            (now, self.segment(0, SYN)),
            (now + 8 * MILLISECOND, self.segment(1, SYN | ACK)),
            (now + 9 * MILLISECOND, self.segment(0, ACK)),
        ]

    def close(self, now: int) -> list[Packet]:
        return [
            (now, self.segment(0, FIN | ACK)),
            (now + 8 * MILLISECOND, self.segment(1, FIN | ACK)),
            (now + 9 * MILLISECOND, self.segment(0, ACK)),
        ]


def tcp(seed: int, budget: Budget) -> Iterator[Packet]:
    """Endless segments of all meters, in order of time."""
    return merge(*(tcp_meter(seed, meter, budget) for meter in range(METERS)))


def tcp_meter(seed: int, number: int, budget: Budget) -> Iterator[Packet]:
    meter, hosts = Meter(seed * 1000 + 500 + number), Hosts(number)
    now, port = START + number * 7 * MILLISECOND, 49152 + number * 13
    while True:
        connection = Connection(hosts, port, meter.random)
        packets = connection.open(now)
        for call in together(meter.session(SESSION), meter.random):
            now = packets[-1][0] + think(meter.random)
            whole = budget.ending()
            packets += exchange(connection, [one(now) for one in call], now, meter.random, whole)
            yield from packets[:-1]
            packets = packets[-1:]
        yield from packets
        now = packets[-1][0] + think(meter.random)
        packets = connection.close(now)
        yield from packets
        now, port = packets[-1][0] + SECOND, 49152 + (port - 49152 + 1) % 16000


def together(calls: list[Call], rng: random.Random) -> Iterator[list[Call]]:
    """One call at a time, now and then two reads at once: two invoke ids on their way."""
    at = 0
    while at < len(calls):
        size = 2 if 5 <= at < len(calls) - 2 and rng.random() < 0.1 else 1
        yield calls[at : at + size]
        at += size


def exchange(connection: Connection, turns: list[Turn], now: int, rng: random.Random, whole: bool) -> list[Packet]:
    """Requests in one segment, responses in one or split; some segments acknowledged alone, some sent again."""
    out = [(now, connection.segment(0, PSH | ACK, b"".join(wrapped(request, 0) for request, _ in turns)))]
    if rng.random() < 0.3:
        now += 2 * MILLISECOND
        out.append((now, connection.segment(1, ACK)))
    now += answer(rng)
    octets = b"".join(wrapped(response, 1) for _, response in turns)
    for part in [octets] if whole else split(octets, rng):
        sequence = connection.next[1]
        out.append((now, connection.segment(1, PSH | ACK, part)))
        if rng.random() < 0.003:  # its acknowledgement was lost on the way
            now += 300 * MILLISECOND
            out.append((now, connection.header(1, PSH | ACK, sequence, part)))
        now += MILLISECOND
    if rng.random() < 0.3:
        out.append((now, connection.segment(0, ACK)))
    return out


def split(octets: bytes, rng: random.Random) -> list[bytes]:
    """Whole in nine of ten, else cut in two anywhere, in a wrapper header too."""
    if rng.random() < 0.9:
        return [octets]
    at = rng.randrange(1, len(octets))
    if at == STUN_OCTETS:
        at += 1
    return [octets[:at], octets[at:]]


# -- HDLC ---------------------------------------------------------------------------------------------------

FLAG = b"\x7e"
SNRM, UA, DISC, RR, POLL = 0x83, 0x63, 0x43, 0x01, 0x10
COMMAND, RESPONSE = b"\xe6\xe6\x00", b"\xe6\xe7\x00"
SEGMENTED = 0x0800
LARGE, SMALL = 512, 128  # information field lengths
OCTET_NS = 10 * SECOND // 9600  # one start, eight data and one stop bit


def hdlc_address(lower: int) -> bytes:
    """Upper address 1, lower of one octet: the two-octet form (6.4.2.3)."""
    return bytes((SERVER << 1, lower << 1 | 1))


class Link:
    """One HDLC link on the line: addresses, sequence numbers, the largest information field."""

    def __init__(self, lower: int, information: int) -> None:
        server, client = hdlc_address(lower), bytes((CLIENT << 1 | 1,))
        self.head = (server + client, client + server)
        self.information = information
        self.sent = [0, 0]  # N(S) of the next frame of each way

    def frame(self, way: int, control: int, information: bytes = b"", segmented: bool = False) -> bytes:
        length = 2 + len(self.head[way]) + 1 + (2 + len(information) if information else 0) + 2
        out = (0xA000 | SEGMENTED * segmented | length).to_bytes(2, "big") + self.head[way] + bytes((control,))
        if information:
            out += crc16.ibm_sdlc(out).to_bytes(2, "little") + information
        return FLAG + out + crc16.ibm_sdlc(out).to_bytes(2, "little") + FLAG

    def send(self, way: int, apdu: bytes) -> list[tuple[int, bytes]]:
        """I frames of an APDU, and the other way's RR after each but the last segment."""
        octets = (RESPONSE if way else COMMAND) + apdu
        out = []
        for at in range(0, len(octets), self.information):
            more = at + self.information < len(octets)
            control = (self.sent[1 - way] << 5 | POLL | self.sent[way] << 1) & 0xFF
            out.append((way, self.frame(way, control, octets[at : at + self.information], more)))
            self.sent[way] = self.sent[way] + 1 & 7
            if more:
                out.append((1 - way, self.frame(1 - way, self.sent[way] << 5 | POLL | RR)))
        return out

    def parameters(self) -> bytes:
        """Information field of SNRM and UA: lengths, windows of one frame."""
        size = self.information.to_bytes(2, "big")
        values = b"\x05\x02" + size + b"\x06\x02" + size + b"\x07\x04\0\0\0\x01\x08\x04\0\0\0\x01"
        return b"\x81\x80" + bytes((len(values),)) + values

    def connect(self) -> list[tuple[int, bytes]]:
        self.sent = [0, 0]
        return [(0, self.frame(0, SNRM | POLL, self.parameters())), (1, self.frame(1, UA | POLL, self.parameters()))]

    def disconnect(self) -> list[tuple[int, bytes]]:
        return [(0, self.frame(0, DISC | POLL)), (1, self.frame(1, UA | POLL))]


def hdlc(seed: int, budget: Budget) -> Iterator[Packet]:
    """Endless frames of one line: the meters are read one after the other."""
    meters = [Meter(seed * 1000 + 900 + number) for number in range(METERS)]
    links = [Link(16 + number, SMALL if number % 4 == 3 else LARGE) for number in range(METERS)]
    rng = random.Random(seed)
    now = START
    while True:
        for meter, link in zip(meters, links):
            for step in session(meter, link):
                for way, frame in step(now):
                    yield now, frame
                    now += len(frame) * OCTET_NS + (think(rng) if way else answer(rng))


def session(meter: Meter, link: Link) -> Iterator[Callable[[int], list[tuple[int, bytes]]]]:
    """The steps of one link, each to be made with the time of its first frame."""
    yield lambda now: link.connect()
    for call in meter.session(SESSION, release=False):
        yield lambda now, call=call: talk(link, *call(now))  # type: ignore[misc]
    yield lambda now: link.disconnect()


def talk(link: Link, request: bytes, response: bytes) -> list[tuple[int, bytes]]:
    return link.send(0, request) + link.send(1, response)


# -- files --------------------------------------------------------------------------------------------------

KINDS: dict[str, tuple[int, Callable[[int, Budget], Iterator[Packet]]]] = {
    "udp": (ETHERNET, udp),
    "tcp": (ETHERNET, tcp),
    "hdlc": (USER0, hdlc),
}


def make(kind: str, packets: int, folder: Path = DEFAULT_OUT, seed: int = 1) -> Path:
    """The capture of a kind and size, written unless it is there."""
    link, source = KINDS[kind]
    path = folder / f"{kind}-{packets}{'' if seed == 1 else f'-seed{seed}'}.pcap"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            writer = PcapWriter(file, link, nanoseconds=False)
            budget = Budget(packets)
            for ns, octets in islice(source(seed, budget), packets):
                writer.write(ns, octets)
                budget.left -= 1
        part.replace(path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the captures of the benchmarks.")
    parser.add_argument("--packets", type=int, default=PACKETS)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    for kind in args.kinds.split(","):
        path = make(kind, args.packets, args.out, args.seed)
        print(f"{path}  {args.packets} packets  {path.stat().st_size:,} octets")


if __name__ == "__main__":
    main()
