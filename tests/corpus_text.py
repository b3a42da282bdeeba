"""Checks of text messages (IEC 62056-21, P1) against what the readers of their sources made of them."""

import re
from typing import Any

from corpus_look import Look
from corpus_map import same

# What the readers call a value, and the data set that it is made of. Powers are shown in W.
GOLDEN = {
    "active_import_W": "1-0:1.7.0", "active_export_W": "1-0:2.7.0", "active_import_total_kWh": "1-0:1.8.0",
    "u_l1": "1-0:32.7.0", "u_l2": "1-0:52.7.0", "u_l3": "1-0:72.7.0",
    "i_l1": "1-0:31.7.0", "i_l2": "1-0:51.7.0", "i_l3": "1-0:71.7.0", "meter_id": "0-0:96.1.0",
}  # fmt: skip
ABOUT = ("decoded", "list_type", "meter_type")
TARIFFS = ("1-0:1.8.1", "1-0:1.8.2")  # a reader's total, where the telegram has none
POWERS = {"kW": 1000.0, "W": 1.0}
PARSED = re.compile(r"DataSet\(address='([^']*)', values=\[(.*)\]\)")
PARSED_VALUE = re.compile(r"DataSetValue\(value='([^']*)', unit=(?:None|'([^']*)')\)")


def texts(look: Look, field: str) -> list[str]:
    """Texts of all nodes of one field, in order."""
    return [n.text for tree in look.trees for n in tree if n.field == f"iec62056-21.{field}"]


def data_sets(look: Look) -> list[tuple[str, str]]:
    """(id, values) of each: "1.8.0", "000123.4 kWh"."""
    found = []
    for text in texts(look, "data-set"):
        name, _, values = re.sub(r"  \(.*\)$", "", text).partition(" = ")
        found.append((name, values))
    return found


def manufacturer(look: Look, value: str) -> list[str]:
    return same("manufacturer", texts(look, "manufacturer"), [value])


def identification(look: Look, value: str) -> list[str]:
    return same("identification", texts(look, "identification"), [value])


def device_address(look: Look, value: str) -> list[str]:
    return same("address", texts(look, "device-address"), [value])


def baud_character(look: Look, value: str) -> list[str]:
    """ "5 (9600)" against "5 (9600 Bd)"."""
    return same("baud", texts(look, "baud")[0].replace(" Bd", ""), value)


def enhanced(look: Look, value: str) -> list[str]:
    return same("enhanced", texts(look, "enhanced"), [value.split()[0]])


def option(look: Look, value: str) -> list[str]:
    """ "ACK 2 5 2": protocol, rate and mode of the option select message."""
    ours = [text[0] for field in ("protocol", "baud", "option") for text in texts(look, field)[-1:]]
    return same("option select", ["ACK", *ours], value.split())


def comm_mode(look: Look, value: str) -> list[str]:
    """Mode A was forced: data follow the identification without option select, at the same rate."""
    kinds = [f["kind"] for f in look.frames]
    return same(f"mode {value}", ("option-select" in kinds, kinds[-1]), (value != "A", "data"))


def values(look: Look, value: dict[str, str]) -> list[str]:
    """Codes of the library's own (6-0: for heat, 97.97 for F.F) against the ids on the line."""
    ours = dict(data_sets(look))
    wrong = []
    for code, want in value.items():
        name = code.partition(":")[2] if code not in ours else code
        name = {"97.97": "F.F", "81.7.6": "81.7.6"}.get(name, name)
        wrong += same(code, ours.get(name), want.replace("*", " "))
    return wrong


def golden(look: Look, value: dict[str, Any]) -> list[str] | None:
    """A zero is often a reader's word for "not there" and is not looked for."""
    if not value.get("decoded"):
        return None
    ours = {name: values.split(" ") for name, values in data_sets(look)}
    wrong: list[str] = []
    for name, want in value.items():
        if name in ABOUT or not want:
            continue
        code = GOLDEN[name]
        if name == "active_import_total_kWh" and code not in ours:
            found: object = round(sum(float(ours[tariff][0]) for tariff in TARIFFS if tariff in ours), 3)
        elif code not in ours:
            found = None
        elif isinstance(want, str):
            found = ours[code][0]
        else:
            found = float(ours[code][0]) * (POWERS.get(ours[code][1], 1.0) if name.endswith("_W") else 1.0)
        wrong += same(name, round(found, 3) if isinstance(found, float) else found, want)
    return wrong


def readout(look: Look, value: dict[str, Any]) -> list[str]:
    """What a library's test says of the lines around the data, and of the check sequence."""
    problems = {p["code"] for f in look.frames for p in f["problems"]}
    head = "/" + "".join(
        text.replace(" (9600 Bd)", "")
        for field in ("manufacturer", "baud", "enhanced", "identification")
        for text in texts(look, field)
    )
    crc = texts(look, "crc")
    ours: dict[str, Any] = {
        "identification_line": bool(look.frames), "str(readout.identification_line)": head,
        "manufacturer_id": "".join(texts(look, "manufacturer")),
        "identification": "".join(texts(look, "identification")),
        "end_line": "!" + crc[0], "expected_checksum": int(crc[0], 16), "_calculated_crc": int(crc[0], 16),
        "is_valid": "iec62056-21.crc" not in problems,
    }  # fmt: skip
    wrong: list[str] = []
    for key, want in value.items():
        name = key if key in ours else key.rpartition(".")[2]
        wrong += same(key, ours[name], want)
    return wrong


def parsed(look: Look, value: dict[str, str]) -> list[str]:
    """Every data set as a library parsed it, in its place."""
    ours = data_sets(look)
    wrong: list[str] = []
    for key, want in value.items():
        place = re.fullmatch(r"parsed\[(\d+)\]", key)
        said = PARSED.fullmatch(want) if isinstance(want, str) else None
        if place is None or said is None:
            continue
        each = ", ".join(f"{v} {unit}".rstrip() for v, unit in PARSED_VALUE.findall(said[2]))
        wrong += same(key, ours[int(place[1])], (said[1], each))
    return wrong


def telegram_check(look: Look) -> list[str]:
    """The CRC16 as the corpus computed it, in words."""
    said = look.item["checks"].get("p1_crc", "")
    codes = {p["code"] for f in look.frames for p in f["problems"]}
    found = texts(look, "crc")
    if said.startswith("mismatch"):
        computed = said.partition("calc ")[2].rstrip(")")
        words = " ".join(p["text"] for f in look.frames for p in f["problems"] if p["code"] == "iec62056-21.crc")
        return [] if computed in words else [f"computed {computed}: {words!r}"]
    if said == "ok":
        return same("crc", ("iec62056-21.crc" in codes, len(found)), (False, 1))
    return same("crc", "iec62056-21.crc" in codes, False)  # none, or in another form
