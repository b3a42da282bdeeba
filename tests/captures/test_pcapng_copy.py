"""Chosen packets of a capture as a pcapng: the same records, with a person's comments; tshark reads it."""

import gzip
import io
import subprocess
from collections.abc import Container
from pathlib import Path

import pytest
from msgspec.structs import replace

from captures import linktype
from captures.pcap import PcapWriter
from captures.pcapng_copy import copy
from captures.pcapng_write import PcapngWriter
from captures.source import open_source
from dissectors.errors import UsageError
from dissectors.record import Channel, Record

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
T = 1_764_000_000_123_456_789
LOG = "2017-10-20 05:03:11.875 TX: 7E A0 07 03 21 93 0F 01 7E\n2017-10-20 05:03:11.890 RX: 7E A0 07 21 03 73 0F 01 7E\n"


EVERY = range(1, 1 << 30)


def read(spec: Path | str) -> tuple[list[Record], list[Channel]]:
    source = open_source(str(spec))
    try:
        return list(source), source.channels
    finally:
        source.close()


def copied(
    spec: Path | str, path: Path, wanted: Container[int] = EVERY, comments: dict[int, str] | None = None
) -> Path:
    with path.open("wb") as file:
        for _ in copy(str(spec), wanted, file, comments or {}):
            pass
    return path


def renumbered(records: list[Record]) -> list[Record]:
    return [replace(r, no=i) for i, r in enumerate(records, 1)]


@pytest.mark.parametrize("path", sorted(DEMO.glob("*.pcapng")), ids=lambda path: path.stem)
def test_a_copy_of_everything_is_the_same(path: Path, tmp_path: Path) -> None:
    made = copied(path, tmp_path / "a.pcapng")
    assert read(made) == read(path)


def test_some_packets(tmp_path: Path) -> None:
    path = DEMO / "hdlc-serial.pcapng"
    records, channels = read(path)
    made = copied(path, tmp_path / "a.pcapng", {3, 5, 9})
    assert read(made) == (renumbered([records[2], records[4], records[8]]), channels)


def test_comments_are_added_once(tmp_path: Path) -> None:
    path = copied(DEMO / "wrapper-tcp.pcapng", tmp_path / "a.pcapng", {2, 3}, {3: "look ü"})
    assert [r.comment for r in read(path)[0]] == [None, "look ü"]
    again = copied(path, tmp_path / "b.pcapng", {1, 2}, {1: "first", 2: "look ü"})
    assert [r.comment for r in read(again)[0]] == ["first", "look ü"]
    more = copied(again, tmp_path / "c.pcapng", {1, 2}, {2: "more"})
    assert [r.comment for r in read(more)[0]] == ["first", "more\nlook ü"]


def test_tshark_reads_it(tshark: str, tmp_path: Path) -> None:
    path = copied(DEMO / "wrapper-tcp.pcapng", tmp_path / "a.pcapng", {2, 3}, {3: "look"})
    fields = ["-T", "fields", "-e", "frame.number", "-e", "frame.len", "-e", "frame.comment"]
    done = subprocess.run([tshark, "-r", str(path), *fields], capture_output=True, text=True, check=True)
    records = read(DEMO / "wrapper-tcp.pcapng")[0]
    assert done.stdout.split("\n")[:2] == [f"1\t{len(records[1].octets)}\t", f"2\t{len(records[2].octets)}\tlook"]


@pytest.mark.parametrize("nanoseconds", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packed", [False, True])
def test_pcap(tmp_path: Path, nanoseconds: bool, order: str, packed: bool) -> None:
    """Of either resolution, with a packet cut by the snap length, and compressed."""
    out = io.BytesIO()
    writer = PcapWriter(out, linktype.ETHERNET, nanoseconds=nanoseconds, order=order)
    for i in range(4):
        writer.write(T + i, bytes(60 + i), 1514 if i == 2 else None)
    path = tmp_path / "a.pcap"
    path.write_bytes(gzip.compress(out.getvalue()) if packed else out.getvalue())
    records, channels = read(path)
    made = copied(path, tmp_path / "a.pcapng", {2, 3}, {3: "cut"})
    assert read(made) == (renumbered([records[1], replace(records[2], comment="cut")]), channels)


def test_other_byte_order_and_secrets(tmp_path: Path) -> None:
    """A big endian section: its comment is in its order; a block with decryption secrets stays behind."""

    def block(kind: int, body: bytes) -> bytes:
        total = (len(body) + 12).to_bytes(4, "big")
        return kind.to_bytes(4, "big") + total + body + total

    head = block(0x0A0D0D0A, b"\x1a\x2b\x3c\x4d\0\1\0\0" + (1000).to_bytes(8, "big"))
    interface = block(1, b"\0\1\0\0" + bytes(4))
    secrets = block(10, b"TLSK\0\0\0\4abcd")
    packet = block(6, b"".join(n.to_bytes(4, "big") for n in (0, 1, 2, 5, 5)) + b"12345\0\0\0")
    path = tmp_path / "a"
    path.write_bytes(head + interface + secrets + packet + packet)
    made = copied(path, tmp_path / "b", {2}, {2: "odd"})
    assert b"abcd" not in made.read_bytes()
    assert made.read_bytes()[16:24] == b"\xff" * 8  # the section's length is another now
    (record,), channels = read(made)
    assert (record.octets, record.comment, channels) == (b"12345", "odd", read(path)[1])


def test_a_damaged_file_ends_where_the_reader_ends(tmp_path: Path) -> None:
    whole = (DEMO / "wrapper-tcp.pcapng").read_bytes()
    for cut in (0, 7, 999):
        path = tmp_path / f"cut{cut}"
        path.write_bytes(whole[: len(whole) - cut] if cut else whole + b"\6\0\0\0\xff\xff\xff\xff" + bytes(40))
        assert read(copied(path, tmp_path / f"copy{cut}"))[0] == read(path)[0]


def test_a_log_becomes_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text(LOG, encoding="ascii")
    records, _ = read(path)
    found, channels = read(copied(path, tmp_path / "a.pcapng", comments={1: "here"}))
    assert [replace(r, comment=None) for r in found] == [replace(r, comment=None) for r in records]
    assert [r.comment for r in found] == ["here", None] and channels[0].link_type == linktype.RTAC_SERIAL


def test_a_log_without_a_clock_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("7E A0 07 03 21 93 0F 01 7E\n", encoding="ascii")
    with pytest.raises(UsageError, match="packet 1 has no time"):
        copied(path, tmp_path / "a.pcapng")


def test_microseconds_are_written_as_such(tmp_path: Path) -> None:
    out = io.BytesIO()
    writer = PcapngWriter(out)
    writer.packet(writer.interface(1, digits=6), T, b"x")
    path = tmp_path / "a"
    path.write_bytes(out.getvalue())
    (record,), channels = read(path)
    assert (record.first_ns, channels[0].resolution_ns) == (T // 1000 * 1000, 1000)
