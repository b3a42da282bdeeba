"""One line of a log: octets, time and mark, whatever tool wrote it; and prose that is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from captures.hexline import digits, read
from dissectors.record import Direction

S, C = int(Direction.TO_SERVER), int(Direction.TO_CLIENT)
LINES = [
    ("7E A0 07 03", "7ea00703", None),
    ("7EA00703", "7ea00703", None),
    ("  7ea0 0703 ", "7ea00703", None),
    ("0x7E, 0xA0, 0x07", "7ea007", None),
    ("{0x7E,0xA0,0x07};", "7ea007", None),
    ("7E-A0-07", "7ea007", None),
    ("7e:a0:07:03:21", "7ea0070321", None),
    ("12:34:56:78:9A", "123456789a", None),
    ("\\x7e\\xa0\\x07", "7ea007", None),
    ("7Eh A0h 07h", "7ea007", None),
    ("TX: 06 32 35 32 0D 0A", "063235320d0a", S),
    ("RX 15", "15", C),
    ("[12:00:01.123] --> 7EA007", "7ea007", S),
    ("[12:00:01.123] <-- 7EA007 # the answer", "7ea007", C),
    ("→ 7EA0", "7ea0", S),
    ("← 7EA0", "7ea0", C),
    (">> 7E A0", "7ea0", S),
    ("<< 7E A0", "7ea0", C),
    ("Send: 7E A0", "7ea0", S),
    ("Received 9 bytes: 7E A0 07 03 21 93 0F 01 7E", "7ea0070321930f017e", C),
    ("client -> server: 0001 0010", "00010010", S),
    ("server -> client: 0001 0010", "00010010", C),
    ("client <- server: 0001 0010", "00010010", C),
    ("C: 7E A0", "7ea0", S),
    ("S: 7E A0", "7ea0", C),
    ("> \t0x7e (~)", "7e", S),
    ("< \t0xa0", "a0", C),
    ("2018-03-01T10:15:04.5Z DEBUG [conn-3] --> 7EA0070321", "7ea0070321", S),
    ("2021-01-01 00:00:00,123 INFO  TX: 7E A0 [2 bytes]", "7ea0", S),
    ("1\t10:00:00 AM\tprog.exe\tIRP_MJ_READ\tSerial0\tSUCCESS\tLength 3: 7E A0 07", "7ea007", C),
    ("0.000123,0x7E,,", "7e", None),
    ("7E A0 ; a comment", "7ea0", None),
    ("7E A0 // a comment", "7ea0", None),
    ('"hex": "7ea00703",', "7ea00703", None),
    ("7E A0 07 03 21 93 0F 01 7E                      ~...!...~", "7ea0070321930f017e", None),
    ("41 42 43 44 45 46 47 48   ABCDEFGH", "4142434445464748", None),
]
NOTHING = [
    *(
        "",
        "   ",
        "# comment 7E A0",
        "// 7E A0",
        "; 7E A0",
        "Be careful",
        "write 9 octets",
        "Baud rate: 9600",
        "10:00:01 Baud rate: 9600",
    ),
    *("Time [s],Value,Parity Error,Framing Error", "TX is on", "connected to meter 5", "Port: 4059", "-----", "A", "7"),
]


@pytest.mark.parametrize(("text", "octets", "direction"), LINES)
def test_octets_and_marks(text, octets, direction):
    line = read(text)
    assert line is not None
    assert (line.octets.hex(), line.direction, line.odd) == (octets, direction, False)


@pytest.mark.parametrize("text", NOTHING)
def test_lines_that_say_nothing(text):
    line = read(text)
    assert line is None or not line.octets


DUMPS = [
    ("00000000  7e a0 07 03 21 93 0f 01  7e a0 07 03 21 93 0f 01  |~...!...~...!...|", 16),
    ("00000000: 7ea0 0703 2193 0f01 7ea0 0703 2193 0f01  ~...!...~...!...", 16),
    ("00000000: 7ea0 0703 2193 0f01 7e                   ~...!...~", 9),
    ("0000   7e a0 07 03 21 93 0f 01 7e                        ~...!...~", 9),
    ("\t0x0000:  7ea0 0703 2193 0f01 7e                    ~...!...~", 9),
    ("000000 7e a0 07 03 21 93 0f 01 7e", 9),
]


@pytest.mark.parametrize(("text", "octets"), DUMPS)
def test_dumps_with_offsets(text, octets):
    line = read(text)
    assert line is not None and line.offset == 0
    assert line.octets == (bytes.fromhex("7ea0070321930f01") * 2)[:octets]


def test_a_text_column_that_looks_like_digits():
    assert read("00000000  61 62 63 64                                       abcd").octets == b"abcd"
    assert read("0010  61 62 63 64    abcd", expected=16).octets == b"abcd"
    assert read("61 62 63 64   abcd").octets == b"abcd"


def test_an_offset_is_known_by_its_value():
    assert read("0010 7e a0", expected=16).offset == 16
    assert read("0011 7e a0", expected=16).offset == -1
    assert read("0011 7e a0").octets.hex() == "00117ea0"


def test_odd_digits():
    line = read("7EA00")
    assert (line.octets.hex(), line.odd) == ("7ea0", True)
    line = read("7E A0 7 3")
    assert (line.octets.hex(), line.odd) == ("7ea00703", True)
    assert digits("TX 7EA00", 3, strict=True) is None


def test_headings():
    line = read("2006-05-30 13:23:49.461075: ttyS0")
    assert line.octets == b"" and line.moment.resolution_ns == 1000
    assert read("# TX").direction == S
    assert read("20.10.2017").date == (2017, 10, 20)


@settings(max_examples=200)
@given(st.text(alphabet=st.sampled_from("0123456789ABCDEFabcdefxX ,:;-|>[]()TXRX\t.#/\\~"), max_size=60))
def test_any_text_is_bounded(text):
    line = read(text, expected=16)
    assert line is None or len(line.octets) <= len(text)


@given(st.binary(min_size=2, max_size=24), st.sampled_from(["%02X", "0x%02x"]), st.sampled_from([" ", ", ", ":", "-"]))
def test_what_is_written_is_read(octets, form, separator):
    text = separator.join(form % octet for octet in octets)
    assert read("TX: " + text).octets == octets
    if separator != ":":  # two digits, colons: could be a time of day
        assert read(text).octets == octets
