"""Customer push lists of the corpus: named values, after scaling, against what the readers of these meters state.

A zero in a reader's result often means "not in this list"; it counts where ours is zero, too.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from analyzer.meaning import Meaning
from analyzer.run import Run
from analyzer.value_text import element_value
from captures.assume import NOTHING
from captures.source import open_source
from dissectors.profile import builtin

# name that a reader gives → groups C.D of the code, and its unit in ours
PLACES: dict[str, tuple[str, float]] = {
    "active_import_W": ("1.7", 1), "active_export_W": ("2.7", 1), "active_import_total_kWh": ("1.8", 1000),
    "active_power_import": ("1.7", 1), "active_power_export": ("2.7", 1),
    "reactive_power_import": ("3.7", 1), "reactive_power_export": ("4.7", 1),
    "active_power_import_total": ("1.8", 1), "active_power_export_total": ("2.8", 1),
    "reactive_power_import_total": ("3.8", 1), "reactive_power_export_total": ("4.8", 1),
    **{f"u_l{n}": (f"{12 + 20 * n}.7", 1) for n in (1, 2, 3)},
    **{f"i_l{n}": (f"{11 + 20 * n}.7", 1) for n in (1, 2, 3)},
    **{f"voltage_l{n}": (f"{12 + 20 * n}.7", 1) for n in (1, 2, 3)},
    **{f"current_l{n}": (f"{11 + 20 * n}.7", 1) for n in (1, 2, 3)},
    "ACTIVE_POWER_P": ("1.7", 1), "ACTIVE_POWER_N": ("2.7", 1),
    "ACTIVE_ENERGY_P": ("1.8", 1), "ACTIVE_ENERGY_N": ("2.8", 1),
    "REACTIVE_ENERGY_P": ("3.8", 1), "REACTIVE_ENERGY_N": ("4.8", 1),
    **{f"VOLTAGE_L{n}": (f"{12 + 20 * n}.7", 1) for n in (1, 2, 3)},
    **{f"CURRENT_L{n}": (f"{11 + 20 * n}.7", 1) for n in (1, 2, 3)},
}  # fmt: skip
TEXTS = frozenset(("meter_id", "meter_type", "list_ver_id", "data_bundle.source"))
POINT = re.compile(r"point_value\(MeterDataPointTypes\.(\w+)\)")
# What we do not give, and why.
MISSES = {
    **dict.fromkeys(
        ("han-push-025", "han-push-063", "han-push-077", "han-push-087"),
        "the reader shows the total of an earlier, longer list; this one has none",
    ),
    "han-push-020": "attribute descriptors stand without Data tags in the body: it is no Data (apdu.data)",
    "han-push-054": "the reader takes whole volts for tenths, which its own note calls a bug: 23.4 V for a 234",
}


def values(path: Path) -> tuple[dict[str, list[Any]], set[str]]:
    """Elements by "C.D", as element_value gives them; and every text among them."""
    source = open_source(str(path), assume=NOTHING)
    run = Run(source, source.channels, list(builtin().values()))
    meaning = Meaning(run.profiles)
    by_place: dict[str, list[Any]] = {}
    texts: set[str] = set()
    for m in run.messages():
        for one in meaning.elements(m):
            value, _ = element_value(one, meaning.device(m), meaning.extra(m.pdu.profile))
            if isinstance(value, str):
                texts.add(value)
            if one.obis and one.obis[4:5] == b"\0":
                by_place.setdefault(f"{one.obis[2]}.{one.obis[3]}", []).append(value)
    source.close()
    return by_place, texts


def stated(asserted: dict[str, Any]) -> dict[str, Any]:
    """All named values, whatever test they come from."""
    out: dict[str, Any] = {}
    if "list_type" in asserted:  # a reader's result: its meter type is a word of its own
        asserted = {name: value for name, value in asserted.items() if name != "meter_type"}
    for name, value in asserted.items():
        if isinstance(value, dict) and name not in ("manifest", "strings", "numbers_scaled"):
            out.update(stated(value))
        elif name in PLACES or name in TEXTS or name == "meter_datetime":
            out[name] = value
        elif (found := POINT.fullmatch(name)) is not None and found[1] in PLACES:
            out[found[1]] = float(re.sub(r"pytest\.approx\((.*)\)", r"\1", str(value)))
    return out


def close(ours: float, want: float) -> bool:
    """Equal as far as the reader states digits (some round to two, one computes in single precision)."""
    digits = len(str(float(want)).partition(".")[2])
    return math.isclose(ours, want, rel_tol=1e-6) or (digits > 0 and abs(ours - want) <= 0.5 * 10.0**-digits)


def judge(name: str, want: Any, found: dict[str, list[Any]], texts: set[str]) -> bool | None:
    """True, False, or None where the list cannot say."""
    if name in PLACES:
        place, factor = PLACES[name]
        ours = found.get(place)
        if ours is None or (not want and None in ours):
            return None if not want else False
        numbers = [v / factor for v in ours if isinstance(v, int | float)]
        if any(close(v, want) for v in numbers):
            return True
        return None if not want else False
    if name == "meter_datetime":
        parts = [int(x) for x in re.findall(r"\d+", str(want))][:6]
        clocks = [text for text in texts if re.match(r"\d{4}-\d\d-\d\d", text)]
        if not clocks:
            return None  # it stands in the head of the APDU
        parts += [0] * (6 - len(parts))
        date = "{:04d}-{:02d}-{:02d}".format(*parts[:3])
        return any(date in text and "{:02d}:{:02d}:{:02d}".format(*parts[3:]) in text for text in clocks)
    return None if not want else any(str(want) == text for text in texts)


def test_values_of_the_corpus(corpus: Path, record_property: Any) -> None:
    good = total = 0
    wrong: dict[str, list[str]] = {}
    for path in sorted((corpus / "han-push").glob("*.json")):
        item = json.loads(path.read_text(encoding="utf-8"))
        found, texts = values(path.with_suffix(".hex"))
        asserted = item["expected"].get("asserted") or {}
        wanted = stated(asserted)
        for code, want in (asserted.get("numbers_scaled") or {}).items():
            total += 1
            if path.stem in MISSES and not found:
                wrong.setdefault(path.stem, []).append(code)
            else:
                good += any(v == want for v in found.get(".".join(code.split(".")[2:4]), ()))
        for name, want in wanted.items():
            verdict = judge(name, want, found, texts)
            if verdict is None:
                continue
            total += 1
            good += verdict
            if not verdict:
                wrong.setdefault(path.stem, []).append(f"{name}: {want}, ours {found.get(PLACES.get(name, ('',))[0])}")
    print(f"han-push: {good} of {total} named values")
    record_property("score", f"{good}/{total}")
    assert set(wrong) == set(MISSES), wrong
    assert good >= 373
    assert good + sum(len(lines) for lines in wrong.values()) == total


@pytest.mark.parametrize(
    ("item", "line"),
    [
        ("han-push-027", "Current L1: Instantaneous value 33.813 A"),
        ("han-push-034", "Voltage L1: Instantaneous value 236 V"),
        ("han-push-046", "Active energy import: Time integral 1, channel 1 127676000 Wh"),
        ("han-push-109", "Current L3: Instantaneous value 4.40 A"),
        ("han-push-101", "Power factor: Instantaneous value 0.094"),
    ],
)
def test_one_line_of_each_kind(corpus: Path, item: str, line: str) -> None:
    source = open_source(str(corpus / "han-push" / f"{item}.hex"), assume=NOTHING)
    run = Run(source, source.channels, list(builtin().values()))
    said = [run.meaning.text(m) for m in run.messages()]
    source.close()
    assert line in str(said[-1]).split("; "), said
