"""Frame rows against tshark: packet numbers, exact times, endpoints, lengths and TCP retransmissions.

tshark 4.0 has no dissector of DLMS/COSEM, so only what lies below is compared.
"""

import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from encode import plain
from traffic import CLIENT, SERVER, Dialogue, Sent, framed, hosts, ports, tcp_packets, udp_packets, wrapped

import analyzer
from captures.pcap import PcapWriter
from dissectors.record import Frame

START_NS = 1_700_000_000_123_456_789
FIELDS = (
    "frame.number", "frame.time_epoch", "frame.len", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport",
    "udp.dstport", "udp.length", "tcp.srcport", "tcp.dstport", "tcp.len", "tcp.analysis.retransmission",
    "tcp.analysis.fast_retransmission", "tcp.analysis.spurious_retransmission", "tcp.analysis.keep_alive",
)  # fmt: skip
REPEATED = ("tcp.analysis.retransmission", "tcp.analysis.fast_retransmission", "tcp.analysis.spurious_retransmission")


def theirs(tshark: str, path: Path) -> list[dict[str, str]]:
    """One row a packet."""
    words = [w for name in FIELDS for w in ("-e", name)]
    options = ["-o", "tcp.check_checksum:FALSE", "-o", "ip.defragment:FALSE"]
    done = subprocess.run(
        [tshark, "-n", "-r", str(path), *options, "-T", "fields", *words], capture_output=True, check=True, text=True
    )
    return [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in done.stdout.splitlines()]


def ours(path: Path) -> dict[int, list[Frame]]:
    """Packet number -> the frames that it is part of."""
    a = analyzer.open(str(path))
    found: dict[int, list[Frame]] = defaultdict(list)
    for no in range(1, len(a.frames) + 1):
        frame = a.frame(no)
        for record in frame.records:
            found[record].append(frame)
    return found


def nanoseconds(epoch: str) -> int:
    seconds, _, rest = epoch.partition(".")
    return int(seconds) * 1_000_000_000 + int(rest.ljust(9, "0"))


def compare(tshark: str, path: Path) -> list[str]:
    """What does not agree. Times and endpoints are those of the frames that begin in the packet."""
    frames = ours(path)
    rows = theirs(tshark, path)
    wrong: list[str] = []
    lengths: dict[int, int] = defaultdict(int)
    for no, mine in frames.items():
        for f in mine:
            if len(f.records) == 1:
                lengths[no] += len(f.octets) + len(f.carrier)
    if sorted(frames) != [int(row["frame.number"]) for row in rows]:
        wrong.append("not the same packets")
    for row in rows:
        no = int(row["frame.number"])
        mine = frames.get(no, [])
        alone = all(len(f.records) == 1 for f in mine)
        first = [f for f in mine if f.records[0] == no]
        if alone and lengths[no] != int(row["frame.len"]):
            wrong.append(f"packet {no}: {lengths[no]} octets, tshark {row['frame.len']}")
        when = nanoseconds(row["frame.time_epoch"])
        wrong += [
            f"packet {no}: time {f.first_ns}, tshark {row['frame.time_epoch']}" for f in first if f.first_ns != when
        ]
        source, destination = ends(row)
        told = {(f.path.source, f.path.destination) for f in mine if source and f.path.source}
        wrong += [f"packet {no}: {pair}, tshark {source} → {destination}" for pair in told - {(source, destination)}]
        if row["udp.length"] and alone and "," not in row["udp.length"]:
            size = sum(len(f.octets) for f in mine if f.layer != "other" and f.kind != "ip.fragment")
            if mine and mine[0].layer in ("hdlc", "wrapper") and size != int(row["udp.length"]) - 8:
                wrong.append(f"packet {no}: UDP carries {size}, tshark {row['udp.length']} with its header")
        again = any(row[name] for name in REPEATED)
        marked = any(f.kind == "tcp.retransmission" for f in mine)
        if again != marked:
            wrong.append(f"packet {no}: retransmission {marked} ({[f.kind for f in mine]}), tshark {again}")
    return wrong


def ends(row: dict[str, str]) -> tuple[str, str]:
    protocol = "udp" if row["udp.srcport"] else "tcp"
    if not row[f"{protocol}.srcport"] or "," in row["ip.src"] + row[f"{protocol}.srcport"]:
        return "", ""
    out = []
    for end, port in (("src", "srcport"), ("dst", "dstport")):
        host = row[f"ip.{end}"] or f"[{row[f'ipv6.{end}']}]"
        out.append(f"{host}:{row[f'{protocol}.{port}']}")
    return out[0], out[1]


def written(path: Path, packets: list[bytes]) -> Path:
    with path.open("wb") as file:
        writer = PcapWriter(file, 1)
        for i, octets in enumerate(packets):
            writer.write(START_NS + i * 40_000_001, octets)
    return path


def udp6(s: Sent) -> bytes:
    way = ("2001:db8::1", "2001:db8::2") if s.up else ("2001:db8::2", "2001:db8::1")
    return plain.packet(17, plain.udp(s.octets, ports(s.up), way), way)


def tcp6(s: Sent, sequence: int, ack: int) -> bytes:
    way = ("2001:db8::1", "2001:db8::2") if s.up else ("2001:db8::2", "2001:db8::1")
    return plain.packet(6, plain.tcp(s.octets, ports(s.up), way, sequence, ack), way)


def merged_and_split() -> list[bytes]:
    """Two PDUs in a segment, a PDU in three segments."""
    units = wrapped()
    d = Dialogue()
    for s in units:
        if s.up:
            for part in (s.octets[:5], s.octets[5:9], s.octets[9:]):
                d.say(True, part)
        else:
            d.say(False, s.octets)
    d.say(True, units[0].octets + units[2].octets)
    d.say(False, units[1].octets + units[3].octets)
    return d.packets


def repeated() -> list[bytes]:
    """Retransmitted after 40 ms and more, each once, before and after its acknowledgement."""
    d = Dialogue()
    for i, s in enumerate(wrapped()):
        sequence = d.sequence[s.up]
        d.say(s.up, s.octets)
        if i % 3 == 0:
            d.packets += [d.segment(s.up, s.octets, sequence)] * (1 + i % 2)
    return d.packets


def fragments() -> list[bytes]:
    out: list[bytes] = []
    for i, s in enumerate(wrapped()):
        segment = plain.udp(s.octets, ports(s.up), hosts(s.up))
        cut = 16
        for fragment, part in ((0x2000, segment[:cut]), (cut // 8, segment[cut:])):
            out.append(plain.packet(17, part, hosts(s.up), ident=100 + i, fragment=fragment))
    return out


def six() -> list[bytes]:
    out = [udp6(s) for s in wrapped()]
    sequence = {True: 100, False: 9000}
    for s in wrapped():
        out.append(tcp6(s, sequence[s.up], sequence[not s.up]))
        sequence[s.up] += len(s.octets)
    return out


MADE: dict[str, Any] = {
    "udp": lambda: udp_packets(wrapped()),
    "udp-hdlc": lambda: udp_packets(framed()),
    "vlan": lambda: udp_packets(wrapped(), vlan=100),
    "tcp": lambda: tcp_packets(wrapped()),
    "tcp-hdlc": lambda: tcp_packets(framed()),
    "merged and split": merged_and_split,
    "repeated": repeated,
    "fragments": fragments,
    "IPv6": six,
}


@pytest.mark.parametrize("name", MADE)
def test_made_captures(name: str, tshark: str, tmp_path: Path) -> None:
    path = written(tmp_path / "made.pcap", MADE[name]())
    assert compare(tshark, path) == []


def test_our_packets_are_right(tshark: str, tmp_path: Path) -> None:
    """No checksum or length of the packets that the tests make is wrong in the eyes of tshark."""
    path = written(tmp_path / "made.pcap", [p for name in MADE if name != "repeated" for p in MADE[name]()])
    options = [w for name in ("ip", "udp", "tcp") for w in ("-o", f"{name}.check_checksum:TRUE")]
    wrong = "_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0 || tcp.checksum.status == 0"
    done = subprocess.run(
        [tshark, "-n", "-r", str(path), *options, "-Y", wrong], capture_output=True, check=True, text=True
    )
    assert done.stdout == ""


def test_reordered_segments_keep_their_packets(tshark: str, tmp_path: Path) -> None:
    """A frame that waited for an earlier segment names both packets, as tshark's reassembly does."""
    d = Dialogue()
    for s in wrapped():
        first = d.segment(s.up, s.octets[:6], d.sequence[s.up])
        second = d.segment(s.up, s.octets[6:], d.sequence[s.up] + 6)
        d.packets += [second, first]
        d.sequence[s.up] += len(s.octets)
    path = written(tmp_path / "reordered.pcap", d.packets)
    rows = theirs(tshark, path)
    frames = ours(path)
    assert len(rows) == len(d.packets)
    assert sorted(frames) == list(range(1, len(rows) + 1))
    wrappers = {f.no: f for mine in frames.values() for f in mine if f.layer == "wrapper"}
    assert [len(f.records) for f in wrappers.values()] == [2] * len(wrapped())
    assert {(CLIENT in str(f.path.source)) for f in wrappers.values()} == {True, False}
    assert SERVER in str(wrappers[min(wrappers)].path.destination)


def test_captures_of_the_corpus(tshark: str, corpus: Path) -> None:
    wrong = []
    for path in sorted(corpus.glob("pcap-*/*.pcap*")):
        if path.parent.name != "pcap-exported-pdu":  # its endpoints are tags of the export
            wrong += [f"{path.name} {words}" for words in compare(tshark, path)]
    assert wrong == []
