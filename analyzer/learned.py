"""What a capture teaches about one server: scalers, columns, templates, object lists, push lists, names, images.

A Device is one logical device. It learns values as they are read, written or pushed; a later value
replaces an earlier one.
"""

from collections.abc import Callable, Mapping, Sized

from analyzer import image, object_list
from analyzer.image import Image
from analyzer.known_objects import KnownObjects
from analyzer.object_list import Catalogue
from analyzer.short_names import ShortNames
from dissectors import compact_array
from dissectors.cosem import captured, classes, meaning, pushed
from dissectors.cosem.captured import Captured, whole
from dissectors.cosem.meaning import ScalerUnit
from dissectors.cursor import Cursor, Stop
from dissectors.data_types import STRUCTURE, Data

MAX_LEARNED = 65536  # objects of each kind that are remembered of one server
Server = tuple[str, int, int]  # where it is (host and port, or channel), logical device, HDLC lower address


class Device:
    """Everything learned of one server. client: 0 unless a thing depends on the association."""

    def __init__(self, server: Server, known: KnownObjects) -> None:
        self.server = server
        self.known = known
        self.scalers: dict[tuple[bytes, int], ScalerUnit] = {}
        self.columns: dict[bytes, tuple[Captured, ...]] = {}  # capture_objects of classes 7 and 62
        self.periods: dict[bytes, int] = {}  # capture_period, seconds
        self.templates: dict[bytes, compact_array.Description] = {}
        self.pushes: dict[bytes, tuple[Captured, ...]] = {}  # push_object_list
        self.catalogues: dict[int, Catalogue] = {}  # by client SAP
        self.classes: dict[bytes, int] = {}  # logical name → class, of objects seen or listed
        self.versions: dict[tuple[int, bytes], int] = {}
        self.short_names = ShortNames()
        self.saps: dict[int, str] = {}  # SAP assignment
        self.images: dict[bytes, Image] = {}
        self.heads: dict[tuple[bytes, tuple[Captured, ...]], str] = {}  # words for columns, until more is learned

    def scaling(self, class_id: int, code: bytes, attribute: int | None) -> ScalerUnit | None:
        """(scaler, unit) of a value: as read, else as the person says; None unknown. class_id -1: a pushed value."""
        if class_id < 0:
            found = self.scalers.get((code, 3))
            return found or (self.known.scaling(code, -1, self.server[1]) if self.known else None)
        at = classes.scaler_attribute(class_id, attribute) if attribute is not None else None
        if at is None:
            return None
        found = self.scalers.get((code, at))
        if found is None and self.known:
            found = self.known.scaling(code, class_id, self.server[1])
        return found

    def captured_scaling(self, one: Captured) -> ScalerUnit | None:
        return None if one.index else self.scaling(one.class_id, one.obis, one.attribute)

    def catalogue(self, client: int) -> Catalogue | None:
        """The object list of this client's association, None where it was not read whole."""
        found = self.catalogues.get(client)
        return found if found is not None and found.whole else None

    def learn(self, class_id: int, code: bytes, attribute: int, data: Data, client: int, complete: bool = True) -> bool:
        """Takes the value of an attribute, read, written or pushed; True where it taught something."""
        teach = TEACHES.get((class_id, attribute))
        if teach is None or not teach(self, code, data, client, complete):
            return False
        self.heads.clear()
        return True


def _room(memory: Sized) -> bool:
    return len(memory) < MAX_LEARNED


def _scaler(attribute: int) -> "Teach":
    def teach(device: Device, code: bytes, data: Data, client: int, complete: bool) -> bool:
        found = meaning.scaler_unit(data)
        if found is None or not _room(device.scalers):
            return False
        device.scalers[code, attribute] = found
        return True

    return teach


def _columns(device: Device, code: bytes, data: Data, client: int, complete: bool) -> bool:
    found = captured.definitions(data)
    if found is None or not _room(device.columns):
        return False
    device.columns[code] = found
    for one in found:
        device.classes.setdefault(one.obis, one.class_id)
    return True


def _period(device: Device, code: bytes, data: Data, client: int, complete: bool) -> bool:
    seconds = whole(data)
    if seconds is None or not _room(device.periods):
        return False
    device.periods[code] = seconds
    return True


def _template(device: Device, code: bytes, data: Data, client: int, complete: bool) -> bool:
    octets = meaning.octets_of(data.value) if data.type == "octet-string" else None
    if not octets or not _room(device.templates):
        return False
    c = Cursor(octets, buffer="template")
    try:
        device.templates[code] = compact_array.describe(c, 0)
    except Stop:
        return False
    return True


def _push_list(device: Device, code: bytes, data: Data, client: int, complete: bool) -> bool:
    found = captured.definitions(data)
    if not found or not _room(device.pushes):
        return False
    device.pushes[code] = found
    return True


CURRENT_ASSOCIATION = bytes((0, 0, 40, 0, 0, 255))


def _objects(device: Device, code: bytes, data: Data, client: int, complete: bool) -> bool:
    found = object_list.read(data, complete)
    if found is None:
        return False
    if code == CURRENT_ASSOCIATION and complete:
        device.catalogues[client] = found
    if _room(device.classes):
        for one in found.entries.values():
            device.classes[one.obis] = one.class_id
            device.versions[one.class_id, one.obis] = one.version
            if one.base >= 0:
                device.short_names.add(one.base, one.class_id, one.obis)
    return True


def _saps(device: Device, code: bytes, data: Data, client: int, complete: bool) -> bool:
    for entry in data.value if isinstance(data.value, list) else ():
        parts = entry.value
        sap = whole(parts[0]) if isinstance(parts, list) and len(parts) == 2 else None
        if sap is not None and _room(device.saps):
            device.saps[sap] = pushed.text_of(parts[1]) or str(parts[1].value)
    return bool(device.saps)


def _block_size(device: Device, code: bytes, data: Data, client: int, complete: bool) -> bool:
    size = whole(data)
    if size is None or size < 1:
        return False
    device.images.setdefault(code, Image()).block_size = size
    return True


Teach = Callable[[Device, bytes, Data, int, bool], bool]
TEACHES: Mapping[tuple[int, int], Teach] = {
    **{(class_id, 3): _scaler(3) for class_id in (3, 4)},
    (5, 4): _scaler(4),
    (61, 4): _scaler(4),
    (67, 8): _scaler(8),
    (7, 3): _columns,
    (7, 4): _period,
    (62, 3): _columns,
    (62, 5): _template,
    (40, 2): _push_list,
    (12, 2): _objects,
    (15, 2): _objects,
    (17, 2): _saps,
    (18, 2): _block_size,
}


def learn_action(
    device: Device, class_id: int, code: bytes, method: int, data: Data, times: tuple[int | None, int | None]
) -> bool:
    """Takes the parameters of a method; times: first and last octet of the request."""
    if class_id != 18:
        return False
    known = device.images.get(code)
    if method == 1:
        made = image.initiated(data, known.block_size if known is not None else 0)
        if made is None or not _room(device.images):
            return False
        device.images[code] = made
        return True
    found = image.block(data) if method == 2 else None
    if found is None:
        return False
    device.images.setdefault(code, Image()).block(*found, *times)
    return True


def compact_rows(device: Device, code: bytes, octets: bytes) -> list[Data] | None:
    """Values of a compact_buffer by the template read before: template_id, then the values without tags.
    None without a template or where the octets are not of it."""
    description = device.templates.get(code)
    if description is None or not octets:
        return None
    c = Cursor(octets, 1, buffer="compact-buffer")
    rows: list[Data] = []
    budget = [compact_array.VALUES_AN_OCTET * len(octets)]
    try:
        while c.left() > 0:
            before = c.pos
            rows.append(compact_array.element(c, description, budget))
            if c.pos == before:
                return None
    except Stop:
        return None
    if description.tag != STRUCTURE:
        rows = [Data("structure", [row]) for row in rows]
    return rows


def class_of(device: Device, code: bytes) -> int:
    """The class of an object that a list names only by logical name: as seen elsewhere, -1 unknown."""
    found = device.classes.get(code)
    return -1 if found is None else found


__all__ = ["TEACHES", "Device", "Server", "class_of", "compact_rows", "learn_action"]
