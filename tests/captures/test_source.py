"""Which source a spec names. What each source does is in test_contract.py."""

from pathlib import Path

import pytest

from captures.source import FOREIGN, SCHEMES, SOURCES, open_source
from dissectors.errors import CaptureError, UsageError


def test_content_decides_not_the_name(pcap, pcapng, tmp_path):
    for path, kind in ((pcap, "pcap"), (pcapng, "pcapng")):
        wrong = tmp_path / "session.hex"
        wrong.write_bytes(path.read_bytes())
        source = open_source(str(wrong))
        assert source.kind == kind
        source.close()


def test_each_kind_takes_only_its_own(pcap, pcapng):
    heads = {"pcap": pcap.read_bytes(), "pcapng": pcapng.read_bytes(), "octets": b"\x7e\xa0\x07", "hexlog": b"7E A0 07"}
    for name, head in heads.items():
        assert next(kind.name for kind in SOURCES if kind.recognise(head[:4096])) == name


def test_foreign_files_are_taken_by_none():
    for magic, _ in FOREIGN:
        assert not any(kind.recognise(magic + bytes(60)) for kind in SOURCES)


def test_a_colon_in_a_name_is_no_scheme(tmp_path: Path):
    path = tmp_path / "12:30.hex"
    path.write_text("7E A0")
    source = open_source(str(path))
    assert source.kind == "hexlog"
    source.close()


def test_wrong_specs():
    assert set(SCHEMES) == {"serial", "ip", "hexlog", "tshark"}
    with pytest.raises(UsageError, match="no source is named"):
        open_source("")
    with pytest.raises(CaptureError, match=r"carrier:pigeon: no such file \(expected a path"):
        open_source("carrier:pigeon")
