"""A baud rate found by listening: what proves a rate, and what speaks against one."""

from traffic import framed

from captures.serial.find_baud import ERRORS, OCTETS, SILENCE_NS, TRIED_FIRST, Search

FRAME = framed()[0].octets
REQUEST = b"/?!\r\n"
REQUEST_7E1 = bytes.fromhex("AF3F218D0A")


def test_a_good_frame_proves_a_rate_in_any_pieces() -> None:
    search = Search()
    for octet in FRAME[:-1]:
        assert not search.feed(bytes((octet,)), 0, 1)
    assert not search.found
    assert not search.feed(FRAME[-1:], 0, 2)
    assert search.found == "an HDLC frame with a good check sequence"
    assert search.rate == TRIED_FIRST[0]


def test_a_sign_on_proves_a_rate_with_or_without_parity_bits() -> None:
    for message in (REQUEST, REQUEST_7E1):
        search = Search((300, 9600))
        search.feed(b"\x00" + message[:2], 0, 1)
        search.feed(message[2:], 0, 2)
        assert search.found == "a message of IEC 62056-21"


def test_octets_without_sense_speak_against_a_rate() -> None:
    search = Search()
    tried = [search.rate]
    for _ in range(len(TRIED_FIRST)):
        assert search.feed(b"\xe0" * OCTETS, 0, 1)
        tried.append(search.rate)
    assert tried == [*TRIED_FIRST, TRIED_FIRST[0]]
    assert not search.feed(b"\xe0" * (OCTETS - 1), 0, 1)


def test_framing_errors_speak_against_a_rate_sooner() -> None:
    search = Search()
    assert not search.feed(b"\0", ERRORS - 1, 1)
    assert search.feed(b"\0", 1, 2)


def test_silence_after_senseless_octets_is_the_end_of_a_telegram() -> None:
    search = Search()
    assert not search.idle(10 * SILENCE_NS)  # nothing heard: nothing said about this rate
    search.feed(b"\xe0", 0, 1000)
    assert not search.idle(SILENCE_NS)
    assert search.idle(SILENCE_NS + 1000)
    assert search.rate == TRIED_FIRST[1]


def test_a_rate_that_is_found_stays() -> None:
    search = Search()
    search.feed(FRAME, 0, 1)
    assert not search.feed(b"\0" * 1000, 99, 2)
    assert not search.idle(10 * SILENCE_NS)
    assert search.rate == TRIED_FIRST[0]
