"""What is wrong with the objects of a message: the catalogue's rules (dissectors/cosem/checks.py), and those that need
the capture: object lists with versions and access rights, and scalers that were never seen.

An answer repeats nothing that its request was told: references are judged at requests and pushes, data where
they stand. cosem.scale comes once for each object.
"""

from typing import Any

from analyzer.learned import Device, Server
from analyzer.model import Message
from analyzer.object_list import INVOKE, LAST_ATTRIBUTE, READ, WRITE, Catalogue, mode_words
from analyzer.value_text import build_at
from dissectors import problem
from dissectors.apdu import Item
from dissectors.cosem import checks, classes, meaning, obis
from dissectors.cosem.checks import Remark
from dissectors.cosem.classes import Extra
from dissectors.data_types import INTEGERS, NAMES
from dissectors.problem import Problem

NUMBERS = INTEGERS | {23, 24}
WHAT = {"get": READ, "set": WRITE, "action": INVOKE}
MAX_KEPT = 65536


class Checks:
    """Keeps what was answered, so that a check of a message seen before costs a look-up."""

    def __init__(self) -> None:
        self._references: dict[tuple[int, int], tuple[Any, tuple[Remark, ...]]] = {}
        self._types: dict[tuple[int, int, int], tuple[Any, Remark | None, bool]] = {}
        self._unscaled: dict[tuple[Server, int, bytes], int] = {}

    def problems(self, m: Message, items: tuple[Item, ...] | None, device: Device, extra: Extra) -> tuple[Problem, ...]:
        """() for most messages. The ranges are those of the values in the APDU."""
        apdu = m.apdu
        if items is not None:
            found: tuple[Problem, ...] = ()
            for item in items:
                found += self._one(m, item, item.data, item.result, device, extra)
                if item.variable >= 0 and item.class_id < 0 and apdu.role == "request" and device.short_names.listed:
                    found += (Problem(problem.COSEM_SN, 0, len(m.octets), (f"0x{item.variable:04X}",), "apdu"),)
            return found
        target = m.target
        if target is None:
            return ()
        return self._one(m, target, apdu.data, apdu.result, device, extra)

    def _one(
        self, m: Message, target: Any, where: tuple[int, int] | None, result: str | None, device: Device, extra: Extra
    ) -> tuple[Problem, ...]:
        if target.class_id < 0:
            return ()
        found: tuple[Problem, ...] = ()
        role = m.apdu.role
        octets = m.values
        if role != "response":
            key = (id(target), id(extra))
            known = self._references.get(key)
            if known is None:
                _bound(self._references)
                remarks = checks.remarks(target.class_id, target.obis, target.attribute, target.method, extra)
                known = self._references[key] = (target, remarks)
            span = (0, len(m.octets))
            found = tuple([Problem(kind, *span, args, "apdu") for kind, args in known[1]])
            catalogue = device.catalogue(m.pdu.client) if role == "request" else None
            if catalogue is not None:
                found += _access(m, target, catalogue, span)
        if where is not None and target.attribute is not None and target.attribute > 0 and where[0] < where[1]:
            found += self._data(octets, where, target, extra)
            if role == "response" and result in ("success", None):
                found += self._scale(m, octets[where[0]], where, target, device)
        return found

    def _data(self, octets: bytes, where: tuple[int, int], target: Any, extra: Extra) -> tuple[Problem, ...]:
        tag = octets[where[0]]
        key = (id(target), tag, id(extra))
        known = self._types.get(key)
        if known is None:
            _bound(self._types)
            name = NAMES.get(tag)
            remark = None if name is None else checks.type_remark(target.class_id, target.attribute, name, extra)
            attribute = classes.attribute(target.class_id, target.attribute, extra)
            closer = attribute is not None and (
                attribute.structure == checks.SCALER_UNIT
                or (name == "octet-string" and meaning.is_clock(attribute.name))
            )
            known = self._types[key] = (target, remark, closer)
        _, remark, closer = known
        found: tuple[Problem, ...] = ()
        if remark is not None:
            found = (Problem(remark[0], *where, remark[1], "apdu"),)
        if closer and (data := build_at(octets, *where)) is not None:
            for check in (checks.clock_remark, _unit):
                more = check(target.class_id, target.attribute, data, extra)
                if more is not None:
                    found += (Problem(more[0], *where, more[1], "apdu"),)
        return found

    def _scale(self, m: Message, tag: int, where: tuple[int, int], target: Any, device: Device) -> tuple[Problem, ...]:
        if tag not in NUMBERS or classes.scaler_attribute(target.class_id, target.attribute) is None:
            return ()
        if device.scaling(target.class_id, target.obis, target.attribute) is not None:
            return ()
        key = (device.server, target.class_id, target.obis)
        first = self._unscaled.get(key)
        if first is None:
            _bound(self._unscaled)
            first = self._unscaled[key] = m.no
        if first != m.no:
            return ()
        words = f"{obis.text(target.obis)} ({classes.class_name(target.class_id)})"
        return (Problem(problem.COSEM_SCALE, *where, (words,), "apdu"),)


def _bound(memory: dict[Any, Any]) -> None:
    if len(memory) >= MAX_KEPT:
        memory.clear()


def _unit(class_id: int, attribute: int, data: Any, extra: Extra) -> Remark | None:
    return checks.unit_remark(class_id, attribute, data.value, extra)


def _access(m: Message, target: Any, catalogue: Catalogue, span: tuple[int, int]) -> tuple[Problem, ...]:
    """Whether the object is in the list, has that attribute in its version, and may be used so."""
    entry = catalogue.entries.get((target.class_id, target.obis))
    if entry is None:
        if m.apdu.service not in WHAT and m.apdu.service != "access":
            return ()
        return (Problem(problem.COSEM_OBJECT, *span, (obis.text(target.obis), target.class_id), "apdu"),)
    index = target.attribute if target.method is None else target.method
    what = WHAT.get(m.apdu.service)
    last = LAST_ATTRIBUTE.get((entry.class_id, entry.version))
    if target.method is None and last is not None and index is not None and index > last:
        args = (f"{target.class_id} version {entry.version}", index)
        return (Problem(problem.COSEM_ATTR, *span, args, "apdu"),)
    if what is None:
        what = INVOKE if target.method is not None else READ
    if not index or index < 0 or catalogue.allows(entry, what, index) is not False:
        return ()
    mode = (entry.methods if what == INVOKE else entry.attributes).get(index, 0)
    member = classes.member_name(target.class_id, target.attribute, target.method)
    shown = f"{obis.text(target.obis)} {member}"
    allowed = mode_words(mode, catalogue.version, what == INVOKE)
    return (Problem(problem.COSEM_ACCESS, *span, (what, shown, allowed), "apdu"),)
