"""Makes dissectors/cosem/{classes,obis,units}.json: python tools/make_cosem_tables.py FOLDER [OUT].

FOLDER holds classes.json, obis.json and units.json with sources, notes and prose. What the program
reads is compact: lists instead of objects, no prose, patterns sorted from specific to general.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parent.parent / "dissectors" / "cosem"


def classes(facts: dict[str, Any]) -> dict[str, Any]:
    """classes: [class_id, name, version, attributes_known, attributes, methods, sn_method_base, other_versions]."""
    rows = []
    for entry in sorted(facts["classes"], key=lambda entry: int(entry["class_id"])):
        attributes = []
        for a in entry["attributes"]:
            row = [a["index"], a["name"], a["type"], a.get("structure", ""), a.get("element", ""), a.get("enum", "")]
            while row[-1] == "":
                row.pop()
            attributes.append(row)
        methods = [[m["index"], m["name"]] for m in entry["methods"]]
        base = [int(text, 16) for text in entry.get("sn_method_base", [])]
        rows.append(
            [
                entry["class_id"],
                entry["name"],
                entry["version"],
                entry["attributes_known"],
                attributes,
                methods,
                base[0] if base else 0,
                entry["other_versions"],
            ]
        )
    structures = {name: [[part["name"], part["type"]] for part in parts] for name, parts in facts["structures"].items()}
    values = {name: enum["values"] for name, enum in facts["enums"].items() if "values" in enum}
    bits = {name: enum["bits"] for name, enum in facts["enums"].items() if "bits" in enum}
    return {"classes": rows, "structures": structures, "values": values, "bits": bits}


def _specific(code: str) -> tuple[int, int]:
    """How specific a pattern is: exact numbers first, then ranges and alternatives, then letters."""
    parts = code.split(".")
    exact = sum(part.isdigit() for part in parts)
    return exact, sum(part not in ("b", "e", "f") for part in parts)


def _expand(table: dict[str, str]) -> dict[str, str]:
    """Keys like "1-10" as ten keys."""
    out = {}
    for key, name in table.items():
        low, _, high = key.partition("-")
        for number in range(int(low), int(high or low) + 1):
            out[str(number)] = name
    return out


def obis(facts: dict[str, Any]) -> dict[str, Any]:
    """patterns: [code, name, class_ids]; media: tables of C, D and E for composing a name."""
    patterns = sorted(facts["patterns"], key=lambda entry: _specific(entry["code"]), reverse=True)
    rows = []
    for entry in patterns:
        name = re.sub(r"\bID 2\.\.10$", "ID e+1", entry["name"])
        rows.append([entry["code"], name, entry.get("class_ids") or []])
    power = facts["electricity"]
    quantities = {
        c: [row["name"], row.get("phase", ""), row.get("time_integral_name", "")] for c, row in power["C"].items()
    }
    gas = facts["gas"]
    return {
        "A": facts["A"],
        "country": facts["country_codes_C94"],
        "electricity": quantities,
        "C": {
            "0": facts["abstract"]["C"],
            "4": facts["hca"]["C"],
            "5": facts["thermal"]["C"],
            "7": gas["C"],
            "8": facts["water"]["C"],
            "15": _expand(facts["other_media"]["C"]),
        },
        "D": {
            "1": power["D"],
            "4": facts["hca"]["D"],
            "5": facts["thermal"]["D"],
            "8": facts["water"]["D"],
            "index": gas["D_index"]["values"],
            "flow": gas["D_flow"]["values"],
            "process": gas["D_process"]["values"],
            "conversion": gas["D_conversion"]["values"],
            "analysis": gas["D_analysis"]["values"],
        },
        "E": {
            "angles": power["E_angles"]["values"],
            "losses": power["E_losses"]["values"],
            "dips": power["E_dips"]["values"],
            "average": gas["E_average"]["values"],
        },
        "patterns": rows,
    }


def units(facts: dict[str, Any]) -> list[list[Any]]:
    """[code, symbol, name, quantity]."""
    return [[row["code"], row["symbol"], row["name"], row["quantity"]] for row in facts["units"]]


MAKERS = {"classes": classes, "obis": obis, "units": units}


def main(folder: Path, out: Path) -> None:
    for name, make in MAKERS.items():
        facts = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        text = json.dumps(make(facts), ensure_ascii=False, separators=(",", ":"))
        # A line a row, so that a change of the tables is readable in a diff.
        text = text.replace("],[", "],\n[").replace("},", "},\n")
        (out / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else OUT)
