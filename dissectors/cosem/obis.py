"""OBIS codes: octets and text forms, names from patterns or composed from the value groups (IEC 62056-6-1).

Patterns: six groups with dots between; a number is itself, "m-n" an inclusive range, "a|b" are
alternatives, b is 0 to 64 (channel), e any value, f is 255 or a billing period (0 to 126). The most
specific pattern wins, a profile's own before the catalogue's.
"""

import re
from functools import cache, lru_cache

import msgspec

from dissectors.cosem.classes import EMPTY, Extra, Pattern
from dissectors.cosem.tables import load
from dissectors.record import Value

FULL = re.compile(r"(\d{1,3})-(\d{1,3}):(\d{1,3})\.(\d{1,3})\.(\d{1,3})[*&](\d{1,3})", re.ASCII)
REDUCED = re.compile(
    r"(?:(\d{1,3})-)?(?:(\d{1,3}):)?(\d{1,3}|[CFLP])\.(\d{1,3})(?:\.(\d{1,3}))?(?:[*&](\d{1,3}))?", re.ASCII
)
LETTERS = {"C": 96, "F": 97, "L": 98, "P": 99}  # what displays of meters show for these values of C
CONSORTIA, COUNTRY = 93, 94
HARMONICS = {124: "THD", 125: "TDD", 126: "all harmonics", 127: "all harmonics to nominal value ratio"}
HARMONIC_C = frozenset((11, 12, 15, 31, 32, 35, 51, 52, 55, 71, 72, 75, 90, 91, 92))
PHASES = frozenset(("L0", "L1", "L2", "L3", "L1-L2", "L2-L3", "L3-L1"))
ANGLES_C, LOSSES_C = 81, 83
SERVICE_C = frozenset((0, 96, 97, 98, 99))
CACHED = 4096  # codes; a scan over all codes must not fill the memory


class Name(Value, frozen=True, gc=False):
    """The machine-readable name of one code.

    text: all of it for a person. status: "standard", "manufacturer", "utility", "consortia",
    "country" or "reserved". class_ids: classes that may carry it, () for any. rate: 0 for total,
    -1 where E is no rate. period: billing period in words, "" for the current one.
    """

    text: str
    medium: str
    channel: int
    quantity: str
    phase: str = ""
    processing: str = ""
    rate: int = -1
    period: str = ""
    class_ids: tuple[int, ...] = ()
    status: str = "standard"
    pattern: str = ""


class _Tables(msgspec.Struct, frozen=True):
    A: dict[int, str]
    country: dict[int, str]
    electricity: dict[int, tuple[str, str, str]]
    C: dict[int, dict[int, str]]
    D: dict[str, dict[int, str]]
    E: dict[str, dict[int, str]]
    patterns: tuple[Pattern, ...]


@cache
def _tables() -> _Tables:
    return load("obis", _Tables)


# --- text forms -----------------------------------------------------------------------------------


def text(code: bytes) -> str:
    """Six octets as "1-0:1.8.0*255"; other octets as hex."""
    if len(code) != 6:
        return code.hex().upper()
    return "{}-{}:{}.{}.{}*{}".format(*code)


def dotted(code: bytes) -> str:
    """Six octets as "1.0.1.8.0.255"."""
    return ".".join(map(str, code))


def parse(words: str) -> bytes | None:
    """Octets of "1-0:1.8.0*255", "1.0.1.8.0.255", "0100010800FF" or a reduced "1.8.0"; None for other text.

    Groups that a reduced form leaves out: A 1, B 0, E 0, F 255 (IEC 62056-21: electricity, no
    channel, total, current).
    """
    words = words.strip()
    if len(words) == 12:
        try:
            return bytes.fromhex(words)
        except ValueError:
            pass
    parts = words.split(".")
    if len(parts) == 6 and all(part.isascii() and part.isdigit() for part in parts):
        groups = parts
    else:
        match = FULL.fullmatch(words) or REDUCED.fullmatch(words)
        if match is None:
            return None
        groups = [found if found else other for found, other in zip(match.groups(), ("1", "0", "", "", "0", "255"))]
        groups[2] = str(LETTERS.get(groups[2], groups[2]))
    numbers = [int(group) for group in groups if len(group) <= 3]
    return bytes(numbers) if len(numbers) == 6 and max(numbers) < 256 else None


# --- patterns -------------------------------------------------------------------------------------

_LETTERS = {"b": (1 << 65) - 1, "e": (1 << 256) - 1, "f": (1 << 127) - 1 | 1 << 255}


@cache
def _mask(token: str) -> int:
    """The values a group's token allows, as bits of a number. ValueError for a token that is none."""
    mask = 0
    for part in token.split("|"):
        known = _LETTERS.get(part)
        if known is not None:
            mask |= known
            continue
        low, _, high = part.partition("-")
        first, last = int(low), int(high or low)
        if not 0 <= first <= last <= 255:
            raise ValueError(f"{part!r} is no range of 0 to 255")
        mask |= (1 << last + 1) - (1 << first)
    return mask


def check_pattern(code: str) -> str | None:
    """What is wrong with a pattern, for the reader of a profile; None for a sound one."""
    tokens = code.split(".")
    if len(tokens) != 6:
        return f"{code!r} has {len(tokens)} groups, six are expected: A.B.C.D.E.F"
    try:
        for token in tokens:
            _mask(token)
    except ValueError:
        return f"{code!r}: {token!r} is no number, range, alternative, b, e or f"
    return None


def _matches(pattern: Pattern, code: bytes) -> bool:
    return all(_mask(token) >> value & 1 for token, value in zip(pattern.code.split("."), code, strict=True))


@lru_cache(maxsize=512)
def _candidates(medium: int, quantity: int) -> tuple[Pattern, ...]:
    """The catalogue's patterns that allow these values of A and C, the most specific first."""
    out = []
    for pattern in _tables().patterns:
        a, _, c, *_ = pattern.code.split(".")
        if _mask(a) >> medium & 1 and _mask(c) >> quantity & 1:
            out.append(pattern)
    return tuple(out)


def _find(code: bytes, extra: Extra) -> Pattern | None:
    for pattern in extra.obis:
        if check_pattern(pattern.code) is None and _matches(pattern, code):
            return pattern
    for pattern in _candidates(code[0], code[2]):
        if _matches(pattern, code):
            return pattern
    return None


# --- names ----------------------------------------------------------------------------------------


def _manufacturer(code: bytes, pattern: Pattern | None) -> bool:
    """Some group lies in its manufacturer range, and the pattern does not name that value itself."""
    tokens = pattern.code.split(".") if pattern else ("b", "b", "e", "e", "e", "f")
    _, b, c, d, e, f = code
    ranges = (
        128 <= b <= 199,
        128 <= c <= 199 or c == 240,
        128 <= d <= 254,
        128 <= e <= 254,
        128 <= f <= 254,
    )
    return any(inside and token in _LETTERS for inside, token in zip(ranges, tokens[1:]))


def _status(code: bytes, pattern: Pattern | None, known: bool) -> str:
    a, b, c = code[:3]
    if _manufacturer(code, pattern):
        return "manufacturer"
    if 65 <= b <= 127:
        return "utility"
    if c == CONSORTIA:
        return "consortia"
    if c == COUNTRY:
        return "country"
    if a not in _tables().A or b >= 200 or not (pattern or known):
        return "reserved"
    return "standard"


def _period(code: bytes) -> str:
    a, _, c, d, _, f = code
    if f == 255:
        return ""
    if c in (CONSORTIA, COUNTRY):  # what F means there is theirs to say
        return f"F {f}"
    if f <= 99:
        return f"threshold {f}" if a == 1 and d in (31, 35, 39) else f"billing period {f}"
    if f == 101:
        return "last billing period"
    if 102 <= f <= 125:
        return f"billing period {f - 100} before the current one"
    return "unspecified number of last billing periods" if f == 126 else f"F {f}"


def _rate(e: int, most: int) -> tuple[str, int]:
    if e == 0:
        return "", 0
    return (f"rate {e}", e) if e <= most else (f"E {e}", -1)


class _Composed(msgspec.Struct, frozen=True):
    quantity: str
    phase: str = ""
    processing: str = ""
    detail: str = ""
    rate: int = -1
    known: bool = True


def _electricity(c: int, d: int, e: int) -> _Composed | None:
    tables = _tables()
    row = tables.electricity.get(c)
    if row is None:
        return None
    name, phase, energy = row
    phase = phase if phase in PHASES else ""
    service = c in SERVICE_C  # their D and E name things, not processing and rates
    processing = "" if service else tables.D["1"].get(d, "")
    if c == ANGLES_C and d == 7:
        return _Composed(name, phase, tables.E["angles"].get(e) or f"{processing}, E {e}")
    if c == LOSSES_C and e in tables.E["losses"]:
        return _Composed(tables.E["losses"][e], phase, processing or f"D {d}", known=bool(processing))
    if processing.startswith("Time integral") and energy:
        name = energy
    known = bool(processing) or service
    if d == 32 and c in (12, 32, 52, 72):
        return _Composed(name, phase, processing, tables.E["dips"].get(e, f"E {e}"), known=known)
    if c in HARMONIC_C and d in (7, 24, 56) and e:
        return _Composed(name, phase, processing, HARMONICS.get(e) or f"harmonic {e}", known=known)
    if service:
        return _Composed(name, phase, f"D {d}", f"E {e}" if e else "", known=known)
    detail, rate = _rate(e, 63)
    return _Composed(name, phase, processing or f"D {d}", detail, rate, known)


_GAS_D = (
    (frozenset((*range(1, 9), *range(11, 17), *range(21, 27), *range(31, 37), *range(61, 67))), "index"),
    (frozenset((43,)), "flow"),
    (frozenset((41, 42, *range(44, 50))), "process"),
    (frozenset(range(51, 56)), "conversion"),
    (frozenset((70,)), "analysis"),
)


def _gas(c: int, d: int, e: int) -> _Composed | None:
    tables = _tables()
    name = tables.C[7].get(c)
    if name is None:
        return None
    table = next((key for values, key in _GAS_D if c in values), "")
    processing = tables.D[table].get(d, "") if table else ""
    known = bool(processing) or not table
    if c == 70 or (table == "conversion" and d != 12):
        return _Composed(name, "", processing or f"D {d}", tables.E["average"].get(e, f"E {e}"), known=known)
    if table == "conversion":
        method = "calculation method in use" if e == 0 else f"calculation method {e} supported"
        return _Composed(name, "", processing, method)
    detail, rate = _rate(e, 63)
    return _Composed(name, "", processing or f"D {d}", detail, rate, known)


# Medium → the medium whose tables it shares (6 with 5, 9 with 8).
_SHARED = {4: 4, 5: 5, 6: 5, 8: 8, 9: 8}


def _compose(code: bytes) -> _Composed | None:
    """A name from the tables of the medium, None where C is not allocated."""
    a, _, c, d, e, _ = code
    if a == 1:
        return _electricity(c, d, e)
    if a == 7:
        return _gas(c, d, e)
    tables = _tables()
    if a in _SHARED:
        medium = _SHARED[a]
        name = tables.C[medium].get(c)
        if name is None:
            return None
        processing = tables.D[str(medium)].get(d, "")
        detail, rate = _rate(e, 9)
        return _Composed(name, "", processing or f"D {d}", detail, rate, bool(processing) or c == 0)
    name = tables.C[0 if a == 0 else 15].get(c) if a in (0, 15) else None
    return None if name is None else _Composed(name, "", f"D {d}", f"E {e}" if e else "")


_PLACE = re.compile(r"\b([ef])([+-]\d+)?\b")


def _filled(pattern: Pattern, code: bytes) -> str:
    """The pattern's name with its "e+1" or "rate e" as numbers."""
    return _PLACE.sub(lambda m: str(code[4 if m[1] == "e" else 5] + int(m[2] or 0)), pattern.name)


@lru_cache(maxsize=CACHED)
def name(code: bytes, extra: Extra = EMPTY) -> Name:
    """The name of six octets. Never fails: what no table knows is named by its groups and its status."""
    if len(code) != 6:
        return Name(f"not an OBIS code ({len(code)} octets)", "", -1, "", status="reserved")
    medium = _tables().A.get(code[0], f"medium {code[0]}")
    channel = code[1] if code[1] <= 64 else -1
    pattern = _find(code, extra)
    composed = None if pattern else _compose(code)
    status = "standard" if pattern in extra.obis else _status(code, pattern, composed is not None and composed.known)
    if pattern is not None:
        quantity, phase, processing, rate, detail = _filled(pattern, code), "", "", -1, ""
        words = quantity
    elif code[2] == COUNTRY:
        country = _tables().country.get(code[3], f"country {code[3]}")
        quantity, phase, processing, rate, detail = "Country specific", "", country, -1, f"E {code[4]}"
        words = f"{quantity}: {country}, {detail}"
    elif composed is not None:
        quantity, phase, processing, rate = composed.quantity, composed.phase, composed.processing, composed.rate
        detail = composed.detail
        words = f"{quantity} {phase}: {processing}" if phase else f"{quantity}: {processing}"
        if detail:
            words += f", {detail}"
    else:
        quantity, phase, processing, rate = f"C {code[2]}", "", f"D {code[3]}", -1
        words = f"{medium}: {quantity}, {processing}, E {code[4]}"
    period = _period(code) if pattern is None or pattern.code.endswith(".f") else ""
    extras = [period] if period else []
    if channel > 0:
        extras.append(f"channel {channel}")
    if status not in ("standard", "country", "consortia"):
        extras.append("manufacturer specific" if status == "manufacturer" else f"{status} code")
    words = ", ".join((words, *extras))
    return Name(
        words,
        medium,
        channel,
        quantity,
        phase,
        processing,
        rate,
        period,
        pattern.class_ids if pattern else (),
        status,
        pattern.code if pattern else "",
    )
