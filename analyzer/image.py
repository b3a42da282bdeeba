"""Image transfer as it goes: how much of a firmware image went over, and how fast (IEC 62056-6-2, class 18).

Block numbers count from 0. A block is counted when its answer is success, or at once when no answer is seen;
progress is told for the moment of each block, so a later look gives the same words.
"""

from dissectors.cosem import meaning, parameters
from dissectors.cosem.captured import whole
from dissectors.data_types import Data

MAX_BLOCKS = 1 << 20  # remembered of one image; later ones are counted only


class Image:
    """One transfer: identifier and size from image_transfer_initiate, block_size from attribute 2."""

    __slots__ = ("_blocks", "block_size", "done", "first_ns", "identifier", "last_ns", "octets", "size")

    def __init__(self, identifier: str = "", size: int = 0, block_size: int = 0) -> None:
        self.identifier = identifier
        self.size = size
        self.block_size = block_size
        self.done = 0  # different blocks sent
        self.octets = 0
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self._blocks: dict[int, tuple[int, int, int | None]] = {}  # number → blocks and octets with it, its time

    def block(self, number: int, octets: int, begin_ns: int | None, end_ns: int | None) -> None:
        """A block goes over; one sent again counts once. Times of its first and last octet."""
        if self.first_ns is None:
            self.first_ns = begin_ns
        self.last_ns = end_ns
        if number in self._blocks:
            return
        self.done += 1
        self.octets += octets
        self.block_size = max(self.block_size, octets)
        if len(self._blocks) < MAX_BLOCKS:
            self._blocks[number] = (self.done, self.octets, end_ns)

    @property
    def total(self) -> int:
        """Blocks of the whole image, 0 where size or block size are not known."""
        return -(-self.size // self.block_size) if self.size and self.block_size else 0

    def text(self, number: int, octets: int) -> str:
        """ "image block 4 (5 of 10), 128 octets, 50 %, 1.3 kB/s" at the time of that block."""
        words = f"image block {number}"
        known = self._blocks.get(number)
        done, so_far, end_ns = known if known is not None else (self.done, self.octets, self.last_ns)
        total = self.total
        words += f" ({done} of {total}), {octets} octets" if total else f", {octets} octets"
        if self.size:
            words += f", {min(100, 100 * so_far // self.size)} %"
        rate = _rate(so_far, self.first_ns, end_ns)
        return f"{words}, {rate}" if rate else words

    def missing(self) -> list[tuple[int, int]]:
        """Runs of block numbers that were not sent, (first, last)."""
        runs: list[tuple[int, int]] = []
        expected = 0
        for number in sorted(self._blocks):
            if number > expected:
                runs.append((expected, number - 1))
            expected = number + 1
        if self.total > expected:
            runs.append((expected, self.total - 1))
        return runs

    def summary(self) -> str:
        """ "image FW1: 10 of 12 blocks, 1280 of 1500 octets, 1.3 kB/s, blocks 10 to 11 not sent"."""
        total = f" of {self.total}" if self.total else ""
        words = f"image {self.identifier or 'of unknown name'}: {self.done}{total} blocks, {self.octets}"
        words += f" of {self.size} octets" if self.size else " octets"
        rate = _rate(self.octets, self.first_ns, self.last_ns)
        words += f", {rate}" if rate else ""
        missing = self.missing()
        if missing and self.done:
            shown = ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in missing[:4])
            words += f", blocks {shown}{' …' if len(missing) > 4 else ''} not sent"
        return words


def _rate(octets: int, first_ns: int | None, last_ns: int | None) -> str:
    if first_ns is None or last_ns is None or last_ns <= first_ns:
        return ""
    speed = octets * 1e9 / (last_ns - first_ns)
    return f"{speed / 1000:.1f} kB/s" if speed >= 1000 else f"{speed:.0f} B/s"


def initiated(data: Data, block_size: int) -> Image | None:
    """The image that image_transfer_initiate names, None where the parameters are none."""
    parts = data.value
    size = whole(parts[1]) if isinstance(parts, list) and len(parts) >= 2 else None
    if size is None:
        return None
    octets = meaning.octets_of(parts[0].value) or b""
    return Image(meaning.plain_text(octets) or octets.hex().upper(), size, block_size)


block = parameters.block
