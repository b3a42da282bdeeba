"""What the program says of one corpus item, in the forms that the assertions of the corpus are compared with."""

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cli_run import run

TAG_IN_FRONT = {"GetRequest": "C0", "GetResponse": "C4", "ReadResponse": "0C", "ReadRequest": "05"}


class Node(NamedTuple):
    """A node of the tree, its range in the octets of its item (or frame)."""

    field: str
    start: int
    end: int
    buffer: str
    text: str


class Number(NamedTuple):
    """A number of a Data, with the OBIS code and the scaler that stand beside it in the same structure."""

    obis: str | None
    raw: float
    scaler: int | None


class Look:
    """One item: its index entry, its detail file, and what dump and decode make of it (each run once)."""

    def __init__(self, corpus: Path, item: dict[str, Any]) -> None:
        self.item = item
        self.id: str = item["id"]
        self.family: str = item["family"]
        self.path = corpus / item["file"]
        self.detail: dict[str, Any] = json.loads((corpus / item["detail"]).read_text(encoding="utf-8"))
        self.derived: dict[str, Any] = self.detail.get("derived_by_us") or {}

    # -- dump ----------------------------------------------------------------------------------------

    def rows(self, level: str, *more: str) -> list[dict[str, Any]]:
        ran = run("dump", self.path, "--format", "jsonl", "--level", level, *more)
        assert ran.code == 0, (self.id, ran)
        return [json.loads(line) for line in ran.lines]

    @functools.cached_property
    def frames(self) -> list[dict[str, Any]]:
        return self.rows("frame")

    @functools.cached_property
    def messages(self) -> list[dict[str, Any]]:
        return self.rows("message")

    @functools.cached_property
    def trees(self) -> list[list[Node]]:
        """Of every frame, in order."""
        return [list(flat(row["tree"])) for row in self.rows("frame", "--tree") if "tree" in row]

    # -- decode --------------------------------------------------------------------------------------

    @functools.cached_property
    def hex(self) -> str:
        """The octets, and in front of a fragment the service tag that its source left out."""
        text = re.sub(r"[^0-9A-Fa-f]", "", self.path.read_text(encoding="latin-1")).upper()
        if "full_apdu_hex" in self.derived:
            return str(self.derived["full_apdu_hex"]).upper()
        if "fragment" in self.item["framing"]:
            test = self.item["expected"]["asserted"].get("test", "")
            return next((tag for word, tag in TAG_IN_FRONT.items() if word in test), "") + text
        return text

    @functools.cached_property
    def decoded(self) -> dict[str, Any]:
        kind = "data" if self.item["framing"] == "A-XDR Data" else "auto"
        ran = run("decode", self.hex, "--as", kind, "--tree", "--format", "json")
        assert ran.code == 0, (self.id, ran)
        found: dict[str, Any] = json.loads(ran.text)
        return found

    @functools.cached_property
    def nodes(self) -> list[Node]:
        return list(flat(self.decoded["tree"]))

    @property
    def apdus(self) -> list[dict[str, Any]]:
        """Messages of the capture, and where a text of one APDU gives none (a fragment) of decode."""
        whole = "fragment" not in self.item["framing"]
        return (self.messages if whole else []) or self.decoded["messages"]

    @property
    def apdu(self) -> dict[str, Any]:
        """The only message, or {}."""
        return self.apdus[0] if self.apdus else {}

    @property
    def problems(self) -> list[dict[str, Any]]:
        return list(self.decoded["problems"])

    # -- values --------------------------------------------------------------------------------------

    @functools.cached_property
    def numbers(self) -> list[Number]:
        return [n for m in self.apdus if m["data"] for n in numbers_in(m["data"])]

    @functools.cached_property
    def strings(self) -> set[str]:
        """Every string of the Data: as text, and octet-strings also as hex and as ASCII."""
        found: set[str] = set()
        for m in self.apdus:
            for data in leaves(m["data"]) if m["data"] else ():
                value = data["value"]
                if isinstance(value, str):
                    found.add(value)
                    if data["type"] == "octet-string":
                        found.add(bytes.fromhex(value).decode("latin-1"))
        return found


def flat(nodes: list[dict[str, Any]]) -> Iterator[Node]:
    for node in nodes:
        yield Node(node["field"], node["start"], node["end"], node["buffer"], node["text"])
        yield from flat(node["children"])


def leaves(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The simple values of a Data, in order."""
    if isinstance(data["value"], list):
        for part in data["value"]:
            yield from leaves(part)
    else:
        yield data


def elements(data: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Every array and structure of a Data, outermost first."""
    if isinstance(data["value"], list):
        yield data["value"]
        for part in data["value"]:
            yield from elements(part)


def obis_of(data: dict[str, Any]) -> str | None:
    """ "1.0.1.8.0.255" where a Data is an octet-string of six octets."""
    if data["type"] == "octet-string" and len(data["value"]) == 12:
        return ".".join(str(octet) for octet in bytes.fromhex(data["value"]))
    return None


def numbers_in(data: dict[str, Any]) -> Iterator[Number]:
    """The numbers of a Data. In a list, an OBIS code counts for the values behind it until the next one."""
    if not isinstance(data["value"], list):
        if isinstance(data["value"], int | float) and not isinstance(data["value"], bool):
            yield Number(None, data["value"], None)
        return
    code: str | None = None
    parts = data["value"]
    for i, part in enumerate(parts):
        code = obis_of(part) or code
        if isinstance(part["value"], int | float) and not isinstance(part["value"], bool):
            yield Number(code, part["value"], scaler_of(parts[i + 1]) if i + 1 < len(parts) else None)
        elif isinstance(part["value"], list) and scaler_of(part) is None:
            yield from numbers_in(part)


def scaler_of(data: dict[str, Any]) -> int | None:
    """Of a structure of scaler and unit."""
    if data["type"] == "structure" and [d["type"] for d in data["value"]] == ["integer", "enum"]:
        scaler: int = data["value"][0]["value"]
        return scaler
    return None


def find_field(fields: Any, name: str) -> Any:
    """The first component of that name, at any depth; None without."""
    if isinstance(fields, dict):
        if name in fields:
            return fields[name]
        fields = list(fields.values())
    if isinstance(fields, list):
        for part in fields:
            found = find_field(part, name)
            if found is not None:
                return found
    return None
