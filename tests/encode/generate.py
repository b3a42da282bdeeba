"""Hypothesis strategies: COSEM Data, and octets damaged the way a wire or a capture damages them."""

from hypothesis import strategies as st

from dissectors.data_types import Data


def _real(value: float) -> float | str:
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), value)


def _integers(name: str, bits: int, signed: bool) -> st.SearchStrategy[Data]:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return st.builds(Data, st.just(name), st.integers(low, high))


def _hex(name: str, least: int, most: int) -> st.SearchStrategy[Data]:
    return st.builds(Data, st.just(name), st.binary(min_size=least, max_size=most).map(lambda o: o.hex().upper()))


CLOCKS = ("07E7070604", "FFFFFFFFFF", "07E8FEFE05")
TIMES = ("0A362600", "FFFFFFFF", "173B3B63")
fixed = st.one_of(
    st.builds(Data, st.sampled_from(("null-data", "dont-care")), st.none()),
    st.builds(Data, st.just("boolean"), st.booleans()),
    _integers("double-long", 32, True),
    _integers("double-long-unsigned", 32, False),
    _integers("integer", 8, True),
    _integers("long", 16, True),
    _integers("unsigned", 8, False),
    _integers("long-unsigned", 16, False),
    _integers("long64", 64, True),
    _integers("long64-unsigned", 64, False),
    _integers("enum", 8, False),
    _integers("delta-integer", 8, True),
    _integers("delta-long", 16, True),
    _integers("delta-double-long", 32, True),
    _integers("delta-unsigned", 8, False),
    _integers("delta-long-unsigned", 16, False),
    _integers("delta-double-long-unsigned", 32, False),
    st.builds(Data, st.just("float32"), st.floats(width=32).map(_real)),
    st.builds(Data, st.just("float64"), st.floats().map(_real)),
    _hex("bcd", 1, 1),
)
strings = st.one_of(
    _hex("octet-string", 0, 140),
    st.builds(Data, st.just("visible-string"), st.text(st.characters(max_codepoint=255), max_size=20)),
)
checked = st.one_of(
    st.builds(Data, st.just("utf8-string"), st.text(max_size=20)),
    st.builds(Data, st.just("bit-string"), st.text("01", max_size=40)),
    st.builds(Data, st.just("date"), st.sampled_from(CLOCKS)),
    st.builds(Data, st.just("time"), st.sampled_from(TIMES)),
    st.builds(
        lambda day, time, rest: Data("date-time", day + time + rest),
        st.sampled_from(CLOCKS),
        st.sampled_from(TIMES),
        st.sampled_from(("FFC480", "800000", "003C00", "8000FF")),
    ),
)
scalars = st.one_of(fixed, strings, checked)
datas = st.recursive(
    scalars,
    lambda inner: st.builds(Data, st.sampled_from(("array", "structure")), st.lists(inner, max_size=5)),
    max_leaves=12,
)


@st.composite
def tables(draw: st.DrawFn) -> Data:
    """An array of equal structures of fixed layout, as a load profile buffer: rows differ in values only."""
    columns = draw(st.lists(st.one_of(fixed, strings), min_size=1, max_size=5))
    rows = []
    for _ in range(draw(st.integers(1, 6))):
        cells = []
        for column in columns:
            value = column.value
            if column.type == "octet-string":
                value = draw(st.binary(min_size=len(value) // 2, max_size=len(value) // 2)).hex().upper()
            elif column.type in ("unsigned", "long-unsigned", "double-long-unsigned"):
                value = draw(st.integers(0, 255))
            cells.append(Data(column.type, value))
        rows.append(Data("structure", cells))
    return Data("array", rows)


@st.composite
def damaged(draw: st.DrawFn, sound: bytes) -> bytes:
    """Octets changed, cut off, appended, taken out or doubled in up to three places."""
    octets = bytearray(sound)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(0, len(octets) - 1)))
        how = draw(st.sampled_from(("set", "set", "cut", "append", "remove", "double")))
        if how == "set" and octets:
            octets[at] = draw(st.one_of(st.sampled_from((0, 1, 2, 0x7F, 0x80, 0x84, 0xFF)), st.integers(0, 255)))
        elif how == "cut":
            del octets[at:]
        elif how == "append":
            octets += draw(st.binary(max_size=6))
        elif how == "remove":
            del octets[at : at + draw(st.integers(1, 4))]
        else:
            octets[at:at] = octets[at : at + draw(st.integers(1, 8))]
    return bytes(octets)
