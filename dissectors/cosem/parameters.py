"""What a method is asked to do, in words: its parameters by class and method (IEC 62056-6-2, 5).

No key, password or challenge is ever put in words: where one is carried, its length stands.
"""

from collections.abc import Callable, Mapping

from dissectors.cosem import classes, datetime, meaning, obis
from dissectors.cosem.classes import EMPTY, Extra
from dissectors.cosem.enumerations import KEY_IDS, KEY_PAIRS, Words, policy, word
from dissectors.data_types import Data

Parts = list[Data]


def _parts(data: Data, least: int) -> Parts | None:
    return data.value if isinstance(data.value, list) and len(data.value) >= least else None


def _whole(data: Data) -> int | None:
    return data.value if isinstance(data.value, int) and not isinstance(data.value, bool) else None


def _octets(data: Data) -> bytes:
    if data.type == "octet-string":
        return meaning.octets_of(data.value) or b""
    return str(data.value).encode() if data.type in ("visible-string", "utf8-string") else b""


def _number(words: str) -> Callable[[Data], str | None]:
    """ "execute script 4" of one number."""

    def show(data: Data) -> str | None:
        value = _whole(data)
        return None if value is None else words.format(value)

    return show


def _word(words: str, known: Words) -> Callable[[Data], str | None]:
    def show(data: Data) -> str | None:
        value = _whole(data)
        return None if value is None else words.format(word(known, value))

    return show


def _length(words: str) -> Callable[[Data], str | None]:
    def show(data: Data) -> str | None:
        octets = _octets(data)
        return words.format(len(octets)) if octets else None

    return show


def _structure(words: str, name: str) -> Callable[[Data], str | None]:
    """A structure of the catalogue by its components."""

    def show(data: Data) -> str | None:
        shown = meaning.structure_text(name, data) if data.type == "structure" else None
        return None if shown is None else f"{words}: {shown}"

    return show


def _initiate(data: Data) -> str | None:
    parts = _parts(data, 2)
    size = _whole(parts[1]) if parts else None
    if parts is None or size is None:
        return None
    octets = _octets(parts[0])
    return f"image {meaning.plain_text(octets) or octets.hex().upper()}, {size} octets"


def block(data: Data) -> tuple[int, int] | None:
    """Number and octets of an image block; None for any other Data."""
    parts = _parts(data, 2)
    number = _whole(parts[0]) if parts else None
    if parts is None or number is None or parts[1].type != "octet-string":
        return None
    return number, len(parts[1].value) // 2


def _image_block(data: Data) -> str | None:
    found = block(data)
    return None if found is None else f"image block {found[0]}, {found[1]} octets"


def _preset(data: Data) -> str | None:
    parts = _parts(data, 3)
    if parts is None:
        return None
    times = [datetime.text(_octets(part)) for part in parts[:3]]
    return f"to {times[0]}, valid from {times[1]} to {times[2]}" if all(times) else None


def _keys(verb: str) -> Callable[[Data], str | None]:
    """key_transfer and key_agreement: arrays of {key_id, octets}."""

    def show(data: Data) -> str | None:
        out = []
        for entry in data.value if isinstance(data.value, list) else ():
            parts = _parts(entry, 2)
            number = _whole(parts[0]) if parts else None
            if parts is None or number is None:
                return None
            out.append(f"{word(KEY_IDS, number)} ({len(_octets(parts[1]))} octets)")
        return f"{verb} {', '.join(out)}" if out else None

    return show


def _security(data: Data) -> str | None:
    value = _whole(data)
    return None if value is None else f"security policy: {policy(value, None)}"


def _register(data: Data) -> str | None:
    parts = _parts(data, 2)
    if parts is None:
        return None
    class_id, octets = _whole(parts[0]), _octets(parts[1])
    if class_id is None or len(octets) != 6:
        return None
    return f"{classes.class_name(class_id)} {obis.text(octets)} {obis.name(octets).text}"


def _days(data: Data) -> str | None:
    parts = _parts(data, 3)
    return _structure("insert", "spec_day_entry")(data) if parts else None


def _enable(data: Data) -> str | None:
    """Schedule: firstIndexA, lastIndexA to disable, firstIndexB, lastIndexB to enable; 0 for none."""
    parts = _parts(data, 4)
    numbers = [_whole(part) for part in parts[:4]] if parts else []
    if len(numbers) != 4 or None in numbers:
        return None
    a, b, c, d = numbers
    shown = [f"disable entries {a} to {b}"] if a else []
    return "; ".join(shown + ([f"enable entries {c} to {d}"] if c else [])) or "nothing"


_METHODS: Mapping[tuple[int, int], Callable[[Data], str | None]] = {
    (6, 1): _register,
    (8, 5): _preset,
    (8, 6): _number("shift by {} s"),
    (9, 1): _number("execute script {}"),
    (10, 1): _enable,
    (10, 2): _structure("insert", "schedule_table_entry"),
    (11, 1): _days,
    (11, 2): _number("delete entry {}"),
    (12, 5): _length("new password of {} octets"),
    (12, 6): _length("new secret of {} octets"),
    (12, 8): _length("answer to the challenge, {} octets"),
    (15, 1): _length("answer to the challenge, {} octets"),
    (15, 2): _length("new secret of {} octets"),
    (15, 3): _structure("add", "object_list_element_ln"),
    (15, 4): _structure("remove", "object_list_element_ln"),
    (15, 5): _structure("add", "user_list_entry"),
    (15, 6): _structure("remove", "user_list_entry"),
    (17, 1): _structure("connect", "asslist_element"),
    (18, 1): _initiate,
    (18, 2): _image_block,
    (64, 1): _security,
    (64, 2): _keys("transfer"),
    (64, 3): _keys("agree"),
    (64, 4): _word("generate the {}", KEY_PAIRS),
    (64, 5): _word("certificate request for the {}", KEY_PAIRS),
    (64, 6): _length("certificate of {} octets"),
    (70, 1): lambda data: "open the relay",
    (70, 2): lambda data: "close the relay, or make it ready",
    (112, 1): _number("change by {}"),
    (112, 2): _number("set to {}"),
    (113, 4): _number("change by {}"),
    (113, 5): _number("set to {}"),
    (115, 1): _length("token of {} octets"),
}


def text(class_id: int, method: int, data: Data, extra: Extra = EMPTY) -> str | None:
    """The method's parameters in words, None where nothing more is known than the value itself."""
    if method < 1 or any(entry.class_id == class_id for entry in extra.classes):
        return None
    show = _METHODS.get((class_id, method))
    return None if show is None else show(data)


__all__ = ["block", "text"]
