"""--assume: every key, every refusal, and what a Channel becomes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from captures.assume import NOTHING, character_bits, duration_ns, parse
from dissectors.errors import UsageError
from dissectors.record import Channel


def test_the_example_of_the_contract():
    stated = parse("baud=9600,format=8E1,stamp=end,uncertainty=16ms,at=client,tz=Europe/Vienna").stated(3)
    assert (stated.baud, stated.format, stated.character_bits) == (9600, "8E1", 11)
    assert (stated.stamp, stated.uncertainty_ns, stated.at, stated.tz) == ("end", 16_000_000, "client", "Europe/Vienna")


def test_a_channel_number_restricts_one_item():
    assume = parse("baud=9600,0:baud=300,1:stamp=start")
    assert assume.stated(0).baud == 300
    assert assume.stated(1).baud == 9600 and assume.stated(1).stamp == "start"
    assert assume.stated(2).stamp is None
    assert assume.stated(0).written == ("baud=9600", "0:baud=300")


def test_apply_keeps_what_was_stated_as_written():
    channel = Channel(0, "wire", 147)
    assert NOTHING.apply(channel) is channel
    applied = parse("baud=4800, format=7e1").apply(channel)
    assert (applied.baud, applied.character_bits, applied.stamp) == (4800, 10, "packet")
    assert applied.assumed == ("baud=4800", "format=7e1")


def test_swap() -> None:
    channel = Channel(0, "tap:A", 250)
    assert parse("swap=yes").apply(channel) == replace(channel, swap=True, assumed=("swap=yes",))
    assert not parse("1:swap=yes").apply(channel).swap
    assert not parse("swap=yes,0:swap=no").apply(channel).swap
    assert parse("baud=9600").apply(replace(channel, swap=True)).swap


REFUSED = """
swap= swap=maybe
, baud baud= baud=fast baud=49 baud=4000001 format=9N1 format=8X1 stamp=middle uncertainty=16 uncertainty=-1ms
uncertainty=ms at=meter tz=Europe/Nowhere tz=../etc/passwd tz= colour=red x:baud=9600 baud=9600;format=8N1
"""


@pytest.mark.parametrize("text", ["", *REFUSED.split()])
def test_refused_with_the_item_and_what_was_expected(text):
    with pytest.raises(UsageError, match=r"--assume.*(expected|for example)") as error:
        parse(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "bits"), [("8N1", 10), ("7E1", 10), ("8E1", 11), ("8N2", 11), ("8O2", 12), ("5N1", 7), ("8m1", 11)]
)
def test_bits_of_a_character(text, bits):
    assert character_bits(text) == bits


@pytest.mark.parametrize(
    ("text", "ns"), [("1ns", 1), ("2us", 2000), ("16ms", 16_000_000), ("1.5 s", 1_500_000_000), ("0.001ms", 1000)]
)
def test_durations(text, ns):
    assert duration_ns(text) == ns


@given(st.text(max_size=40))
def test_any_text_is_stated_or_refused(text):
    with contextlib.suppress(UsageError):
        parse(text)
