"""The same packets read by tshark: addresses, ports, sequence numbers, lengths, retransmissions."""

import struct
import subprocess
from pathlib import Path

import pytest
from encode.packets import SAMPLES
from scapy.layers.inet import IP, TCP, UDP, fragment
from scapy.packet import Raw

from dissectors.link.packets import Packets
from dissectors.link.stream import ACK, Event, Half


def write(path: Path, link_type: int, packets: list[bytes]) -> Path:
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type)
    for no, octets in enumerate(packets):
        out += struct.pack("<IIII", 1_700_000_000, no * 1000, len(octets), len(octets)) + octets
    path.write_bytes(out)
    return path


def fields(tshark: str, path: Path, *names: str) -> list[list[str]]:
    """One row a packet, the last occurrence of each field (the innermost header)."""
    command = [tshark, "-r", str(path), "-T", "fields", "-E", "occurrence=l", "-E", "separator=|"]
    for name in names:
        command += ["-e", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split("|") for line in done.stdout.splitlines()]


LINKS = sorted({link for link, _ in SAMPLES.values()})


@pytest.mark.parametrize("link_type", LINKS)
def test_samples(tshark: str, tmp_path: Path, link_type: int) -> None:
    packets = [octets for link, octets in SAMPLES.values() if link == link_type]
    names = ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport", "tcp.srcport", "tcp.dstport",
             "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "udp.length", "frame.protocols")  # fmt: skip
    rows = fields(tshark, write(tmp_path / "samples.pcap", link_type, packets), *names)
    assert len(rows) == len(packets)
    for octets, row in zip(packets, rows, strict=True):
        there = dict(zip(names, row, strict=True))
        ours = Packets().unwrap(octets, link_type, 1, 0)
        protocols = there["frame.protocols"].split(":")
        version = [name for name in protocols if name in ("ip", "ipv6")][-1]
        assert (ours.source, ours.destination) == (there[f"{version}.src"], there[f"{version}.dst"])
        transport = ours.transport
        assert transport in protocols
        assert str(ours.source_port) == there[f"{transport}.srcport"]
        assert str(ours.destination_port) == there[f"{transport}.dstport"]
        if transport == "tcp":
            assert [str(ours.sequence), str(ours.acknowledgement), str(len(ours.payload))] == [
                there["tcp.seq_raw"],
                there["tcp.ack_raw"],
                there["tcp.len"],
            ]
        else:
            assert str(len(ours.payload) + 8) == there["udp.length"]


def test_reassembly(tshark: str, tmp_path: Path) -> None:
    payload = bytes(i * 3 & 255 for i in range(4000))
    made = [
        bytes(p)
        for p in fragment(IP(src="192.0.2.1", dst="192.0.2.2", id=9) / UDP(sport=7, dport=8) / Raw(payload), 800)
    ]
    order = [made[1], made[0], *made[2:]]
    rows = fields(tshark, write(tmp_path / "fragments.pcap", 101, order), "udp.payload", "udp.dstport")
    reader = Packets()
    ours = [reader.unwrap(octets, 101, no, no) for no, octets in enumerate(order)]
    assert [not p.waits for p in ours] == [row[1] != "" for row in rows]
    assert rows[-1][0] == ours[-1].payload.hex() == payload.hex()


def test_stream(tshark: str, tmp_path: Path) -> None:
    """A retransmission, a segment out of order and a keep-alive as tshark's analysis names them, and its
    reassembled stream."""
    octets = bytes(i * 11 & 255 for i in range(600))
    steps = [(0, 100), (100, 200), (100, 200), (300, 400), (200, 300), (400, 600), (599, 600)]

    def segment(sequence: int, flags: str, payload: bytes = b"") -> bytes:
        return bytes(
            IP(src="192.0.2.1", dst="192.0.2.2")
            / TCP(sport=5000, dport=40000, seq=sequence, ack=1, flags=flags)
            / Raw(payload)
        )

    isn = 0xFFFFFF00
    packets = [segment(isn, "S")] + [segment((isn + 1 + a) & 0xFFFFFFFF, "A", octets[a:b]) for a, b in steps]
    path = write(tmp_path / "stream.pcap", 101, packets)
    names = ("tcp.len", "tcp.analysis.retransmission", "tcp.analysis.out_of_order", "tcp.analysis.keep_alive")
    rows = fields(tshark, path, *names)
    half, reader = Half(), Packets()
    stream = b""
    seen: list[list[str]] = []
    for no, packet in enumerate(packets):
        read = reader.unwrap(packet, 101, no, no)
        assert str(len(read.payload)) == rows[no][0]
        events = half.feed(read.sequence, read.flags, read.payload, no)
        events = [Event("deliver", read.payload, no)] if events is None else events
        stream += b"".join(e.octets for e in events if e.kind == "deliver")
        seen.append([p.kind.code for e in events if e.token == no for p in e.problems])
    assert stream == octets and read.flags == ACK
    ours = [bool({"tcp.retransmission", "tcp.keep-alive"} & set(codes)) for codes in seen]
    theirs = [row[1] != "" or row[3] != "" for row in rows]
    # the late segment 200 to 300 is new to us; tshark guesses by time whether it was sent twice
    late = 1 + steps.index((200, 300))
    assert not ours[late] and (theirs[late] or rows[late][2])
    assert ours[:late] + ours[late + 1 :] == theirs[:late] + theirs[late + 1 :]
    assert [row[3] != "" for row in rows] == ["tcp.keep-alive" in s for s in seen]
    command = [tshark, "-r", str(path), "-q", "-z", "follow,tcp,raw,0"]
    followed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line for line in followed.splitlines() if line and not set(line) - set("0123456789abcdef")]
    assert "".join(lines) == octets.hex()
