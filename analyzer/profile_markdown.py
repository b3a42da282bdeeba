"""Markdown and words of a profile document: tables, facts, prose, limits."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dissectors.profile_types import Sap, Timing, When


def printable(text: str) -> str:
    """Text for a terminal: control characters that a descriptor may hold are replaced."""
    return "".join(c if c == "\n" or c.isprintable() else "\ufffd" for c in text)


def prose(*texts: str) -> Iterator[str]:
    for text in texts:
        if text:
            yield text.strip()
            yield ""


def facts(stated: Sequence[tuple[str, object]]) -> list[str]:
    lines = []
    for name, value in stated:
        said = words(value) if isinstance(value, tuple) else str(value)
        if said:
            lines.append(f"- {name}: {' '.join(said.split())}")
    return [*lines, ""] if lines else []


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A Markdown table without the columns that are empty in every row; nothing without rows."""
    if not rows:
        return
    kept = [i for i in range(len(columns)) if any(str(row[i]) for row in rows)]
    yield "| " + " | ".join(columns[i] for i in kept) + " |"
    yield "|" + "---|" * len(kept)
    for row in rows:
        yield "| " + " | ".join(cell(row[i]) for i in kept) + " |"
    yield ""


def cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


def plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def words(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)


def span(sap: Sap) -> str:
    return f"0x{sap.low:02X}" if sap.low == sap.high else f"0x{sap.low:02X} to 0x{sap.high:02X}"


def widths(sap: Sap) -> str:
    return f", {' or '.join(map(str, sap.width))} octets" if sap.width else ""


def share(percent: float | None) -> str:
    return "" if percent is None else f"{percent:g} %"


def condition(when: When) -> str:
    found = ((name, getattr(when, name)) for name in when.__struct_fields__)
    return ", ".join(f"{name} {value}" for name, value in found if value is not None)


def per(timing: Timing) -> str:
    return timing.per if timing.per == "each" else f"{timing.per} of {timing.min_samples} or more"


def limit(timing: Timing) -> str:
    if timing.min is None and timing.max is None:
        return "measured, not judged"
    if timing.min is not None and timing.max is not None:
        return timing.min.text if timing.min == timing.max else f"{timing.min.text} to {timing.max.text}"
    return f"at least {timing.min.text}" if timing.min is not None else f"at most {timing.max}"
