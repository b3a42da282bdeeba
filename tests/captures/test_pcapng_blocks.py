"""Bodies of blocks: options that do not fit, interfaces and packets that are too short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.assume import NOTHING
from captures.pcapng_blocks import Broken, Interface, enhanced, obsolete, options, simple, words


def test_options_end_at_the_first_that_does_not_fit():
    good = b"\1\0\3\0abc\0"
    assert list(options(good + b"\2\0\1\0x\0\0\0", "little")) == [(1, b"abc"), (2, b"x")]
    assert list(options(good + bytes(4) + good, "little")) == [(1, b"abc")]
    assert list(options(good + b"\2\0\xff\0x", "little")) == [(1, b"abc")]
    assert list(options(good[:-2], "little")) == []
    assert list(options(b"\0\1\0\1x\0\0\0", "big")) == [(1, b"x")]


@given(st.binary(max_size=80), st.sampled_from(["little", "big"]))
def test_options_of_any_octets_are_bounded(data, order):
    found = list(options(data, order))
    assert sum(4 + len(value) for _, value in found) <= len(data)


def test_words_are_never_refused():
    assert words(b"eth\xff0\0\0") == "eth\ufffd0"


@given(st.binary(max_size=60), st.sampled_from([simple, obsolete, enhanced]), st.sampled_from(["little", "big"]))
def test_packets_of_any_octets_are_records_or_broken(body, packet, order):
    section = [Interface(bytes([link, 0, 0, 0, 0, 0, 0, 0]), "little", n, NOTHING) for n, link in enumerate((1, 250))]
    try:
        record = packet(section, body, order, 1)
    except Broken as error:
        assert "octets" in str(error) or "interface" in str(error)
    else:
        assert record.octets in body


@pytest.mark.parametrize("octets", range(8))
def test_an_interface_that_is_too_short(octets):
    with pytest.raises(Broken, match="8 are needed"):
        Interface(bytes(octets), "little", 0, NOTHING)
