"""Seven data bits in octets of eight: a tap listens 8N1, so that bit 7 of a 7E1 line is its parity bit.

IEC 62056-21, 5.1: one start bit, seven data bits, even parity, one stop bit. `/?!` CR LF arrives as AF 3F 21 8D 0A.
"""

from typing import Final

from dissectors.record import Value

NONE, EVEN, ODD = "none", "even", "odd"
_STRIP: Final = bytes(octet & 0x7F for octet in range(256))
_ODD: Final = bytes(octet.bit_count() & 1 for octet in range(256))
_HIGH: Final = bytes(octet >> 7 for octet in range(256))


class Parity(Value, frozen=True, gc=False):
    """kind: what bit 7 is in most octets: "none" (always 0: 8N1, or stripped before), "even" or "odd" parity.
    wrong: places of the octets where it is not."""

    kind: str
    wrong: tuple[int, ...] = ()


def plain(octets: bytes | bytearray) -> bytes:
    """The same octets with bit 7 put aside."""
    return octets.translate(_STRIP)  # type: ignore[return-value]


def parity(octets: bytes | bytearray) -> Parity:
    """The parity of a message: what the fewest of its octets speak against."""
    high = octets.translate(_HIGH)
    if 1 not in high:
        return Parity(NONE)
    odd = octets.translate(_ODD)
    n, ones = len(octets), odd.count(1)
    kind, marks, wrong = min(
        ((EVEN, odd, 1), (ODD, odd, 0), (NONE, high, 1)),
        key=lambda one: one[1].count(one[2]),
    )
    if ones in (0, n):
        return Parity(kind)
    return Parity(kind, tuple(at for at in range(n) if marks[at] == wrong))
