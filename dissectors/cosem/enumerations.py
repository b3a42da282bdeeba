"""Words for states of objects beyond the tables of classes.json: relay modes, security policies, prepayment, modems
(IEC 62056-6-2, 5).

Values of an enum, bits of a bit-string or number, and structures whose components are enumerations. An
unknown value stays a number with "not defined" beside it.
"""

from collections.abc import Mapping

from dissectors.cosem import classes
from dissectors.data_types import Data

Words = Mapping[int, str]
Place = tuple[int, int]  # class and attribute

ACCOUNT_MODES: Words = {1: "credit mode", 2: "prepayment mode"}
ACCOUNT_STATES: Words = {1: "new (inactive) account", 2: "account active", 3: "account closed"}
TOKEN_STATES: Words = {
    0: "format ok", 1: "authentication ok", 2: "validation ok", 3: "token execution ok", 4: "format failure",
    5: "authentication failure", 6: "validation failure", 7: "token execution failure",
    8: "token received, not yet processed",
}  # fmt: skip
KEY_IDS: Words = {
    0: "global unicast encryption key", 1: "global broadcast encryption key", 2: "global authentication key",
    3: "master key",
}  # fmt: skip
KEY_PAIRS: Words = {0: "digital signature key pair", 1: "key agreement key pair", 2: "TLS key pair"}

# control_mode: may the relay be switched remotely, manually (at the meter), locally (by the meter itself)
CONTROL_MODES: Words = {
    0: "always connected",
    1: "disconnect remote, manual, local; reconnect remote and manual",
    2: "disconnect remote, manual, local; reconnect remote and then ready, or manual",
    3: "disconnect remote and local; reconnect remote and then ready",
    4: "disconnect remote and local; reconnect remote",
    5: "disconnect remote, manual, local; reconnect remote, manual, local",
    6: "disconnect remote and local; reconnect remote, manual, local",
}

VALUES: Mapping[Place, Words] = {
    (70, 4): CONTROL_MODES,
    (112, 3): {
        0: "token credit", 1: "reserved credit", 2: "emergency credit", 3: "time based credit",
        4: "consumption based credit",
    },
    (112, 8): {0: "enabled", 1: "selectable", 2: "selected or invoked", 3: "in use", 4: "exhausted"},
    (113, 3): {0: "consumption based collection", 1: "time based collection", 2: "payment event based collection"},
    (115, 5): {0: "remote", 1: "local", 2: "manual"},
    (47, 3): {
        0: "not registered", 1: "registered, home network", 2: "not registered, searching", 3: "registration denied",
        4: "unknown", 5: "registered, roaming",
    },
    (47, 4): {0: "inactive", 1: "incoming call", 2: "active"},
    (47, 5): {0: "inactive", 1: "GPRS", 2: "EDGE", 3: "UMTS", 4: "HSDPA", 5: "LTE", 6: "CDMA", 7: "LTE-M", 8: "NB-IoT"},
    (62, 6): {0: "capture upon reading", 1: "capture upon invoking"},
    (124, 2): {0: "locked", 1: "locked on failed attempts", 2: "unlocked"},
    (124, 8): {0: "unlocked", 1: "temporarily locked", 2: "locked"},
    (40, 11): {0: "unconfirmed, retry on failure of the lower layers", 1: "unconfirmed, retry on missing confirmation "
               "of the lower layers", 2: "confirmed, retry on missing confirmation"},
}  # fmt: skip

# bits of a bit-string, the first one 0
BITS: Mapping[Place, Words] = {
    (111, 4): {
        0: "in credit", 1: "low credit", 2: "next credit enabled", 3: "next credit selectable",
        4: "next credit selected", 5: "selectable credit in use", 6: "out of credit",
    },
    (112, 7): {
        0: "requires visual indication", 1: "requires confirmation", 2: "requires the credit amount to be paid back",
        3: "resettable", 4: "able to receive credit amounts from tokens",
    },
    (113, 9): {0: "percentage based collection", 1: "continuous collection"},
}  # fmt: skip

# a structure by its components: name, and words where the component is an enumeration
STRUCTURES: Mapping[Place, tuple[tuple[str, Words], ...]] = {
    (111, 2): (("mode", ACCOUNT_MODES), ("status", ACCOUNT_STATES)),
    (115, 6): (("status", TOKEN_STATES), ("data value", {})),
}


def word(words: Words, value: int) -> str:
    """The word of a value; "7 (not defined)" for one without."""
    return words.get(value) or f"{value} (not defined)"


def policy(value: int, version: int | None) -> str:
    """security_policy: an enumeration in version 0, bits from version 1 on; None: told by the value."""
    if version == 0 or (version is None and 0 < value < 4):
        return word(classes.values("security_policy_v0"), value)
    names = classes.bits("security_policy_v1")
    return ", ".join(names.get(bit, f"bit {bit}") for bit in range(8) if value >> bit & 1) or "nothing"


def _integer(data: Data) -> int | None:
    return data.value if isinstance(data.value, int) and not isinstance(data.value, bool) else None


def text(class_id: int, attribute: int, data: Data, version: int | None = None) -> str | None:
    """The value in words, None where this file knows none. version: of the object's class, None unknown."""
    place = (class_id, attribute)
    value = _integer(data)
    if value is not None:
        if place == (64, 2):
            return policy(value, version)
        words = VALUES.get(place)
        return None if words is None else word(words, value)
    if data.type == "boolean" and place == (70, 2):
        return "connected" if data.value else "disconnected"
    if data.type == "bit-string" and place in BITS:
        named = BITS[place]
        return ", ".join(named.get(i, f"bit {i}") for i, bit in enumerate(data.value) if bit == "1") or "none"
    parts = STRUCTURES.get(place)
    if parts is None or data.type != "structure" or len(data.value) != len(parts):
        return None
    shown = []
    for (name, words), part in zip(parts, data.value):
        number = _integer(part)
        shown.append(f"{name} {word(words, number) if words and number is not None else part.value}")
    return ", ".join(shown)
