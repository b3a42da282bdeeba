"""Text logs: what joins lines, times, directions, named formats and the user's own expression."""

import pytest

from captures.assume import parse
from captures.hexlog import parse_spec, recognise
from captures.source import open_source
from dissectors.errors import CaptureError, UsageError
from dissectors.record import Direction, Flag

S, C, U = int(Direction.TO_SERVER), int(Direction.TO_CLIENT), int(Direction.UNKNOWN)
FRAME = "7E A0 07 03 21 93 0F 01 7E"
ANSWER = "7E A0 07 21 03 73 0F 01 7E"


@pytest.fixture
def log(tmp_path, read):
    def run(text: str | bytes, query: str = "", **options):
        path = tmp_path / "log.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        spec = f"hexlog:{path}{query}" if query else path
        return read(spec, **options)

    return run


def told(records) -> list:
    return [(r.direction, r.octets.hex(), r.first_ns) for r in records]


GURUX = f"05:03:11 TX:\t{FRAME}\n05:03:12 RX:\t{ANSWER}\n"
DOCKLIGHT = f"""Docklight Log File (HEX) started 20.10.2017 05:03:00.00
20.10.2017 05:03:11.875 [TX] - {FRAME[:14]}
{FRAME[15:]}
20.10.2017 05:03:11.890 [RX] - {ANSWER}
"""
JPNEVULATOR = f"""2017-10-20 05:03:11.875000: TX
{FRAME[:14]}     ~...!
{FRAME[15:]}              ...~
2017-10-20 05:03:11.890000: RX
{ANSWER}   ~..!...~
"""
INTERCEPTTY = "".join(f"> \t0x{o.lower()} (x)\n" for o in FRAME.split()) + "< \t0xa0\n< \t0x07 (.)\n"
TEN = 1508475791 * 10**9
JOINED = FRAME.replace(" ", "").lower()
REPLY = ANSWER.replace(" ", "").lower()


@pytest.mark.parametrize("query", ["", "?format=gurux"])
def test_gurux(query, log):
    at = (5 * 3600 + 3 * 60 + 11) * 10**9
    assert told(log(GURUX, query)[0]) == [(S, JOINED, at), (C, REPLY, at + 10**9)]


@pytest.mark.parametrize("query", ["", "?format=docklight"])
def test_docklight(query, log):
    records, source = log(DOCKLIGHT, query, assume=parse("tz=Europe/Vienna"))
    vienna = TEN - 7200 * 10**9
    assert told(records) == [(S, JOINED, vienna + 875_000_000), (C, REPLY, vienna + 890_000_000)]
    assert source.channels[0].resolution_ns == 10**6


@pytest.mark.parametrize("query", ["", "?format=jpnevulator"])
def test_jpnevulator(query, log):
    records, source = log(JPNEVULATOR, query)
    assert told(records) == [(S, JOINED, TEN + 875_000_000), (C, REPLY, TEN + 890_000_000)]
    assert any("no zone" in remark for remark in source.remarks)


@pytest.mark.parametrize("query", ["", "?format=interceptty"])
def test_interceptty(query, log):
    assert told(log(INTERCEPTTY, query)[0]) == [(S, JOINED, None), (C, "a007", None)]


def test_octets_with_times_of_their_own_stay_apart(log):
    records, _ = log("12:00:00.001 > 0x7e\n12:00:00.002 > 0xa0\n")
    assert [r.octets.hex() for r in records] == ["7e", "a0"]
    assert all(r.flags == Flag.OCTET_TIMES for r in records)


def test_the_users_own_expression(log):
    text = "a|7EA0|10:00:00|down\njunk\nb|7EA1|10:00:01|up\n"
    query = r"?regex=\w\|(?P<octets>[0-9A-F]+)\|(?P<time>[\d:]+)\|(?P<dir>\w+)"
    records, source = log(text, query)
    assert [(r.octets.hex(), r.first_ns) for r in records] == [("7ea0", 36000 * 10**9), ("7ea1", 36001 * 10**9)]
    assert source.passed_over == 1


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("x?regex=(", "hexlog regex"),
        ("x?regex=abc", "no group octets"),
        ("x?format=nothing", "expected one of auto, docklight"),
        ("x?colour=red", r"expected \?format"),
        ("", "names no file"),
    ],
)
def test_wrong_specs(spec, words):
    with pytest.raises(UsageError, match=words):
        parse_spec(spec)
    with pytest.raises(UsageError):
        open_source("hexlog:" + spec)


def test_bare_lines_are_one_frame_each(log):
    records, source = log(f"{FRAME}\n{ANSWER}\n\n{JOINED}")
    assert [r.octets.hex() for r in records] == [JOINED, REPLY, JOINED]
    assert told(records)[0] == (U, JOINED, None)
    assert source.cut is None and source.remarks == []


def test_wrapped_lines_are_joined(log):
    push = bytes([0x0F, 0, 0, 0, 1, 0, *range(100)])
    text = "\n".join(push[at : at + 16].hex() for at in range(0, len(push), 16))
    assert [r.octets for r in log(text + "\n\n" + text)[0]] == [push, push]
    assert len(log(text, "?format=lines")[0]) == 7
    assert [r.octets for r in log("c001c1\nc001c2\n", "?format=wrapped")[0]] == [bytes.fromhex("c001c1c001c2")]


def test_dumps_with_offsets_are_one_record_until_the_next_zero(log):
    text = (
        "00000000  7e a0 07 03 21 93 0f 01  00 00 00 00 00 00 00 00  |~...!...........|\n"
        "00000010  11 11 11 11 11 11 11 11  11 11 11 11 11 11 11 11  |................|\n"
        "*\n"
        '00000030  22 7e                                             |"~|\n'
        "00000032\n"
        "00000000  7e a0                                             |~.|\n"
    )
    first = bytes.fromhex("7ea0070321930f01") + bytes(8) + b"\x11" * 32 + b"\x22\x7e"
    assert [r.octets for r in log(text)[0]] == [first, b"\x7e\xa0"]


def test_comments_and_prose_are_passed_over(log):
    records, source = log(f"# {FRAME}\n// a\nhello there\n{FRAME} ; the first\nbye\n")
    assert [r.octets.hex() for r in records] == [JOINED]
    assert source.passed_over >= 2
    assert f"{source.passed_over} lines without hex octets were passed over" in source.remarks


def test_a_comment_that_is_a_mark_holds_for_the_next_frame(log):
    assert [r.direction for r in log(f"# TX\n{FRAME}\n# RX\n{ANSWER}\n{FRAME}\n")[0]] == [S, C, U]


def test_odd_digits_are_noted_and_a_cut_line_is_a_cut(log):
    records, source = log("7EA00\n7EA0\n")
    assert [r.octets.hex() for r in records] == ["7ea0", "7ea0"]
    assert source.remarks == ["an odd number of hex digits in line 1"] and source.cut is None
    records, source = log("7EA0\n7EA")
    assert [r.octets.hex() for r in records] == ["7ea0", "7e"]
    assert source.cut == "line 2, the last, ends inside an octet"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding, end, log):
    text = end.join([f"TX: {FRAME}", "Zähler", f"RX: {ANSWER}", ""])
    assert [(r.direction, r.octets.hex()) for r in log(text.encode(encoding))[0]] == [(S, JOINED), (C, REPLY)]


def test_uncertainty_is_unknown_until_stated(log):
    assert [r.uncertainty_ns for r in log(GURUX)[0]] == [None, None]
    records, source = log(GURUX, assume=parse("baud=9600,stamp=end,uncertainty=1s"))
    assert records[0].last_ns - records[0].first_ns == 9 * 10 * 10**9 // 9600
    assert records[0].uncertainty_ns > 10**9 and source.channels[0].stamp == "end"


def test_s_beside_r_is_send(log):
    assert [r.direction for r in log(f"S: {FRAME}\nR: {ANSWER}\n")[0]] == [S, C]
    assert [r.direction for r in log(f"C: {FRAME}\nS: {ANSWER}\n")[0]] == [S, C]


def test_a_line_without_an_end_is_read_in_pieces(log):
    octets = bytes(range(256)) * 2048
    for text in (octets.hex(), octets.hex(" "), octets.hex(",")):
        assert b"".join(r.octets for r in log(text)[0]) == octets


def test_no_octet_at_all(log):
    with pytest.raises(CaptureError, match="without a single hex octet"):
        log("hello\n# 7E A0\n")


def test_text_and_what_is_not():
    assert (
        recognise(b"7E A0\r\n")
        and recognise("Zähler".encode("latin-1") + b" 7E A0 07 03")
        and recognise(b"\xff\xfe7\0")
    )
    assert not recognise(b"") and not recognise(b"7E\0A0") and not recognise(bytes(range(128, 256)))
