"""Data of fixed layout: recognised once, checked by one mask, read by one struct call, written by one template.

A Shape is the layout of one Data whose every part has a known width: tags, counts and lengths are
fixed octets, values are free. An array of n equal elements, as a load profile, is proven by the
shape of its first element repeated n times. What has no shape (bit strings, clocks, lengths in the
long form) goes the way of data.scan and data.build; tests hold both ways equal.
"""

from binascii import hexlify
from collections.abc import Callable
from struct import Struct as Pack
from typing import Any

import msgspec

from dissectors.data_types import ARRAY, NAMES, OCTET_STRING, STRUCTURE, VISIBLE_STRING, WIDTHS, real

MAX_PARTS = 256  # scalars of one shape
MAX_NESTING = 4  # arrays and structures of one shape inside each other
SHAPES_A_KEY = 4
CREDIT = 8
MISSES_A_LEARNING = 16
OCTETS_A_KEY = 300  # what an entry costs by itself
MAX_HELD = 4_000_000  # octets of masks and templates kept; then all are learned anew

_encode = msgspec.json.Encoder().encode


def _hex(value: bytes) -> bytes:
    return hexlify(value).upper()


def _text(value: bytes) -> bytes:
    return _encode(value.decode("latin-1"))


def _truth(value: int) -> bytes:
    return b"true" if value else b"false"


def _real(value: float) -> bytes:
    return _encode(real(value))


# tag: struct item, JSON template of the value, what makes the template's argument of the item (None: itself)
_SCALARS: dict[int, tuple[str, bytes, Callable[[Any], bytes] | None]] = {
    0: ("", b"null", None),
    3: ("B", b"%b", _truth),
    5: ("i", b"%d", None),
    6: ("I", b"%d", None),
    13: ("B", b'"%02X"', None),
    15: ("b", b"%d", None),
    16: ("h", b"%d", None),
    17: ("B", b"%d", None),
    18: ("H", b"%d", None),
    20: ("q", b"%d", None),
    21: ("Q", b"%d", None),
    22: ("B", b"%d", None),
    23: ("f", b"%b", _real),
    24: ("d", b"%b", _real),
    28: ("b", b"%d", None),
    29: ("h", b"%d", None),
    30: ("i", b"%d", None),
    31: ("B", b"%d", None),
    32: ("H", b"%d", None),
    33: ("I", b"%d", None),
    255: ("", b"null", None),
}
_STRINGS: dict[int, tuple[bytes, Callable[[bytes], bytes]]] = {
    OCTET_STRING: (b'"%b"', _hex),
    VISIBLE_STRING: (b"%b", _text),
}


class Rows:
    """A Shape repeated n times: mask and pattern as numbers, one struct call, one JSON template."""

    __slots__ = ("mask", "pattern", "size", "template", "unpack_from")

    def __init__(self, shape: "Shape", n: int) -> None:
        self.size = shape.size * n
        self.mask = int.from_bytes(shape.mask * n, "big")
        self.pattern = int.from_bytes(shape.pattern * n, "big")
        self.unpack_from = Pack(">" + shape.format * n).unpack_from
        self.template = b",".join([shape.template] * n)


class Shape:
    """Layout of one Data: octets, mask and pattern of its fixed ones, struct format, JSON template.

    columns: values of one row; made: (column, function) for those the template cannot write as they are.
    """

    __slots__ = ("columns", "format", "made", "mask", "pattern", "rows", "size", "template")

    def __init__(self) -> None:
        self.mask = b""
        self.pattern = b""
        self.format = ""
        self.template = b""
        self.columns = 0
        self.made: list[tuple[int, Callable[[Any], bytes]]] = []
        self.size = 0
        self.rows: dict[int, Rows] = {}

    def fixed(self, octets: bytes) -> None:
        """Octets that must be as they are."""
        self.mask += b"\xff" * len(octets)
        self.pattern += octets
        self.format += f"{len(octets)}x"

    def free(self, width: int, item: str, template: bytes, make: Callable[[Any], bytes] | None) -> None:
        """A value of so many octets."""
        self.mask += bytes(width)
        self.pattern += bytes(width)
        self.format += item
        self.template += template
        if make is not None:
            self.made.append((self.columns, make))
        if item:
            self.columns += 1

    def of(self, n: int) -> Rows:
        """The shape for n rows; the caller has n * size octets, so one is bounded by the input, all by MAX_HELD."""
        global _held
        rows = self.rows.get(n)
        if rows is None:
            rows = self.rows[n] = Rows(self, n)
            _held += 2 * rows.size + len(rows.template)
            if _held > MAX_HELD:
                _shapes.clear()
                _held = 0
        return rows

    def fits(self, octets: bytes, p: int, n: int, end: int) -> bool:
        """Whether n Data, one behind the other from p on, all have this layout: one comparison."""
        q = p + self.size * n
        if q > end:
            return False
        rows = self.rows.get(n) or self.of(n)
        return int.from_bytes(octets[p:q], "big") & rows.mask == rows.pattern

    def json(self, octets: bytes, start: int, n: int) -> bytes:
        """JSON of n rows at start, separated by commas."""
        rows = self.of(n)
        values = rows.unpack_from(octets, start)
        if self.made:
            cells: list[Any] = list(values)
            for column, make in self.made:
                cells[column :: self.columns] = [make(cell) for cell in cells[column :: self.columns]]
            values = tuple(cells)
        return rows.template % values


class Known:
    """Shapes that begin alike, last learned first. credit: learning is dear and pays by being found
    again; where layouts never come twice, one in MISSES_A_LEARNING is still tried."""

    __slots__ = ("credit", "misses", "shapes")

    def __init__(self) -> None:
        self.shapes: list[Shape] = []
        self.credit = CREDIT
        self.misses = 0

    def may_learn(self) -> bool:
        self.misses += 1
        if self.credit:
            self.credit -= 1
            return True
        return self.misses % MISSES_A_LEARNING == 0


_shapes: dict[bytes, Known] = {}
_held = 0


def _learn(shape: Shape, octets: bytes, p: int, end: int, nesting: int) -> int:
    """Adds the Data at p to the shape; gives its end, -1 where it has no fixed layout or is cut off."""
    if p >= end or shape.columns > MAX_PARTS or len(shape.mask) > 8 * MAX_PARTS:
        return -1
    tag = octets[p]
    shape.template += b'{"type":"%b","value":' % NAMES.get(tag, "").encode()
    if tag in _SCALARS:
        item, template, make = _SCALARS[tag]
        shape.fixed(octets[p : p + 1])
        shape.free(WIDTHS[tag], item, template, make)
        p += 1 + WIDTHS[tag]
    elif tag in _STRINGS:
        if p + 1 >= end or octets[p + 1] > 127:
            return -1
        width = octets[p + 1]
        text, make = _STRINGS[tag]
        shape.fixed(octets[p : p + 2])
        shape.free(width, f"{width}s", text, make)
        p += 2 + width
    elif tag in (ARRAY, STRUCTURE):
        if nesting >= MAX_NESTING or p + 1 >= end or octets[p + 1] > 127:
            return -1
        n = octets[p + 1]
        shape.fixed(octets[p : p + 2])
        shape.template += b"["
        p += 2
        for i in range(n):
            shape.template += b"," if i else b""
            p = _learn(shape, octets, p, end, nesting + 1)
            if p < 0:
                return -1
        shape.template += b"]"
    else:
        return -1
    shape.template += b"}"
    return p if p <= end else -1


def learn(octets: bytes, p: int, end: int) -> Shape | None:
    """Shape of the Data at p, None where it has none."""
    shape = Shape()
    q = _learn(shape, octets, p, end, 0)
    if q < 0:
        return None
    shape.size = q - p
    return shape


def match(octets: bytes, p: int, n: int, end: int) -> Shape | None:
    """The shape that n Data, one behind the other from p on, all have; None where they have none."""
    global _held
    key = octets[p : p + 3]
    known = _shapes.get(key)
    if known is None:
        known = _shapes[key] = Known()
        _held += OCTETS_A_KEY
    for shape in known.shapes:
        if shape.fits(octets, p, n, end):
            known.credit = CREDIT
            return shape
    learned = learn(octets, p, end) if known.may_learn() else None
    if learned is None:
        return None
    known.shapes.insert(0, learned)
    del known.shapes[SHAPES_A_KEY:]
    return learned if learned.fits(octets, p, n, end) else None
