"""Fast ways to prove a Data and to write it as JSON; equal to data.scan and data.build in every case.

Scalars go by tables, arrays of equal elements and structures of fixed layout by shape.py, all else
by the cursor walk.
"""

from dissectors import data, shape
from dissectors.cursor import Cursor
from dissectors.data_types import (
    ARRAY,
    CHECKED,
    INTEGERS,
    NAMES,
    OCTET_STRING,
    SIGNED,
    STRUCTURE,
    VISIBLE_STRING,
    WIDTHS,
)

# Octets of tag and value for types of fixed width that cannot be noted as wrong, else 0.
_WHOLE = tuple(0 if WIDTHS[tag] < 0 or tag in CHECKED else 1 + WIDTHS[tag] for tag in range(256))
_STRINGS = frozenset({OCTET_STRING, VISIBLE_STRING})
_INTEGER: dict[int, tuple[bytes, int, bool]] = {
    tag: (b'{"type":"%b","value":%%d}' % NAMES[tag].encode(), _WHOLE[tag], tag in SIGNED) for tag in INTEGERS
}


def prove(octets: bytes, p: int, end: int) -> int:
    """End of the Data at p where it is one of the usual and without fault; -1: data.scan has to tell."""
    if p + 1 >= end:
        return p + 1 if p < end and _WHOLE[octets[p]] == 1 else -1
    tag = octets[p]
    whole = _WHOLE[tag]
    if whole:
        q = p + whole
        return q if q <= end else -1
    n = octets[p + 1]
    if n > 127:
        return -1
    q = p + 2
    if tag in _STRINGS:
        q += n
        return q if q <= end else -1
    if tag == ARRAY:
        if not n:
            return q
        found = shape.match(octets, q, n, end)
        return -1 if found is None else q + n * found.size
    if tag == STRUCTURE:
        found = shape.match(octets, p, 1, end)
        return -1 if found is None else p + found.size
    return -1


def scan(octets: bytes, start: int, end: int) -> int:
    """End of the Data at start; raises Stop as data.scan does."""
    q = prove(octets, start, end)
    if q >= 0:
        return q
    c = Cursor(octets, start, end)
    data.scan(c)
    return c.pos


def json(octets: bytes) -> bytes:
    """JSON of the Data that the octets are; raises Stop as data.build does.

    What stands behind the Data is passed over.
    """
    end = len(octets)
    if end > 1:
        tag = octets[0]
        integer = _INTEGER.get(tag)
        if integer is not None:
            template, whole, signed = integer
            if end == whole:
                return template % int.from_bytes(octets[1:], "big", signed=signed)
        elif octets[1] < 128:
            if tag == OCTET_STRING:
                if end == 2 + octets[1]:
                    return b'{"type":"octet-string","value":"%b"}' % octets[2:].hex().upper().encode()
            elif tag == ARRAY:
                n = octets[1]
                found = shape.match(octets, 2, n, end) if n else None
                if found is not None:
                    return b'{"type":"array","value":[%b]}' % found.json(octets, 2, n)
            elif tag == STRUCTURE:
                found = shape.match(octets, 0, 1, end)
                if found is not None:
                    return found.json(octets, 0, 1)
    return data.to_json(data.build(Cursor(octets)))
