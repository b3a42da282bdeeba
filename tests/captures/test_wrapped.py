"""Whether bare lines are pieces of one frame."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.source import open_source
from captures.wrapped import begins, joined, whole, width


def test_widths_that_tools_wrap_at():
    assert [n for n in range(41) if width(n)] == [8, 10, 16, 20, 24, 30, 32, 40]


@pytest.mark.parametrize(
    ("octets", "is_whole"),
    [
        ("7ea0090002002303a1b27e", True),
        ("7ea00a0002002321", False),
        ("7ea0270102017e", False),  # announces more than it has
        ("0001001000010003c00101", True),
        ("0001001000010004c00101", False),
        ("6203800100", True),
        ("6204800100", False),
        ("", False),
    ],
)
def test_whole(octets, is_whole):
    assert whole(bytes.fromhex(octets)) == is_whole


def test_one_apdu_a_line_is_not_joined():
    request = bytes.fromhex("c001c100070100630100ff0200000000")
    assert len(request) == 16 and begins(request)
    assert not joined([request, request, request])
    assert joined([request, b"\x12" * 16, b"\x34" * 5])
    assert not joined([request])


@given(st.binary(min_size=1, max_size=40))
def test_any_octets(line):
    assert begins(line) in (True, False) and whole(line) in (True, False)


def test_every_hex_file_of_the_corpus(corpus):
    """One record a frame, as the index tells, and no octet lost, wrapped or not."""
    seen = 0
    for path in sorted(corpus.glob("*/*.hex")):
        source = open_source(str(path))
        records = [record.octets for record in source]
        source.close()
        assert b"".join(records) == bytes.fromhex(re.sub(r"\s", "", path.read_text())), path.name
        chunks = json.loads(path.with_suffix(".json").read_text()).get("chunks") or []
        expected = [bytes.fromhex(chunk["hex"]) for chunk in chunks] or [b"".join(records)]
        assert records == expected, path.name
        seen += 1
    assert seen > 100
