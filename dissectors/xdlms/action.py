"""ACTION: Action-Request and Action-Response (IEC 62056-5-3, 6.8 and 8).

C3 choice invoke-id-and-priority …     1 normal, 2 next-pblock, 3 with-list, 4 with-first-pblock,
                                       5 with-list-and-first-pblock, 6 with-pblock
C7 choice invoke-id-and-priority …     1 normal, 2 with-pblock, 3 with-list, 4 next-pblock
"""

from dissectors import axdr
from dissectors.apdu import Apdu, Item
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.xdlms import common
from dissectors.xdlms.common import ACTION_RESULTS, Choices, Dissector, Range, field

REQUEST_TAG = 0xC3
RESPONSE_TAG = 0xC7

PARAMETERS = field("action.method-invocation-parameters", "Method invocation parameters", "data")
PARAMETERS_LIST = field("action-list.method-invocation-parameters", "Method invocation parameters", "list")
PBLOCK = field("action.pblock", "Data block", "node")
SINGLE = field("action.single-response", "Response", "node")
RESPONSE_LIST = field("action.list-of-responses", "Responses", "list")
RESPONSE_ITEM = field("action.action-response-with-optional-data", "Response", "node")
RESULT = field("action.result", "Result", "enum", ACTION_RESULTS)
RETURN = field("action.return-parameters", "Return parameters", "node")
FIELDS = (PARAMETERS, PARAMETERS_LIST, PBLOCK, SINGLE, RESPONSE_LIST, RESPONSE_ITEM, RESULT, RETURN)


def request_normal(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """Method descriptor, method-invocation-parameters OPTIONAL."""
    class_id, obis, method = common.method(c)
    found = common.optional_data(c, PARAMETERS)
    return Apdu(REQUEST_TAG, name, "action", "request", invoke_id, confirmed, class_id, obis, None, method, None, found)


def request_next(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """block-number of the block just received."""
    return Apdu(REQUEST_TAG, name, "action", "request", invoke_id, confirmed, block=common.acknowledged(c))


def request_with_list(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """cosem-method-descriptor-list, method-invocation-parameters (null-data where a method takes none)."""
    items = common.methods(c)
    parameters = common.data_list(c, PARAMETERS_LIST)
    items = common.with_data(c, items, parameters)
    return Apdu(REQUEST_TAG, name, "action", "request", invoke_id, confirmed, items=items)


def request_with_first_pblock(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """Method descriptor, pblock."""
    class_id, obis, method = common.method(c)
    block = common.block_sa(c, PBLOCK)
    return Apdu(REQUEST_TAG, name, "action", "request", invoke_id, confirmed, class_id, obis, None, method, block=block)


def request_with_list_and_first_pblock(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """cosem-method-descriptor-list, pblock."""
    items = common.methods(c)
    block = common.block_sa(c, PBLOCK)
    return Apdu(REQUEST_TAG, name, "action", "request", invoke_id, confirmed, items=items, block=block)


def request_with_pblock(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """pblock."""
    block = common.block_sa(c, PBLOCK)
    return Apdu(REQUEST_TAG, name, "action", "request", invoke_id, confirmed, block=block)


def response_normal(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """single-response: action-result, return-parameters OPTIONAL."""
    c.open(SINGLE)
    result, found = _with_optional_data(c)
    c.close()
    return Apdu(RESPONSE_TAG, name, "action", "response", invoke_id, confirmed, result=result, data=found)


def response_with_pblock(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """pblock; the result lies in the joined raw data."""
    block = common.block_sa(c, PBLOCK)
    return Apdu(RESPONSE_TAG, name, "action", "response", invoke_id, confirmed, block=block)


def response_with_list(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """list-of-responses. The Apdu's own result is the first that is not success."""
    items: list[Item] = []
    c.open(RESPONSE_LIST)
    for _ in range(axdr.count(c, RESPONSE_LIST)):
        c.open(RESPONSE_ITEM)
        result, found = _with_optional_data(c)
        c.close()
        items.append(Item(result=result, data=found))
    c.close()
    overall = common.overall([item.result or "" for item in items])
    return Apdu(RESPONSE_TAG, name, "action", "response", invoke_id, confirmed, result=overall, items=tuple(items))


def response_next(c: Cursor, name: str, invoke_id: int, confirmed: bool) -> Apdu:
    """block-number acknowledged."""
    return Apdu(RESPONSE_TAG, name, "action", "response", invoke_id, confirmed, block=common.acknowledged(c))


def _with_optional_data(c: Cursor) -> tuple[str, Range | None]:
    """Action-Response-With-Optional-Data: the action-result, and the range of the return parameters.

    A data-access-result in their place shows in the tree; the action's own result stays the result.
    """
    result = common.result_code(c, RESULT)
    found = None
    c.open(RETURN)
    there = axdr.present(c)
    if there:
        _, found = common.get_data_result(c)
    c.close(None, None if there else "not present")
    return result, found


REQUESTS: Choices = {
    1: ("action-request-normal", request_normal),
    2: ("action-request-next-pblock", request_next),
    3: ("action-request-with-list", request_with_list),
    4: ("action-request-with-first-pblock", request_with_first_pblock),
    5: ("action-request-with-list-and-first-pblock", request_with_list_and_first_pblock),
    6: ("action-request-with-pblock", request_with_pblock),
}
RESPONSES: Choices = {
    1: ("action-response-normal", response_normal),
    2: ("action-response-with-pblock", response_with_pblock),
    3: ("action-response-with-list", response_with_list),
    4: ("action-response-next-pblock", response_next),
}


def request(c: Cursor, ctx: Context) -> Apdu:
    """Action-Request, cursor at the tag C3. Problems: apdu.choice, apdu.trunc, apdu.value, those of Data."""
    return common.service(c, REQUESTS, "Action-Request")


def response(c: Cursor, ctx: Context) -> Apdu:
    """Action-Response, cursor at the tag C7. Problems: apdu.choice, apdu.trunc, apdu.value, those of Data."""
    return common.service(c, RESPONSES, "Action-Response")


TABLE: dict[int, tuple[str, Dissector]] = {
    REQUEST_TAG: ("action-request", request),
    RESPONSE_TAG: ("action-response", response),
}
CHOICES = {REQUEST_TAG: REQUESTS, RESPONSE_TAG: RESPONSES}
