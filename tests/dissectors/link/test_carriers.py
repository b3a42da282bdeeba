"""Carriers: which profile takes what, framers, and the silence that ends what is unfinished."""

from scripts import PROFILES, edited

from dissectors.link import carriers
from dissectors.link.carriers import Choice, framer, links_of
from dissectors.link.iec62056_21_framer import Framer as LineFramer
from dissectors.link.wrapper import Framer as WrapperFramer
from dissectors.profile import builtin

MS = 1_000_000


def test_text_and_hdlc_of_one_line_have_profiles_of_their_own() -> None:
    choice = Choice(PROFILES)
    assert choice.find("serial", "iec62056-21") == ("iec62056-21", "iec62056-21")
    assert choice.find("tcp", "iec62056-21") == ("iec62056-21", "iec62056-21-tcp")
    assert choice.find("serial", "hdlc") == ("hdlc", "hdlc")


def test_framers() -> None:
    assert isinstance(framer("wrapper", None, None), WrapperFramer)
    assert isinstance(framer("hdlc", None, None), LineFramer) and isinstance(framer("iec62056-21", 1, 2), LineFramer)
    assert framer("raw", None, None) is None


def test_silence() -> None:
    links = links_of(builtin()["hdlc"], True)
    assert carriers.idle_ns(links, True) == 500 * MS
    assert carriers.idle_ns(links, False) is None and carriers.idle_ns(None, True) is None
    assert carriers.text_idle_ns(builtin()["iec62056-21"], True) == 3000 * MS == carriers.text_idle_ns(None, True)
    assert carriers.text_idle_ns(None, False) is None
    slow = edited("iec62056-21", ("inter_character_ms = { default = 1500", "inter_character_ms = { default = 2000"))
    assert carriers.text_idle_ns(slow, True) == 4000 * MS


def test_a_channel_that_is_said_to_carry_one_profile() -> None:
    choice = Choice(PROFILES)
    only = choice.only("tcp-udp-ip")
    assert only.find("tcp", "wrapper")[0] == "tcp-udp-ip"
    assert only.find("serial", "hdlc") == ("", "")
    assert choice.only("tcp-udp-ip") is only
    assert only.find("serial", "iec62056-21")[0] == "iec62056-21"  # what signs on to another
    assert choice.only("not in force") is choice
