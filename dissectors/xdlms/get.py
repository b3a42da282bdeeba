"""GET: Get-Request and Get-Response (IEC 62056-5-3, 6.6 and 8).

C0 choice invoke-id-and-priority …     1 normal, 2 next, 3 with-list
C4 choice invoke-id-and-priority …     1 normal, 2 with-datablock, 3 with-list
"""

from dissectors import axdr
from dissectors.apdu import Apdu, Block, Item
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.xdlms import common
from dissectors.xdlms.common import CHOICE, Choices, Dissector, field

REQUEST_TAG = 0xC0
RESPONSE_TAG = 0xC4

RESULT = field("get.result", "Result", "node")
RESULTS = field("get-list.result", "Results", "list")
RESULT_ITEM = field("get.get-data-result", "Get data result", "node")
BLOCK = field("get-block.result", "Data block", "node")
BLOCK_RESULT = field("get-block-content.result", "Block content", "node")
FIELDS = (RESULT, RESULTS, RESULT_ITEM, BLOCK, BLOCK_RESULT)


def request_normal(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """Attribute descriptor and access-selection OPTIONAL."""
    class_id, obis, attribute = common.attribute(c)
    common.selection(c)
    return Apdu(REQUEST_TAG, name, "get", "request", invoke_id, confirmed, class_id, obis, attribute)


def request_next(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """block-number of the block just received."""
    block = common.acknowledged(c)
    return Apdu(REQUEST_TAG, name, "get", "request", invoke_id, confirmed, block=block)


def request_with_list(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """attribute-descriptor-list."""
    items = common.attributes_with_selection(c)
    return Apdu(REQUEST_TAG, name, "get", "request", invoke_id, confirmed, items=items)


def response_normal(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """result: Data, or a data-access-result."""
    c.open(RESULT)
    result, found = common.get_data_result(c)
    c.close()
    return Apdu(RESPONSE_TAG, name, "get", "response", invoke_id, confirmed, result=result, data=found)


def response_with_datablock(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """DataBlock-G: last-block, block-number, raw-data or a data-access-result."""
    c.open(BLOCK)
    last = axdr.boolean(c, common.LAST_BLOCK)
    number = c.u32(common.BLOCK_NUMBER)
    c.open(BLOCK_RESULT)
    choice = c.u8(CHOICE)
    result, raw = common.SUCCESS, (0, 0)
    if choice == 0:
        c.text(common.RAW_DATA.key)
        raw = axdr.octets_range(c, common.RAW_DATA)
    elif choice == 1:
        c.text(common.DATA_ACCESS_RESULT.key)
        result = common.result_code(c, common.DATA_ACCESS_RESULT)
    else:
        axdr.undefined(c, choice, "DataBlock-G result")
    c.close()
    block = Block(number, last, raw)
    c.close(None, common.block_text(block))
    return Apdu(RESPONSE_TAG, name, "get", "response", invoke_id, confirmed, result=result, block=block)


def response_with_list(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """result: SEQUENCE OF Get-Data-Result. The Apdu's own result is the first that is not success."""
    items: list[Item] = []
    c.open(RESULTS)
    for _ in range(axdr.count(c, RESULTS)):
        c.open(RESULT_ITEM)
        result, found = common.get_data_result(c)
        c.close()
        items.append(Item(result=result, data=found))
    c.close()
    overall = common.overall([item.result or "" for item in items])
    return Apdu(RESPONSE_TAG, name, "get", "response", invoke_id, confirmed, result=overall, items=tuple(items))


REQUESTS: Choices = {
    1: ("get-request-normal", request_normal),
    2: ("get-request-next", request_next),
    3: ("get-request-with-list", request_with_list),
}
RESPONSES: Choices = {
    1: ("get-response-normal", response_normal),
    2: ("get-response-with-datablock", response_with_datablock),
    3: ("get-response-with-list", response_with_list),
}


def request(c: Cursor, ctx: Context) -> Apdu:
    """Get-Request, cursor at the tag C0. Problems: apdu.choice, apdu.trunc, those of Data."""
    return common.service(c, REQUESTS, "Get-Request")


def response(c: Cursor, ctx: Context) -> Apdu:
    """Get-Response, cursor at the tag C4. Problems: apdu.choice, apdu.trunc, apdu.value, those of Data."""
    return common.service(c, RESPONSES, "Get-Response")


TABLE: dict[int, tuple[str, Dissector]] = {
    REQUEST_TAG: ("get-request", request),
    RESPONSE_TAG: ("get-response", response),
}
CHOICES = {REQUEST_TAG: REQUESTS, RESPONSE_TAG: RESPONSES}
