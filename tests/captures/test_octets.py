"""Octets of a line without anything else."""

import pytest

from captures.octets import RECORD_OCTETS, recognise


@pytest.mark.parametrize(
    "head",
    [
        b"\x7e\xa0\x07",
        b"\x7e\x7e\xa8\x07",
        b"\x68\x1f\x1f\x68\x08",
        b"/ISK5\\2M550T-1012\r\n",
        b"\r\n/ISk5\\2\n",
        b"/?!\r\n",
    ],
)
def test_recognised(head):
    assert recognise(head)


@pytest.mark.parametrize("head", [b"", b"7E A0 07", b"\x7e\x7e", b"\x68\x1f\x20\x68", b"/usr/bin/true", b"# /ISk5\n"])
def test_left_to_others(head):
    assert not recognise(head)


def test_no_octet_is_lost(tmp_path, read):
    octets = b"\x7e\xa0\x07" + bytes(range(256)) * 40
    (tmp_path / "x").write_bytes(octets)
    records, source = read(tmp_path / "x")
    assert b"".join(r.octets for r in records) == octets and len(records) == len(octets) // RECORD_OCTETS + 1
    assert all(r.first_ns is None and r.uncertainty_ns is None for r in records)
    assert source.kind == "octets" and source.channels[0].link_type == -1


def test_telegrams_of_the_corpus(corpus, read):
    for path in corpus.glob("iec62056-21-p1/*.txt"):
        records, source = read(path)
        assert source.kind == "octets" and b"".join(r.octets for r in records) == path.read_bytes()
