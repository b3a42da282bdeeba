"""What every Source must do, run on one capture of each kind."""

import gzip
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from captures.assume import parse
from captures.source import open_source
from dissectors.errors import CaptureError
from dissectors.record import Direction

LOG = "05:03:11 TX:\t7E A0 07 03 21 93 0F 01 7E\n05:03:12 RX:\t7E A0 07 21 03 73 0F 01 7E\n"
RAW = bytes.fromhex("7ea0070321930f017e") * 3


@pytest.fixture(params=["pcap", "pcapng", "hexlog", "octets", "pcap.gz", "pcapng.gz", "hexlog.gz", "tshark"])
def spec(request: pytest.FixtureRequest, tmp_path: Path, pcap: Path, pcapng: Path) -> str:
    name, _, packed = request.param.partition(".")
    if name == "tshark":
        request.getfixturevalue("tshark")
        return f"tshark:{pcapng}"
    made = {"pcap": pcap, "pcapng": pcapng}.get(name) or tmp_path / f"made.{name}"
    if name == "hexlog":
        made.write_text(LOG)
    elif name == "octets":
        made.write_bytes(RAW)
    if packed:
        path = tmp_path / "no-ending-tells"
        path.write_bytes(gzip.compress(made.read_bytes()))
        return str(path)
    return str(made)


def test_records_belong_to_channels_and_count_up(spec, read):
    records, source = read(spec)
    assert records
    assert [r.no for r in records] == list(range(1, len(records) + 1))
    assert {r.channel for r in records} <= {c.number for c in source.channels}
    assert [c.number for c in source.channels] == list(range(len(source.channels)))
    assert source.cut is None
    assert source.kind in ("pcap", "pcapng", "hexlog", "octets", "tshark")
    assert source.octets_read > 0
    assert source.size is None or source.size == source.octets_read


def test_channels_are_there_with_the_record(spec):
    source = open_source(spec)
    for record in source:
        assert source.channels[record.channel].number == record.channel
    source.close()


def test_times_are_ordered_inside_a_record(spec, read):
    for record in read(spec)[0]:
        assert (record.first_ns is None) == (record.last_ns is None)
        if record.first_ns is not None:
            assert record.first_ns <= record.last_ns
        assert isinstance(record.octets, bytes)


def test_close_ends_the_iteration(spec):
    source = open_source(spec)
    records = iter(source)
    next(records)
    source.close()
    assert len(list(records)) <= 5  # what was read already may still come
    assert source.cut is None
    source.close()


def test_what_is_stated_shows_in_the_channel(spec, read):
    _, source = read(spec, assume=parse("baud=300,format=7E1,0:uncertainty=5ms"))
    assert source.channels[0].baud == 300
    assert source.channels[0].assumed == ("baud=300", "format=7E1", "0:uncertainty=5ms")


def test_stdin(spec, pcap):
    """The same from a pipe, in a process of its own."""
    if spec.startswith("tshark:"):
        pytest.skip("tshark: reads no stdin")
    program = (
        "from captures.source import open_source\n"
        "s = open_source('-')\nprint(len(list(s)), s.kind, s.cut, s.path, s.size)\n"
    )
    octets = Path(spec).read_bytes()
    done = subprocess.run([sys.executable, "-c", program], input=octets, capture_output=True, check=True, cwd=_root())
    source = open_source(spec)
    assert done.stdout.decode().split() == [str(len(list(source))), source.kind, "None", "-", "None"]
    source.close()


def _root() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", ["pcap", "pcapng", "hexlog"])
def test_a_growing_file_is_followed(kind, tmp_path, pcap, pcapng):
    whole = {"pcap": pcap, "pcapng": pcapng}.get(kind)
    octets = LOG.encode() if whole is None else whole.read_bytes()
    path = tmp_path / "grows"
    path.write_bytes(octets[:30])
    source = open_source(str(path), follow=True)
    seen = []
    reader = threading.Thread(target=lambda: seen.extend(source))
    reader.start()
    for at in range(30, len(octets), 37):  # cuts fall into headers and packets
        with path.open("ab") as file:
            file.write(octets[at : at + 37])
        time.sleep(0.01)
    expected = _all(tmp_path, octets)
    while len(seen) < len(expected):
        time.sleep(0.02)
    source.close()
    reader.join()
    assert b"".join(r.octets for r in seen) == b"".join(r.octets for r in expected)
    if kind != "hexlog":  # a line read in two pieces is two records
        assert seen == expected
    assert source.cut is None


def _all(folder: Path, octets: bytes) -> list:
    (folder / "whole").write_bytes(octets)
    source = open_source(str(folder / "whole"))
    records = list(source)
    source.close()
    return records


def test_follow_begins_before_the_file_has_anything(tmp_path, pcap):
    path = tmp_path / "empty-yet"
    path.touch()
    seen = []

    def follow() -> None:
        source = open_source(str(path), follow=True)
        for record in source:
            seen.append(record)
            if len(seen) == 6:
                source.close()

    reader = threading.Thread(target=follow)
    reader.start()
    path.write_bytes(pcap.read_bytes())
    reader.join()
    assert len(seen) == 6


@pytest.mark.parametrize("kind", ["pcap", "pcapng"])
def test_cut_anywhere_gives_what_is_whole(kind, tmp_path, pcap, pcapng, read):
    octets = {"pcap": pcap, "pcapng": pcapng}[kind].read_bytes()
    whole, _ = read({"pcap": pcap, "pcapng": pcapng}[kind])
    ends = _boundaries(kind, octets)
    path = tmp_path / "cut"
    for at in sorted({*range(4, 200), *range(max(4, len(octets) - 200), len(octets))}):
        path.write_bytes(octets[:at])
        records, source = read(path)
        source.close()
        assert records == whole[: len(records)], at
        assert len(records) == sum(1 for end, packet in ends if packet and end <= at), at
        assert (source.cut is None) == (at in {end for end, _ in ends}), (at, source.cut)


def _boundaries(kind: str, octets: bytes) -> list[tuple[int, bool]]:
    """Where blocks end, and whether they are packets: an independent reading."""
    ends: list[tuple[int, bool]] = []
    at = 0
    if kind == "pcap":
        at = 24
        ends.append((at, False))
    while at < len(octets):
        if kind == "pcap":
            at += 16 + int.from_bytes(octets[at + 8 : at + 12], "little")
            ends.append((at, True))
        else:
            packet = octets[at] == 6
            at += int.from_bytes(octets[at + 4 : at + 8], "little")
            ends.append((at, packet))
    return ends


@pytest.mark.parametrize("kind", ["pcap", "pcapng", "hexlog"])
def test_a_gzip_cut_short_says_so(kind, tmp_path, pcap, pcapng, read):
    lines = "".join(f"{n:02X} {n * 7 % 256:02X} A0\n" for n in range(200)).encode()
    octets = {"pcap": pcap, "pcapng": pcapng}.get(kind)
    packed = gzip.compress(octets.read_bytes() if octets else lines)
    path = tmp_path / "cut.gz"
    path.write_bytes(packed[:-12])
    records, source = read(path)
    assert source.cut is not None and "gzip" in source.cut
    assert records


def test_a_gzip_of_several_members(tmp_path, pcap, read):
    octets = pcap.read_bytes()
    path = tmp_path / "two.gz"
    path.write_bytes(gzip.compress(octets[:77]) + gzip.compress(octets[77:]) + bytes(512))
    records, source = read(path)
    assert len(records) == 6 and source.cut is None


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "is empty"),
        (b"no digits here\nnothing at all\n", "without a single hex octet"),
        (bytes(range(256)) * 4, "of no known kind"),
        (b"PK\x03\x04" + bytes(60), "a zip archive"),
        (b"snoop\0\0\0" + bytes(60), "a snoop capture"),
        (b"\x28\xb5\x2f\xfd" + bytes(60), "compressed with zstd"),
        (b"\x1f\x8b\x08", "the gzip data ends early"),
    ],
)
def test_refused_in_one_line(octets, words, tmp_path):
    path = tmp_path / "given"
    path.write_bytes(octets)
    with pytest.raises(CaptureError, match=words) as error:
        list(open_source(str(path)))
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_missing_directory_and_unreadable(tmp_path):
    with pytest.raises(CaptureError, match="no such file"):
        open_source(str(tmp_path / "nothing"))
    with pytest.raises(CaptureError, match="is a directory"):
        open_source(str(tmp_path))
    with pytest.raises(CaptureError, match="cannot be read"):
        open_source("with\0zero")


def test_every_live_scheme_answers_in_one_line():
    for spec in ("serial:/dev/does-not-exist?baud=9600", "ip:does-not-exist"):
        with pytest.raises(CaptureError, match=r"no such port|cannot be captured") as error:
            open_source(spec)
        assert "\n" not in str(error.value)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_captures_never_raise_anything_else(data, tmp_path_factory, pcap, pcapng):
    kind = data.draw(st.sampled_from(["pcap", "pcapng", "hexlog", "octets", "gzip"]))
    octets = {"pcap": pcap.read_bytes(), "pcapng": pcapng.read_bytes(), "hexlog": LOG.encode(), "octets": RAW}.get(kind)
    base = bytearray(octets if octets is not None else gzip.compress(pcapng.read_bytes()))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(base)))
        base[at : at + data.draw(st.integers(0, 4))] = data.draw(
            st.one_of(st.binary(max_size=5), st.sampled_from([b"\xff\xff\xff\xff", bytes(4), b"\x00\x00\x00\x80"]))
        )
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(bytes(base))
    try:
        source = open_source(str(path))
    except CaptureError:
        return
    try:
        records = list(source)
    except CaptureError:
        return
    finally:
        source.close()
    assert sum(len(r.octets) for r in records) <= len(base) * 1100  # deflate gives no more
    for record in records:
        assert record.first_ns is None or -(2**63) <= record.first_ns <= record.last_ns < 2**63 + 2**40
        assert record.direction in list(Direction)


def test_opened_files_are_closed(pcap, read):
    before = len(list(Path("/proc/self/fd").iterdir())) if shutil.os.path.isdir("/proc/self/fd") else 0
    for _ in range(20):
        source = open_source(str(pcap))
        list(source)
        source.close()
    with pytest.raises(CaptureError):
        open_source(str(Path(__file__).parent))
    after = len(list(Path("/proc/self/fd").iterdir())) if shutil.os.path.isdir("/proc/self/fd") else 0
    assert after <= before + 1
