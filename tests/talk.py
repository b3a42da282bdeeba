"""A dialogue with one meter as Messages: APDUs in, what the association stage makes of them out."""

from collections.abc import Iterable, Iterator

from encode import axdr, xdlms

from analyzer.association import Associations
from analyzer.model import Message
from dissectors.cosem import obis
from dissectors.data_types import Data
from dissectors.record import Direction, Path, Pdu

CLIENT, SERVER = "10.0.0.1:50000", "10.0.1.7:4059"
PATH = (Path(0, "tcp", CLIENT, SERVER), Path(0, "tcp", SERVER, CLIENT))
MS = 1_000_000


def code(text: str) -> bytes:
    found = obis.parse(text)
    assert found is not None
    return found


def u8(value: int) -> Data:
    return Data("unsigned", value)


def u16(value: int) -> Data:
    return Data("long-unsigned", value)


def u32(value: int) -> Data:
    return Data("double-long-unsigned", value)


def i8(value: int) -> Data:
    return Data("integer", value)


def enum(value: int) -> Data:
    return Data("enum", value)


def os(value: bytes | str) -> Data:
    """An octet-string of octets, or of the octets of an OBIS code."""
    return Data("octet-string", (value if isinstance(value, bytes) else code(value)).hex().upper())


def st(*parts: Data) -> Data:
    return Data("structure", list(parts))


def arr(*parts: Data) -> Data:
    return Data("array", list(parts))


NULL = Data("null-data", None)


def scaler(power: int, unit: int) -> Data:
    return st(i8(power), enum(unit))


def captured(class_id: int, name: str, attribute: int = 2, index: int = 0) -> Data:
    return st(u16(class_id), os(name), i8(attribute), u16(index))


def clock(hour: int, minute: int = 0, day: int = 1) -> Data:
    """A date-time of November 2026 as an octet-string, UTC."""
    return os(bytes((0x07, 0xEA, 11, day, 0xFF, hour, minute, 0, 0, 0, 0, 0)))


class Talk:
    """Collects APDUs; `messages` is the list of Messages. Every APDU comes 100 ms after the one before it."""

    def __init__(self) -> None:
        self._pdus: list[Pdu] = []

    def add(self, octets: bytes, direction: int, path: Path | None = None) -> "Talk":
        begin = len(self._pdus) * 100 * MS
        number = len(self._pdus) + 1
        way = path or PATH[direction]
        self._pdus.append(Pdu((number,), 0, way, "wrapper", direction, begin, begin + MS, 0, 16, 1, octets))
        return self

    def get(
        self, class_id: int, name: str, attribute: int, value: Data | int, select: tuple[int, Data] | None = None
    ) -> "Talk":
        """A GET and its answer: a value, or the number of a data-access-result."""
        target = xdlms.attribute(class_id, code(name), attribute)
        self.add(xdlms.get_request_normal(1, target, select), Direction.TO_SERVER)
        return self.add(xdlms.get_response_normal(1, value), Direction.TO_CLIENT)

    def set(self, class_id: int, name: str, attribute: int, value: Data, result: int = 0) -> "Talk":
        self.add(
            xdlms.set_request_normal(1, xdlms.attribute(class_id, code(name), attribute), value), Direction.TO_SERVER
        )
        return self.add(bytes((0xC5, 1, 0xC1, result)), Direction.TO_CLIENT)

    def action(self, class_id: int, name: str, method: int, value: Data | None, result: int = 0) -> "Talk":
        self.add(
            xdlms.action_request_normal(1, xdlms.attribute(class_id, code(name), method), value), Direction.TO_SERVER
        )
        return self.add(bytes((0xC7, 1, 0xC1, result, 0)), Direction.TO_CLIENT)

    def get_list(self, items: Iterable[tuple[int, str, int, Data | int]]) -> "Talk":
        items = list(items)
        wanted = b"".join(xdlms.attribute(c, code(n), a) + b"\0" for c, n, a, _ in items)
        self.add(bytes((0xC0, 3, 0xC1, len(items))) + wanted, Direction.TO_SERVER)
        return self.add(xdlms.get_response_with_list(1, [v for *_, v in items]), Direction.TO_CLIENT)

    def push(self, body: Data, path: Path | None = None) -> "Talk":
        return self.add(xdlms.data_notification(1, b"", body), Direction.TO_CLIENT, path)

    @property
    def messages(self) -> list[Message]:
        return list(Associations({}).messages(self._pdus))


def octets_of(value: Data) -> bytes:
    return axdr.data(value)


def answers(messages: Iterable[Message]) -> Iterator[Message]:
    return (m for m in messages if m.apdu.role != "request")
