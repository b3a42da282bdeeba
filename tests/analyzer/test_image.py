"""An image transfer: progress at each block, what is missing, rates."""

from talk import MS, NULL, os, st, u32

from analyzer.image import Image, block, initiated


def test_progress_is_told_for_the_moment_of_a_block() -> None:
    image = Image("FW", 300, 100)
    for number in range(3):
        image.block(number, 100, number * 1000 * MS, (number * 1000 + 500) * MS)
    assert image.text(0, 100) == "image block 0 (1 of 3), 100 octets, 33 %, 200 B/s"
    assert image.text(2, 100) == "image block 2 (3 of 3), 100 octets, 100 %, 120 B/s"
    assert image.missing() == [] and image.summary() == "image FW: 3 of 3 blocks, 300 of 300 octets, 120 B/s"


def test_without_initiate_and_without_a_clock() -> None:
    image = Image()
    image.block(5, 64, None, None)
    assert image.text(5, 64) == "image block 5, 64 octets"
    assert image.missing() == [(0, 4)]
    assert image.summary() == "image of unknown name: 1 blocks, 64 octets, blocks 0 to 4 not sent"


def test_parameters() -> None:
    made = initiated(st(os(b"FW1"), u32(1500)), 64)
    assert made is not None and (made.identifier, made.size, made.total) == ("FW1", 1500, 24)
    assert initiated(NULL, 64) is None and initiated(st(os(b"x")), 64) is None
    assert block(st(u32(3), os(bytes(5)))) == (3, 5) and block(st(u32(3), u32(4))) is None
