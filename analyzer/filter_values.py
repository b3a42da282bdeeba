"""What a field of a filter can be compared with: the values that the standard names and those that a capture has."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from analyzer import filters, words
from analyzer.filter_columns import WORDS
from dissectors import profile
from dissectors.apdus import APDUS, CHOICES, SERVICES
from dissectors.cosem import classes, obis
from dissectors.layers import LAYERS
from dissectors.link.hdlc import CONTROLS
from dissectors.problem import KINDS, SEVERITY_NAMES
from dissectors.record import DIRECTION_NAMES
from dissectors.xdlms.common import ACTION_RESULTS, DATA_ACCESS_RESULTS

if TYPE_CHECKING:
    from analyzer.analysis import Analysis

SAMPLE = 4096  # rows at each end of a table that are looked at for values: bounds the work of a key stroke
OBJECTS = 2000  # as many objects of the capture are offered
HERE = "in this capture"
STATES = ("requested", "authenticating", "open", "rejected", "released", "ended", "mid-capture", "pre-established")


class Choice(msgspec.Struct, frozen=True):
    """What may be put in, as the filter language writes it, and what it means."""

    text: str
    about: str = ""


@lru_cache(maxsize=1)
def named() -> dict[str, tuple[Choice, ...]]:
    """The values that stand in tables, by column."""
    problems = tuple(Choice(kind.code, f"{SEVERITY_NAMES[kind.severity]}: {kind.text}") for kind in KINDS.values())
    tags = [(tag, name) for tag, (name, _) in APDUS.items() if tag not in CHOICES]
    choices = [(tag, name) for tag, parts in CHOICES.items() for name, _ in parts.values()]
    results = dict.fromkeys((*DATA_ACCESS_RESULTS.values(), *ACTION_RESULTS.values()))
    return {
        "apdu": tuple(Choice(name, f"APDU 0x{tag:02X}") for tag, name in sorted(tags + choices)),
        "service": tuple(Choice(name) for name in dict.fromkeys(service for service, _ in SERVICES.values())),
        "role": tuple(map(Choice, ("request", "response", "unsolicited"))),
        "result": tuple(map(Choice, results)),
        "layer": tuple(Choice(name, layer.clause) for name, layer in LAYERS.items()),
        "kind": tuple(Choice(kind, "HDLC") for kind in dict.fromkeys(c.kind for c in CONTROLS) if kind.isalnum()),
        "profile": tuple(map(Choice, profile.builtin())),
        "direction": tuple(map(Choice, DIRECTION_NAMES)),
        "severity": tuple(map(Choice, SEVERITY_NAMES)),
        "side": tuple(map(Choice, ("client", "server", "physical"))),
        "status": tuple(map(Choice, STATES)),
        "code": problems,
        "problems": problems,
    }


def values(name: str, level: str, analysis: "Analysis | None" = None) -> Iterator[Choice]:
    """The values of a column or dissected field: those of the capture first, each once."""
    seen = set()
    for choice in _all(name, level, analysis):
        if choice.text not in seen:
            seen.add(choice.text)
            yield choice


def _all(name: str, level: str, analysis: "Analysis | None") -> Iterator[Choice]:
    if name not in filters.columns(level):
        yield from of_field(name)
        return
    if analysis is not None:
        if name in WORDS.get(level, ()):
            yield from written(analysis, level, name)
        if name in CAPTURED:
            yield from CAPTURED[name](analysis)
    yield from named().get(name, ())
    kind = filters.columns(level)[name].type
    if kind == "bool":
        yield from (Choice("true"), Choice("false"))
    elif kind == "duration":
        yield from map(Choice, ("1 ms", "10 ms", "100 ms", "1 s"))


def of_field(code: str) -> Iterator[Choice]:
    """The named values of a dissected field."""
    found = filters.layer_fields().get(code)
    if found is None:
        return
    field = found[1]
    if field.names is not None:
        yield from (Choice(name, str(value)) for value, name in field.names.items())
    if field.bits is not None:
        yield from (Choice(bit, f"bit {n}") for n, bit in enumerate(field.bits) if bit is not None)
    if field.type == "bool":
        yield from (Choice("true"), Choice("false"))


def written(analysis: "Analysis", level: str, column: str) -> Iterator[Choice]:
    """The words of a column, from the rows at both ends of the table."""
    table, _ = analysis.kept(level)
    count = len(table)
    for first in {0, max(count - SAMPLE, 0)}:
        for number in np.unique(table.part(first, first + SAMPLE)[column]).tolist():
            if number:
                yield Choice(analysis.words[number], HERE)


def _objects(analysis: "Analysis") -> Iterator[Choice]:
    for target in analysis.targets[:OBJECTS]:
        code = words.obis(target.obis) if target is not None else None
        if code is not None and target is not None:
            yield Choice(code, obis.name(target.obis).text)


def _classes(analysis: "Analysis") -> Iterator[Choice]:
    for target in analysis.targets[:OBJECTS]:
        if target is not None:
            yield Choice(str(target.class_id), classes.class_name(target.class_id))


def _addresses(side: str) -> Callable[["Analysis"], Iterator[Choice]]:
    def found(analysis: "Analysis") -> Iterator[Choice]:
        for row in list(analysis.addressing.rows.values()):
            if row.side == side:
                yield Choice(str(row.sap), row.name or row.use)

    return found


def _associations(analysis: "Analysis") -> Iterator[Choice]:
    for a in list(analysis.run.associations.table):
        yield Choice(str(a.number), f"{a.client} → {a.server}, {a.status}")


CAPTURED: dict[str, Callable[["Analysis"], Iterator[Any]]] = {
    "obis": _objects,
    "class_id": _classes,
    "client": _addresses("client"),
    "server": _addresses("server"),
    "physical": _addresses("physical"),
    "association": _associations,
    "channel": lambda analysis: (Choice(str(c.number), c.name) for c in analysis.channels),
    "profile": lambda analysis: (Choice(p.name, HERE) for p in analysis.profiles),
}
