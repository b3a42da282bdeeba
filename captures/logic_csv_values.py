"""Values and times as logic analyzers write them: one octet in hexadecimal, decimal, binary or as a character.

Characters that cannot be shown come as `\\r`, `'13'`, `[0D]`, `\\x0D`, a comma as COMMA, a space as `' '`.
"""

import re

from captures import logtime

PS_OF_NS = 1_000

_SINGLE = {"COMMA": 0x2C, "' '": 0x20, "SPACE": 0x20, "TAB": 0x09}
_ESCAPES = {
    "0": 0,
    "a": 7,
    "b": 8,
    "t": 9,
    "n": 10,
    "v": 11,
    "f": 12,
    "r": 13,
    "e": 27,
    "\\": 0x5C,
    '"': 0x22,
    "'": 0x27,
}
_HEX = re.compile(r"0[xX]([0-9A-Fa-f]{1,2})")
_BOTH = re.compile(r".*\((?:0[xX])([0-9A-Fa-f]{1,2})\)", re.DOTALL)  # ~ (0x7E)
_BINARY = re.compile(r"(?:0b)?([01]{4} ?[01]{4})")
_NUMBERED = re.compile(r"'(\d{1,3})'|\[([0-9A-Fa-f]{2})\]|\\x([0-9A-Fa-f]{2})")
_DECIMAL = re.compile(r"\d{1,2}|1\d\d|2[0-4]\d|25[0-5]")
_PAIR = re.compile(r"[0-9A-Fa-f]{2}")


def radix(values: list[str], bare_hex: bool) -> str:
    """How values without a prefix are meant: "hex", "decimal" or "character", by all of a sample.

    bare_hex: whether the form writes two hexadecimal digits without a prefix.
    """
    bare = [value for value in values if not _HEX.fullmatch(value) and not _BINARY.fullmatch(value)]
    if bare_hex and all(_PAIR.fullmatch(value) for value in bare):
        return "hex"
    if all(_DECIMAL.fullmatch(value) for value in bare) and any(len(value) > 1 for value in bare):
        return "decimal"
    return "character"


def octet_of(value: str, meant: str) -> int | None:
    """The octet of a value; None for what is none."""
    for pattern, base in ((_HEX, 16), (_BOTH, 16), (_BINARY, 2)):
        match = pattern.fullmatch(value)
        if match:
            return int(match[1].replace(" ", ""), base)
    if meant != "character":
        pattern, base = (_PAIR, 16) if meant == "hex" else (_DECIMAL, 10)
        return int(value, base) if pattern.fullmatch(value) else None
    if len(value) == 1 and ord(value) < 256:
        return ord(value)
    numbered = _NUMBERED.fullmatch(value)
    if numbered:
        number = int(numbered[1]) if numbered[1] else int(numbered[2] or numbered[3], 16)
        return number if number < 256 else None
    if len(value) == 2 and value[0] == "\\":
        return _ESCAPES.get(value[1])
    return _SINGLE.get(value)


def ticks(text: str) -> int | None:
    """ps of seconds as written, exact: 0.000602500000000, -1.5, 2.375e-05."""
    match = re.fullmatch(r"([+-]?)(\d{1,10})(?:\.(\d{0,20}))?(?:[eE]([+-]?\d{1,2}))?", text.strip())
    if match is None:
        return None
    digits, power = match[2] + (match[3] or ""), 12 - len(match[3] or "") + int(match[4] or 0)
    whole: int = int(digits) * 10**power if power >= 0 else int(digits) // 10**-power
    return -whole if match[1] == "-" else whole


def resolution(text: str) -> int:
    """ps of the last digit of a time as written."""
    moment = logtime.at_start(text) if ":" in text else None
    if moment is not None:
        return moment[0].resolution_ns * PS_OF_NS
    mantissa, _, power = text.strip().lower().partition("e")
    decimals = len(mantissa.partition(".")[2]) - int(power or 0)
    return int(10 ** max(0, 12 - decimals))
