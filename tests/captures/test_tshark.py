"""tshark: sources."""

import subprocess
import sys
from pathlib import Path

import pytest

from captures.source import open_source
from dissectors.errors import CaptureError, UsageError

ROOT = Path(__file__).resolve().parents[2]


def test_the_same_records_as_our_own_reader(pcapng, tshark, read):
    ours, mine = read(pcapng)
    theirs, through = read(f"tshark:{pcapng}")
    assert theirs == ours
    assert through.kind == "tshark" and through.path == f"tshark:{pcapng}"
    assert [c.name for c in through.channels] == [c.name for c in mine.channels] == ["eth9", "wire"]


def test_a_format_that_only_wireshark_reads(pcap, tmp_path, tshark, read):
    snoop = tmp_path / "x.snoop"
    subprocess.run([tshark, "-r", pcap, "-w", snoop, "-F", "snoop"], check=True, capture_output=True)
    assert [r.octets for r in read(f"tshark:{snoop}")[0]] == [r.octets for r in read(pcap)[0]]
    with pytest.raises(CaptureError, match="a snoop capture"):
        open_source(str(snoop))


def test_a_file_cut_short(pcap, tmp_path, tshark, read):
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap.read_bytes()[:-5])
    records, source = read(f"tshark:{path}")
    assert len(records) == 5 and "cut short" in source.cut


def test_refused_in_one_line(tmp_path, tshark):
    (tmp_path / "text").write_text("hello")
    for spec, words in ((f"tshark:{tmp_path / 'text'}", "tshark"), ("tshark:nosuch9", "no such interface")):
        with pytest.raises(CaptureError, match=words) as error:
            open_source(spec)
        assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match="names no file or interface"):
        open_source("tshark:")


def test_without_tshark(pcap, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CaptureError, match="is not installed"):
        open_source(f"tshark:{pcap}")


def test_closing_ends_tshark(pcapng, tshark):
    source = open_source(f"tshark:{pcapng}")
    source.close()
    assert source.process.returncode is not None
    source.close()


def test_pyshark_is_not_loaded_for_other_sources(pcap):
    program = (
        "import sys\nfrom captures.source import open_source\n"
        "list(open_source(sys.argv[1]))\nprint([m for m in ('pyshark', 'scapy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, pcap], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
