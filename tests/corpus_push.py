"""Checks of pushed lists against what their readers showed: identifiers, clocks, and numbers with their scale.

A number agrees where the Data holds it: raw value × 10^scaler where a scaler stands beside it, and else
(lists by position) the raw value times a power of ten from 10 to 0.001. The readers turn Wh into kWh.
A zero is often a reader's word for "not there" and is not looked for.
"""

import math
import re
from typing import Any

from corpus_look import Look, elements
from corpus_map import clock_hex, clocks, same

POWERS = (0, -1, -2, -3, 1)
FLOAT32 = 2e-7  # relative precision of a 32-bit float
TOTAL = ".1.8.0.255"
UNITS = (1, 1000)  # W and kW, Wh and kWh


def scaled(look: Look) -> list[float]:
    """Everything that the numbers of the Data may mean."""
    found: list[float] = []
    for n in look.numbers:
        for power in (n.scaler,) if n.scaler is not None else POWERS:
            value = n.raw * 10.0**power
            found += [value / unit for unit in UNITS]
    return found


def number(look: Look, value: float) -> list[str] | None:
    """A reader's value may be a 32-bit float, and rounded to the digits that it shows."""
    if not value:
        return None
    digits = len(repr(value).partition(".")[2]) if isinstance(value, float) else 0
    want = abs(value)
    for ours in map(abs, scaled(look)):
        if math.isclose(want, ours, rel_tol=FLOAT32) or (digits and abs(want - ours) <= 0.5001 * 10.0**-digits):
            return []
    return [f"no number {value}"]


def string(look: Look, value: str) -> list[str] | None:
    if not value:
        return None
    return [] if any(value in s for s in look.strings) else [f"no string {value!r}"]


GOLDEN_TEXT = ("meter_id",)
GOLDEN_ABOUT = ("decoded", "list_type", "meter_type")


def golden(look: Look, value: dict[str, Any]) -> list[str] | None:
    if not value.get("decoded"):
        return None
    wrong: list[str] = []
    codes = [n.obis for n in look.numbers if n.obis]
    total = not codes or any(code.endswith(TOTAL) for code in codes)
    for name, want in value.items():
        if name == "active_import_total_kWh" and not total:
            continue  # the reader shows a total that an earlier list told it
        if name not in GOLDEN_ABOUT:
            found = string(look, want) if name in GOLDEN_TEXT else number(look, want)
            wrong += [f"{name}: {w}" for w in found or ()]
    return wrong


def manifest(look: Look, value: dict[str, Any]) -> list[str] | None:
    """A capture that its source calls whole gives a message, ciphered or plain as the source says."""
    if value["expect"] != "ok" or not look.item["apdu"]:
        return None
    names = [m["apdu"] for m in look.messages]
    ciphered = [n for n in names if n.startswith(("general-glo", "general-ded", "glo-"))]
    if not names:
        return ["no message"]
    return same("ciphered", bool(ciphered), value["encrypted"])


def date_time(look: Look, value: str) -> list[str]:
    """ "datetime(2017, 8, 16, 16, 0, 5)", "2017-09-12 23:18:42 Tuesday"."""
    parts = [int(x) for x in re.findall(r"\d+", value)]
    return [] if clock_hex(*parts[:6]) & clocks(look) else [f"no clock {value}: {sorted(clocks(look))}"]


def strings(look: Look, value: dict[str, str]) -> list[str]:
    return [w for want in value.values() for w in string(look, want) or ()]


def numbers_by_obis(look: Look, value: dict[str, float]) -> list[str]:
    """At each OBIS code the number, scaled where a scaler stands beside it."""
    wrong = []
    for code, want in value.items():
        ours = [n.raw * 10.0 ** (n.scaler or 0) for n in look.numbers if n.obis == code]
        if not any(math.isclose(v, want) for v in ours):
            wrong.append(f"{code}: {ours}, asserted {want}")
    return wrong


def objects_found(look: Look, value: int) -> list[str] | None:
    """The reader's count of objects is the length of the list."""
    if not value:
        return None
    lengths = {len(parts) for m in look.apdus if m["data"] for parts in elements(m["data"])}
    return [] if value in lengths else [f"no list of {value} in {sorted(lengths)}"]


APPROXIMATE = re.compile(r"pytest\.approx\(([\d.]+)\)")


def bundle(look: Look, value: dict[str, Any]) -> list[str] | None:
    """ "point_value(…)": number; "data_bundle.source": string."""
    wrong: list[str] = []
    known = 0
    for name, want in value.items():
        found: list[str] | None = None
        approximate = APPROXIMATE.fullmatch(want) if isinstance(want, str) else None
        if name.startswith("point_value"):
            found = number(look, float(approximate[1]) if approximate else want)
        elif name.endswith(".source"):
            found = string(look, want)
        if found is not None:
            known += 1
            wrong += [f"{name}: {w}" for w in found]
    return wrong if known else None


def positional(look: Look, value: int) -> list[str]:
    return number(look, value) or []


# -- output of a dissector of the same capture ---------------------------------------------------------------

PACKET = re.compile(r"packet (\d+):")
HDLC_LINES = (("Frame Format: 0x", 4), ("Control Field: 0x", 2))
TYPE_LINE = re.compile(r" Type: [\w -]+\(0x([0-9a-f]{2})\)")


def source_dissector(look: Look, text: str) -> list[str]:
    """Every packet that the other dissector shows is in a frame of ours with its format and control field, or in a
    message with its tag. Only what the other dissector shows is looked for."""
    frames: dict[int, list[str]] = {}
    layers: dict[int, str] = {}
    tags: dict[int, set[str]] = {}
    for f in look.frames:
        for record in f["records"]:
            frames.setdefault(record, []).append(f["octets"].lower())
            if f["layer"] in ("hdlc", "wrapper"):
                layers[record] = f["layer"]
                body = f["octets"][16:18] if f["layer"] == "wrapper" else ""
                tags.setdefault(record, set()).add(body.lower())
    wrong: list[str] = []
    packet = 0
    for line in text.splitlines():
        found = PACKET.match(line)
        if found:
            packet = int(found[1])
            if packet not in frames:
                wrong.append(f"packet {packet}: no frame")
            continue
        for words, size in HDLC_LINES:
            at = line.find(words)
            if at >= 0:
                digits = line[at + len(words) :][:size]
                if not any(digits in octets for octets in frames.get(packet, ())):
                    wrong.append(f"packet {packet}: no {words}{digits}")
        tag = TYPE_LINE.search(line)
        if tag and layers.get(packet) == "wrapper" and tag[1] not in tags.get(packet, ()):
            wrong.append(f"packet {packet}: tag {tag[1]}, ours {sorted(tags.get(packet, ()))}")
    return wrong
