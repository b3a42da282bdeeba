"""Values that must not reach views or exports: passwords, keys, secrets, PINs (cli.md: no secret in any output).

A value is secret by the attribute or method that carries it. Its type and size stay, its content does not.
"""

from typing import Any

from dissectors.apdu import Apdu
from dissectors.cosem import classes
from dissectors.cosem.classes import EMPTY, Extra
from dissectors.data_types import Data

DOT = "•"
SHOWN = 64  # of them in a text
# By number where the member's name does not tell: HLS replies and tokens are worth keeping to oneself, too.
_NUMBERS = frozenset({(12, "method", 5), (12, "method", 6), (15, "method", 2), (64, "method", 2), (64, "method", 3)})
_OPEN = frozenset({(72, "attribute", 14), (115, "method", 1)})  # "…key_status" is a state


def secret(target: Any, extra: Extra = EMPTY) -> bool:
    """Whether the data read, written or passed there is one. target: anything with class_id, attribute, method."""
    if target is None or target.class_id < 0:
        return False
    class_id, attribute, method = target.class_id, target.attribute, target.method
    place = (class_id, "attribute", attribute) if method is None else (class_id, "method", method)
    if place in _OPEN:
        return False
    if place in _NUMBERS:
        return True
    return classes.is_secret(class_id, attribute, method, extra)


def carries(apdu: Any) -> bool:
    """Whether an APDU names a secret itself: a request does, a response does not. Any other value does not."""
    if not isinstance(apdu, Apdu):
        return False
    return secret(apdu) or any(secret(item) for item in apdu.items or ())


def mask(data: Data) -> Data:
    """The same types and sizes with every value replaced: one "•" an octet or character, numbers by None.

    Bounded by the Data's own nesting (16).
    """
    value = data.value
    if isinstance(value, list):
        return Data(data.type, [mask(part) for part in value], data.of)
    if isinstance(value, str):
        octets = len(value) // 2 if data.type in ("octet-string", "date-time", "date", "time", "bcd") else len(value)
        return Data(data.type, DOT * octets, data.of)
    return Data(data.type, None, data.of)


def mask_builtins(data: Any) -> Any:
    """The same for {"type", "value"} dictionaries as rows have them."""
    if not isinstance(data, dict) or "type" not in data:
        return data
    value = data.get("value")
    if isinstance(value, list):
        return {**data, "value": [mask_builtins(part) for part in value]}
    if isinstance(value, str):
        octets = len(value) // 2 if data["type"] in ("octet-string", "date-time", "date", "time", "bcd") else len(value)
        return {**data, "value": DOT * octets}
    return {**data, "value": None}


def masked_text(value: Any, octets: int) -> str:
    """The text of a node of so many octets without its content: the type of a Data, and dots."""
    if not isinstance(value, Data):
        return DOT * min(octets, SHOWN)
    if isinstance(value.value, list):
        return f"{value.type} of {len(value.value)}"
    shown = mask(value).value
    return value.type if shown is None else f"{value.type} {shown[:SHOWN]}"
