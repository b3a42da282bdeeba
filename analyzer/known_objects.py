"""Known objects: scalers, units and names that a person gives for meters whose capture lacks them (a sidecar TOML).

    [[object]]
    obis = "1-0:1.8.0*255"
    class = 3            # optional: any class
    server = 1           # optional: any logical device
    scaler = 0           # with unit
    unit = "Wh"          # symbol or code
    name = "Import"      # optional

What the capture itself tells comes first. Strict: unknown keys and values out of range are UsageErrors.
"""

from pathlib import Path
from typing import Annotated

import msgspec

from dissectors.cosem import obis, units
from dissectors.cosem.meaning import ScalerUnit
from dissectors.errors import UsageError

Scaler = Annotated[int, msgspec.Meta(ge=-128, le=127)]
Number = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    obis: str
    class_id: Number | None = msgspec.field(default=None, name="class")
    server: Number | None = None
    scaler: Scaler | None = None
    unit: str | Annotated[int, msgspec.Meta(ge=0, le=255)] | None = None
    name: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    object: list[_Entry] = []


class Known(msgspec.Struct, frozen=True):
    """One object. class_id and server: None for any."""

    class_id: int | None
    server: int | None
    scaling: ScalerUnit | None
    name: str


class KnownObjects:
    """What the file says, by logical name."""

    def __init__(self, found: dict[bytes, list[Known]] | None = None) -> None:
        self._found = found or {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def _match(self, code: bytes, class_id: int, server: int) -> list[Known]:
        return [
            one
            for one in self._found.get(code, ())
            if (one.class_id is None or class_id < 0 or one.class_id == class_id)
            and (one.server is None or one.server == server)
        ]

    def scaling(self, code: bytes, class_id: int, server: int) -> ScalerUnit | None:
        """(scaler, unit) of the object, None where the file does not say."""
        return next((one.scaling for one in self._match(code, class_id, server) if one.scaling is not None), None)

    def name(self, code: bytes, class_id: int, server: int) -> str:
        """The person's own name for it, "" without."""
        return next((one.name for one in self._match(code, class_id, server) if one.name), "")


def _unit(given: str | int, where: str) -> int:
    if isinstance(given, int):
        return given
    if not given:
        return units.NO_UNIT
    found = [unit.code for unit in units.units().values() if given in (unit.symbol, unit.name)]
    if not found:
        raise UsageError(f"{where}.unit: {given!r} is no unit; expected a symbol such as Wh, V, A, m³, or a code")
    return found[0]


def _known(entry: _Entry, where: str) -> tuple[bytes, Known]:
    code = obis.parse(entry.obis)
    if code is None:
        raise UsageError(f"{where}.obis: {entry.obis!r} is no OBIS code; expected such as 1-0:1.8.0*255")
    if (entry.scaler is None) != (entry.unit is None):
        missing = "unit" if entry.unit is None else "scaler"
        raise UsageError(f"{where}: scaler and unit stand together; expected {missing}")
    scaling = None
    if entry.scaler is not None and entry.unit is not None:
        scaling = (entry.scaler, _unit(entry.unit, where))
    return code, Known(entry.class_id, entry.server, scaling, entry.name)


def parse(text: str, path: str = "objects") -> KnownObjects:
    """The objects of a TOML text; path names it in errors."""
    try:
        made = msgspec.toml.decode(text, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"{path}: {error}") from None
    found: dict[bytes, list[Known]] = {}
    for i, entry in enumerate(made.object):
        code, known = _known(entry, f"{path}: object[{i}]")
        found.setdefault(code, []).append(known)
    return KnownObjects(found)


def load(path: str | Path) -> KnownObjects:
    """The objects of a file. Raises UsageError with file, key and what was expected."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8: {error}") from None
    return parse(text, str(path))


__all__ = ["Known", "KnownObjects", "load", "parse"]
