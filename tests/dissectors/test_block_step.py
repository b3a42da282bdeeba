"""Step and the words of block transfers."""

import pytest

from dissectors.block_step import Step, counted, missing, numbers


@pytest.mark.parametrize(
    ("parts", "first", "end", "words"),
    [
        ((), 1, 1, ""),
        ((1, 2, 3), 1, 4, ""),
        ((), 1, 4, "blocks 1 to 3"),
        ((1, 3), 1, 4, "block 2"),
        ((3,), 1, 6, "blocks 1 to 2, blocks 4 to 5"),
        ((0, 2), 0, 3, "block 1"),
        (range(2, 22, 2), 1, 22, ", ".join(f"block {n}" for n in range(1, 16, 2)) + " and 3 more gaps"),
    ],
)
def test_missing(parts: tuple[int, ...], first: int, end: int, words: str) -> None:
    assert missing(parts, first, end) == words


def test_words() -> None:
    assert (counted(1, "octet"), counted(0, "octet"), numbers(2, 2), numbers(2, 5)) == (
        "1 octet",
        "0 octets",
        "block 2",
        "blocks 2 to 5",
    )
    assert Step("get", "response", 2, 2, 30).progress == "2 blocks, 30 octets so far"
    assert (
        Step("get", "response", 2, 2, 30, aborted="other-reason").progress == "2 blocks, 30 octets ended: other-reason"
    )
