"""ACCESS: several GET, SET and ACTION in one APDU (IEC 62056-5-3, 6.11 and 8).

D9 long-invoke-id-and-priority date-time specifications list-of-data
DA long-invoke-id-and-priority date-time specifications OPTIONAL list-of-data response-specifications
"""

from collections.abc import Mapping

from dissectors import axdr
from dissectors.apdu import Apdu, Item
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field
from dissectors.problem import APDU_VALUE
from dissectors.xdlms import common
from dissectors.xdlms.common import ACTION_RESULTS, CHOICE, TAG, Dissector, field

REQUEST_TAG = 0xD9
RESPONSE_TAG = 0xDA

BODY = field("access-request.access-request-body", "Access request body", "node")
SPECIFICATIONS = field("access.access-request-specification", "Access request specification", "list")
SPECIFICATION = field("access.specification", "Specification", "node")
DATA_LIST = field("access-request.access-request-list-of-data", "Access request data", "list")
RESPONSE_BODY = field("access-response.access-response-body", "Access response body", "node")
RESPONSE_DATA = field("access-response.access-response-list-of-data", "Access response data", "list")
RESPONSE_SPECIFICATIONS = field(
    "access-response.access-response-specification", "Access response specification", "list"
)
RESPONSE_SPECIFICATION = field("access-response.specification", "Response specification", "node")
ACTION_RESULT = field("access-response-action.result", "Result", "enum", ACTION_RESULTS)

METHOD_CHOICE = 3
WITH_SELECTION = (4, 5)
REQUESTS: Mapping[int, Field] = {
    1: field("access.access-request-get", "Get", "node"),
    2: field("access.access-request-set", "Set", "node"),
    METHOD_CHOICE: field("access.access-request-action", "Action", "node"),
    4: field("access.access-request-get-with-selection", "Get with selection", "node"),
    5: field("access.access-request-set-with-selection", "Set with selection", "node"),
}
RESPONSES: Mapping[int, tuple[Field, Field]] = {
    1: (field("access.access-response-get", "Get", "node"), common.RESULT),
    2: (field("access.access-response-set", "Set", "node"), common.RESULT),
    METHOD_CHOICE: (field("access.access-response-action", "Action", "node"), ACTION_RESULT),
}
FIELDS = (
    BODY,
    SPECIFICATIONS,
    SPECIFICATION,
    DATA_LIST,
    RESPONSE_BODY,
    RESPONSE_DATA,
    RESPONSE_SPECIFICATIONS,
    RESPONSE_SPECIFICATION,
    ACTION_RESULT,
    *REQUESTS.values(),
    *[choice for choice, _ in RESPONSES.values()],
)


def request(c: Cursor, ctx: Context) -> Apdu:
    """Access-Request, cursor at the tag D9. items: object and Data of each (null-data where it has none).

    Problems: apdu.trunc, apdu.choice, apdu.datetime, apdu.value where the counts differ, those of Data.
    """
    c.u8(TAG)
    invoke_id, confirmed = common.long_invoke(c)
    common.date_time(c)
    c.open(BODY)
    items = _specifications(c)
    items = common.with_data(c, items, common.data_list(c, DATA_LIST))
    c.close()
    return Apdu(REQUEST_TAG, "access-request", "access", "request", invoke_id, confirmed, items=items)


def _specifications(c: Cursor) -> tuple[Item, ...]:
    """access-request-specification: SEQUENCE OF CHOICE."""
    items: list[Item] = []
    c.open(SPECIFICATIONS)
    for _ in range(axdr.count(c, SPECIFICATIONS)):
        c.open(SPECIFICATION)
        choice = c.u8(CHOICE)
        component = REQUESTS.get(choice)
        if component is None:
            axdr.undefined(c, choice, "Access-Request-Specification")
        c.text(component.key)
        c.open(component)
        if choice == METHOD_CHOICE:
            class_id, obis, method = common.method(c)
            items.append(Item(class_id, obis, method=method))
        else:
            class_id, obis, attribute = common.attribute(c)
            if choice in WITH_SELECTION:
                c.open(common.SELECTION)
                common.selection_body(c)
                c.close()
            items.append(Item(class_id, obis, attribute))
        c.close()
        c.close()
    c.close()
    return tuple(items)


def response(c: Cursor, ctx: Context) -> Apdu:
    """Access-Response, cursor at the tag DA. items: result and Data of each; the object where the
    specification is repeated. The Apdu's own result is the first that is not success.

    Problems: apdu.trunc, apdu.choice, apdu.datetime, apdu.value where the counts differ or a result
    is not defined, those of Data.
    """
    c.u8(TAG)
    invoke_id, confirmed = common.long_invoke(c)
    common.date_time(c)
    c.open(RESPONSE_BODY)
    objects = _repeated(c)
    ranges = common.data_list(c, RESPONSE_DATA)
    results = _results(c)
    c.close()
    if not len(results) == len(ranges) == (len(objects) or len(results)):
        c.note(APDU_VALUE, 0, "Count", f"{len(ranges)} values with {len(results)} results")
    items: list[Item] = []
    for i in range(max(len(results), len(ranges))):
        what = objects[i] if i < len(objects) else Item()
        result = results[i] if i < len(results) else None
        found = ranges[i] if i < len(ranges) else None
        items.append(Item(what.class_id, what.obis, what.attribute, what.method, -1, result, found))
    return Apdu(
        RESPONSE_TAG,
        "access-response",
        "access",
        "response",
        invoke_id,
        confirmed,
        result=common.overall(results),
        items=tuple(items),
    )


def _repeated(c: Cursor) -> tuple[Item, ...]:
    """access-request-specification OPTIONAL, there in a self-descriptive response."""
    if c.peek() == 0:
        c.open(SPECIFICATIONS)
        axdr.present(c)
        c.close(None, "not present")
        return ()
    c.u8(axdr.PRESENT)
    return _specifications(c)


def _results(c: Cursor) -> list[str]:
    """access-response-specification: SEQUENCE OF CHOICE of results, by name."""
    results: list[str] = []
    c.open(RESPONSE_SPECIFICATIONS)
    for _ in range(axdr.count(c, RESPONSE_SPECIFICATIONS)):
        c.open(RESPONSE_SPECIFICATION)
        choice = c.u8(CHOICE)
        if choice not in RESPONSES:
            axdr.undefined(c, choice, "Access-Response-Specification")
        component, result = RESPONSES[choice]
        c.text(component.key)
        c.open(component)
        results.append(common.result_code(c, result))
        c.close()
        c.close()
    c.close()
    return results


TABLE: dict[int, tuple[str, Dissector]] = {
    REQUEST_TAG: ("access-request", request),
    RESPONSE_TAG: ("access-response", response),
}
