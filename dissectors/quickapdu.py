"""The APDUs of every day, octets to Apdu by one struct call; everything else by apdus.dissect.

Taken here only where nothing is to be noted: the whole head is there, lengths agree, codes are known
and the direction, where given, is legal. So a result has no problems; tests hold it equal to the
slow way on mutated octets.
"""

from collections.abc import Callable
from struct import Struct as Pack

from dissectors.apdu import Apdu
from dissectors.cosem import datetime
from dissectors.quickdata import prove
from dissectors.record import Direction
from dissectors.tags import DIRECTION
from dissectors.xdlms.common import ACTION_RESULTS, DATA_ACCESS_RESULTS, DATE_TIME_OCTETS

NORMAL = 1
REQUEST_OCTETS = 13  # tag, choice, invoke id, class id, logical name, attribute or method id, flag
_request = Pack(">xBBH6sbB").unpack_from
_long = Pack(">xI").unpack_from


def _get_request(octets: bytes, n: int) -> Apdu | None:
    if n < REQUEST_OCTETS:
        return None
    choice, invoke, class_id, obis, attribute, flag = _request(octets)
    if choice != NORMAL:
        return None
    if flag:  # selective access: selector and parameters, which the Apdu does not carry
        if flag != 1 or n < REQUEST_OCTETS + 2 or prove(octets, REQUEST_OCTETS + 1, n) != n:
            return None
    elif n != REQUEST_OCTETS:
        return None
    return Apdu(0xC0, "get-request-normal", "get", "request", invoke & 15, invoke & 64 != 0, class_id, obis, attribute)


def _get_response(octets: bytes, n: int) -> Apdu | None:
    if n < 5 or octets[1] != NORMAL:
        return None
    invoke = octets[2]
    if octets[3] == 0:
        if prove(octets, 4, n) != n:
            return None
        return Apdu(
            0xC4, "get-response-normal", "get", "response", invoke & 15, invoke & 64 != 0,
            -1, b"", None, None, "success", (4, n),
        )  # fmt: skip
    result = DATA_ACCESS_RESULTS.get(octets[4])
    if octets[3] != 1 or n != 5 or result is None:
        return None
    return Apdu(
        0xC4, "get-response-normal", "get", "response", invoke & 15, invoke & 64 != 0, -1, b"", None, None, result
    )


def _set_request(octets: bytes, n: int) -> Apdu | None:
    if n <= REQUEST_OCTETS:
        return None
    choice, invoke, class_id, obis, attribute, flag = _request(octets)
    if choice != NORMAL or flag or prove(octets, REQUEST_OCTETS, n) != n:
        return None
    return Apdu(
        0xC1, "set-request-normal", "set", "request", invoke & 15, invoke & 64 != 0,
        class_id, obis, attribute, None, None, (REQUEST_OCTETS, n),
    )  # fmt: skip


def _set_response(octets: bytes, n: int) -> Apdu | None:
    if n != 4 or octets[1] != NORMAL:
        return None
    invoke = octets[2]
    result = DATA_ACCESS_RESULTS.get(octets[3])
    if result is None:
        return None
    return Apdu(
        0xC5, "set-response-normal", "set", "response", invoke & 15, invoke & 64 != 0, -1, b"", None, None, result
    )


def _action_request(octets: bytes, n: int) -> Apdu | None:
    if n < REQUEST_OCTETS:
        return None
    choice, invoke, class_id, obis, method, flag = _request(octets)
    if choice != NORMAL:
        return None
    found = None
    if flag:
        if prove(octets, REQUEST_OCTETS, n) != n:
            return None
        found = (REQUEST_OCTETS, n)
    elif n != REQUEST_OCTETS:
        return None
    return Apdu(
        0xC3, "action-request-normal", "action", "request", invoke & 15, invoke & 64 != 0,
        class_id, obis, None, method, None, found,
    )  # fmt: skip


def _action_response(octets: bytes, n: int) -> Apdu | None:
    if n < 5 or octets[1] != NORMAL:
        return None
    invoke = octets[2]
    result = ACTION_RESULTS.get(octets[3])
    found = None
    if octets[4]:
        if n < 7 or octets[5] or prove(octets, 6, n) != n:
            return None
        found = (6, n)
    elif n != 5:
        return None
    if result is None:
        return None
    return Apdu(
        0xC7, "action-response-normal", "action", "response", invoke & 15, invoke & 64 != 0,
        -1, b"", None, None, result, found,
    )  # fmt: skip


def _data_notification(octets: bytes, n: int) -> Apdu | None:
    if n < 7:
        return None
    start = 6
    if octets[5]:
        if octets[5] != DATE_TIME_OCTETS or n < 19:
            return None
        clock = datetime.decode(octets[6:18])
        if clock is None or clock.problems:
            return None
        start = 18
    if prove(octets, start, n) != n:
        return None
    (invoke,) = _long(octets)
    return Apdu(
        0x0F, "data-notification", "data-notification", "unsolicited", invoke & 0xFFFFFF, invoke & 0x40000000 != 0,
        -1, b"", None, None, None, (start, n),
    )  # fmt: skip


QUICK: dict[int, Callable[[bytes, int], Apdu | None]] = {
    0x0F: _data_notification,
    0xC0: _get_request,
    0xC1: _set_request,
    0xC3: _action_request,
    0xC4: _get_response,
    0xC5: _set_response,
    0xC7: _action_response,
}
_WAYS = {
    (tag, direction): quick
    for tag, quick in QUICK.items()
    for direction in (int(Direction.UNKNOWN), int(DIRECTION[tag]))
}


def dissect(octets: bytes, direction: int = Direction.UNKNOWN) -> Apdu | None:
    """The APDU that the octets are, without problems; None where apdus.dissect has to tell."""
    if not octets:
        return None
    quick = _WAYS.get((octets[0], direction))
    return None if quick is None else quick(octets, len(octets))
