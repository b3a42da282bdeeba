"""SET: Set-Request and Set-Response (IEC 62056-5-3, 6.7 and 8).

C1 choice invoke-id-and-priority …     1 normal, 2 with-first-datablock, 3 with-datablock, 4 with-list,
                                       5 with-list-and-first-datablock
C5 choice invoke-id-and-priority …     1 normal, 2 datablock, 3 last-datablock, 4 last-datablock-with-list,
                                       5 with-list
"""

from dissectors import axdr
from dissectors.apdu import Apdu, Block, Item
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.xdlms import common
from dissectors.xdlms.common import Choices, Dissector, field

REQUEST_TAG = 0xC1
RESPONSE_TAG = 0xC5

DATABLOCK = field("set.datablock", "Data block", "node")
RESULTS = field("set-list.result", "Results", "list")
FIELDS = (DATABLOCK, RESULTS)


def request_normal(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """Attribute descriptor, access-selection OPTIONAL, value."""
    class_id, obis, attribute = common.attribute(c)
    common.selection(c)
    found = common.any_data(c, common.VALUE)
    return Apdu(REQUEST_TAG, name, "set", "request", invoke_id, confirmed, class_id, obis, attribute, None, None, found)


def request_with_first_datablock(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """Attribute descriptor, access-selection OPTIONAL, datablock."""
    class_id, obis, attribute = common.attribute(c)
    common.selection(c)
    block = common.block_sa(c, DATABLOCK)
    return Apdu(REQUEST_TAG, name, "set", "request", invoke_id, confirmed, class_id, obis, attribute, block=block)


def request_with_datablock(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """datablock."""
    block = common.block_sa(c, DATABLOCK)
    return Apdu(REQUEST_TAG, name, "set", "request", invoke_id, confirmed, block=block)


def request_with_list(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """attribute-descriptor-list, value-list."""
    items = common.attributes_with_selection(c)
    values = common.data_list(c, common.VALUE_LIST)
    items = common.with_data(c, items, values)
    return Apdu(REQUEST_TAG, name, "set", "request", invoke_id, confirmed, items=items)


def request_with_list_and_first_datablock(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """attribute-descriptor-list, datablock."""
    items = common.attributes_with_selection(c)
    block = common.block_sa(c, DATABLOCK)
    return Apdu(REQUEST_TAG, name, "set", "request", invoke_id, confirmed, items=items, block=block)


def response_normal(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """result."""
    result = common.result_code(c, common.RESULT)
    return Apdu(RESPONSE_TAG, name, "set", "response", invoke_id, confirmed, result=result)


def response_datablock(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """block-number acknowledged; no result yet."""
    return Apdu(RESPONSE_TAG, name, "set", "response", invoke_id, confirmed, block=common.acknowledged(c))


def response_last_datablock(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """result, block-number acknowledged."""
    result = common.result_code(c, common.RESULT)
    block = _last_acknowledged(c)
    return Apdu(RESPONSE_TAG, name, "set", "response", invoke_id, confirmed, result=result, block=block)


def response_last_datablock_with_list(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """result: SEQUENCE OF Data-Access-Result, block-number acknowledged."""
    items = _results(c)
    block = _last_acknowledged(c)
    result = common.overall([item.result or "" for item in items])
    return Apdu(RESPONSE_TAG, name, "set", "response", invoke_id, confirmed, result=result, block=block, items=items)


def response_with_list(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """result: SEQUENCE OF Data-Access-Result."""
    items = _results(c)
    result = common.overall([item.result or "" for item in items])
    return Apdu(RESPONSE_TAG, name, "set", "response", invoke_id, confirmed, result=result, items=items)


def _results(c: Cursor) -> tuple[Item, ...]:
    c.open(RESULTS)
    items = tuple([Item(result=common.result_code(c, common.RESULT)) for _ in range(axdr.count(c, RESULTS))])
    c.close()
    return items


def _last_acknowledged(c: Cursor) -> Block:
    """The acknowledgement that also ends the transfer."""
    return Block(common.acknowledged(c).number, True, (0, 0), True)


REQUESTS: Choices = {
    1: ("set-request-normal", request_normal),
    2: ("set-request-with-first-datablock", request_with_first_datablock),
    3: ("set-request-with-datablock", request_with_datablock),
    4: ("set-request-with-list", request_with_list),
    5: ("set-request-with-list-and-first-datablock", request_with_list_and_first_datablock),
}
RESPONSES: Choices = {
    1: ("set-response-normal", response_normal),
    2: ("set-response-datablock", response_datablock),
    3: ("set-response-last-datablock", response_last_datablock),
    4: ("set-response-last-datablock-with-list", response_last_datablock_with_list),
    5: ("set-response-with-list", response_with_list),
}


def request(c: Cursor, ctx: Context) -> Apdu:
    """Set-Request, cursor at the tag C1. Problems: apdu.choice, apdu.trunc, apdu.value, those of Data."""
    return common.service(c, REQUESTS, "Set-Request")


def response(c: Cursor, ctx: Context) -> Apdu:
    """Set-Response, cursor at the tag C5. Problems: apdu.choice, apdu.trunc, apdu.value."""
    return common.service(c, RESPONSES, "Set-Response")


TABLE: dict[int, tuple[str, Dissector]] = {
    REQUEST_TAG: ("set-request", request),
    RESPONSE_TAG: ("set-response", response),
}
CHOICES = {REQUEST_TAG: REQUESTS, RESPONSE_TAG: RESPONSES}
