"""Short name services: READ, WRITE, UnconfirmedWrite, InformationReport (IEC 62056-5-3, 6.13 to 6.17 and 8).

    05 { variable-access-specification }                 0C { data | data-access-error | block | block-number }
    06 { variable-access-specification } { Data }        0D { success | data-access-error | block-number }
    16 as 06, without an answer
    18 current-time OPTIONAL { variable-access-specification } { Data }

They have no invoke id: requests and responses pair by their order on the link.
"""

from collections.abc import Callable, Mapping

from dissectors import axdr
from dissectors.apdu import Apdu, Block, Item
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field
from dissectors.xdlms import common
from dissectors.xdlms.common import CHOICE, LAST_BLOCK, OCTET_STRING_TAG, RAW_DATA, TAG, Dissector, Range, field

READ_REQUEST_TAG = 0x05
WRITE_REQUEST_TAG = 0x06
READ_RESPONSE_TAG = 0x0C
WRITE_RESPONSE_TAG = 0x0D
UNCONFIRMED_WRITE_TAG = 0x16
REPORT_TAG = 0x18


def name_text(value: int) -> str:
    """A short name as "0xFA00"."""
    return f"0x{value:04X}"


SPECIFICATIONS = field("short-name.variable-access-specification", "Variable access specifications", "list")
SPECIFICATION = field("short-name.specification", "Variable access specification", "node")
VARIABLE = Field("short-name.variable-name", "Variable name", show=name_text, clause=common.CLAUSE)
PARAMETERIZED = field("short-name.parameterized-access", "Parameterized access", "node")
SELECTOR = field("short-name.selector", "Selector")
PARAMETER = field("short-name.parameter", "Parameter", "data")
BLOCK_ACCESS = field("short-name.block-number-access", "Block number access", "node")
READ_BLOCK = field("short-name.read-data-block-access", "Read data block access", "node")
WRITE_BLOCK = field("short-name.write-data-block-access", "Write data block access", "node")
DATA_LIST = field("short-name.list-of-data", "Data", "list")
READ_RESPONSES = field("short-name.read-response", "Read responses", "list")
READ_RESPONSE = field("short-name.read-result", "Read response", "node")
WRITE_RESPONSES = field("short-name.write-response", "Write responses", "list")
WRITE_RESPONSE = field("short-name.write-result", "Write response", "node")
SUCCESS = field("short-name.success", "Success")
ERROR = field("short-name.data-access-error", "Data access error", "enum", common.DATA_ACCESS_RESULTS)
BLOCK_RESULT = field("short-name.data-block-result", "Data block result", "node")
CURRENT_TIME = field("information-report.current-time", "Current time", "text")
FIELDS = (
    SPECIFICATIONS, SPECIFICATION, VARIABLE, PARAMETERIZED, SELECTOR, PARAMETER, BLOCK_ACCESS, READ_BLOCK, WRITE_BLOCK,
    DATA_LIST, READ_RESPONSES, READ_RESPONSE, WRITE_RESPONSES, WRITE_RESPONSE, SUCCESS, ERROR, BLOCK_RESULT,
    CURRENT_TIME,
)  # fmt: skip

Found = tuple[Item, Block | None]
NOTHING = Item()


# --- Variable-Access-Specification ------------------------------------------------------------------


def _variable(c: Cursor) -> Found:
    return Item(variable=c.u16(VARIABLE)), None


def _parameterized(c: Cursor) -> Found:
    c.open(PARAMETERIZED)
    item = Item(variable=c.u16(VARIABLE))
    c.u8(SELECTOR)
    common.any_data(c, PARAMETER)
    c.close()
    return item, None


def _block_access(c: Cursor) -> Found:
    c.open(BLOCK_ACCESS)
    block = common.acknowledged(c, 2)
    c.close()
    return NOTHING, block


def _block(c: Cursor, component: Field, raw: bool) -> Block:
    """last-block, block-number (16 bits) and, where it carries it, raw-data."""
    c.open(component)
    last = axdr.boolean(c, LAST_BLOCK)
    number = c.u16(common.BLOCK_NUMBER)
    block = Block(number, last, axdr.octets_range(c, RAW_DATA) if raw else (0, 0))
    c.close(None, common.block_text(block) if raw else None)
    return block


def _read_block(c: Cursor) -> Found:
    return NOTHING, _block(c, READ_BLOCK, True)


def _write_block(c: Cursor) -> Found:
    return NOTHING, _block(c, WRITE_BLOCK, False)


ACCESSES: Mapping[int, tuple[str, Callable[[Cursor], Found]]] = {
    2: ("variable-name", _variable),
    4: ("parameterized-access", _parameterized),
    5: ("block-number-access", _block_access),
    6: ("read-data-block-access", _read_block),
    7: ("write-data-block-access", _write_block),
}


def listed(
    c: Cursor, component: Field, element: Field, choices: Mapping[int, tuple[str, Callable[[Cursor], Found]]], of: str
) -> tuple[tuple[Item, ...], Block | None]:
    """SEQUENCE OF CHOICE: its items, and the block where one of them is part of a block transfer."""
    items: list[Item] = []
    block = None
    c.open(component)
    for _ in range(axdr.count(c, component)):
        c.open(element)
        choice = c.u8(CHOICE)
        if choice not in choices:
            axdr.undefined(c, choice, of)
        name, read = choices[choice]
        c.text(name)
        item, found = read(c)
        c.close()
        items.append(item)
        block = found or block
    c.close()
    return tuple(items), block


def accesses(c: Cursor) -> tuple[tuple[Item, ...], Block | None]:
    return listed(c, SPECIFICATIONS, SPECIFICATION, ACCESSES, "Variable-Access-Specification")


# --- responses --------------------------------------------------------------------------------------


def _data(c: Cursor) -> Found:
    return Item(result=common.SUCCESS, data=common.any_data(c, common.DATA)), None


def _error(c: Cursor) -> Found:
    return Item(result=common.result_code(c, ERROR)), None


def _block_result(c: Cursor) -> Found:
    return Item(result=common.SUCCESS), _block(c, BLOCK_RESULT, True)


def _block_number(c: Cursor) -> Found:
    return NOTHING, common.acknowledged(c, 2)


def _success(c: Cursor) -> Found:
    c.open(SUCCESS)
    c.close(None, "success")
    return Item(result=common.SUCCESS), None


READ_RESULTS: Mapping[int, tuple[str, Callable[[Cursor], Found]]] = {
    0: ("data", _data),
    1: ("data-access-error", _error),
    2: ("data-block-result", _block_result),
    3: ("block-number", _block_number),
}
WRITE_RESULTS: Mapping[int, tuple[str, Callable[[Cursor], Found]]] = {
    0: ("success", _success),
    1: ("data-access-error", _error),
    2: ("block-number", _block_number),
}


def _overall(items: tuple[Item, ...]) -> str | None:
    results = [item.result for item in items if item.result is not None]
    return common.overall(results) if results else None


def _only(items: tuple[Item, ...]) -> Range | None:
    """The Data where there is one item only."""
    return items[0].data if len(items) == 1 else None


# --- APDUs ------------------------------------------------------------------------------------------


def read_request(c: Cursor, ctx: Context) -> Apdu:
    """ReadRequest, cursor at the tag 05. Problems: apdu.trunc, apdu.choice, those of Data."""
    c.u8(TAG)
    items, block = accesses(c)
    return Apdu(READ_REQUEST_TAG, "read-request", "read", "request", items=items, block=block)


def read_response(c: Cursor, ctx: Context) -> Apdu:
    """ReadResponse, cursor at the tag 0C. Problems: apdu.trunc, apdu.choice, apdu.value, those of Data."""
    c.u8(TAG)
    items, block = listed(c, READ_RESPONSES, READ_RESPONSE, READ_RESULTS, "ReadResponse")
    return Apdu(
        READ_RESPONSE_TAG,
        "read-response",
        "read",
        "response",
        result=_overall(items),
        data=_only(items),
        block=block,
        items=items,
    )


def _write(c: Cursor, tag: int, name: str, confirmed: bool) -> Apdu:
    c.u8(TAG)
    items, block = accesses(c)
    ranges = common.data_list(c, DATA_LIST)
    if block is not None and not block.acknowledges and len(ranges) == 1:
        block = Block(block.number, block.last, _octet_string(c, ranges[0]))
    items = common.with_data(c, items, ranges)
    return Apdu(tag, name, "write", "request", confirmed=confirmed, data=_only(items), block=block, items=items)


def _octet_string(c: Cursor, found: Range) -> Range:
    """Range of the content where a Data is an octet-string: the raw data of a written block; else (0, 0)."""
    inner = Cursor(c.octets, found[0], found[1], c.short, c.buffer)
    if inner.peek() != OCTET_STRING_TAG:
        return 0, 0
    inner.u8(CHOICE)
    return axdr.octets_range(inner, RAW_DATA)


def write_request(c: Cursor, ctx: Context) -> Apdu:
    """WriteRequest, cursor at the tag 06. Problems: apdu.trunc, apdu.choice, apdu.value, those of Data."""
    return _write(c, WRITE_REQUEST_TAG, "write-request", True)


def unconfirmed_write_request(c: Cursor, ctx: Context) -> Apdu:
    """UnconfirmedWriteRequest, cursor at the tag 16. Problems: as WriteRequest."""
    return _write(c, UNCONFIRMED_WRITE_TAG, "unconfirmed-write-request", False)


def write_response(c: Cursor, ctx: Context) -> Apdu:
    """WriteResponse, cursor at the tag 0D. Problems: apdu.trunc, apdu.choice, apdu.value."""
    c.u8(TAG)
    items, block = listed(c, WRITE_RESPONSES, WRITE_RESPONSE, WRITE_RESULTS, "WriteResponse")
    return Apdu(
        WRITE_RESPONSE_TAG, "write-response", "write", "response", result=_overall(items), block=block, items=items
    )


def information_report(c: Cursor, ctx: Context) -> Apdu:
    """InformationReportRequest, cursor at the tag 18. current-time is a GeneralizedTime (text).

    Problems: apdu.trunc, apdu.choice, apdu.value, those of Data.
    """
    c.u8(TAG)
    c.open(CURRENT_TIME)
    time = None
    if Cursor.u8(c, CURRENT_TIME):
        time = Cursor.take(c, CURRENT_TIME, axdr.length(c, CURRENT_TIME)).decode("ascii", "backslashreplace")
    c.close(time, None if time is not None else "not present")
    items, _ = accesses(c)
    items = common.with_data(c, items, common.data_list(c, DATA_LIST))
    return Apdu(
        REPORT_TAG,
        "information-report-request",
        "information-report",
        "unsolicited",
        confirmed=False,
        data=_only(items),
        items=items,
    )


TABLE: dict[int, tuple[str, Dissector]] = {
    READ_REQUEST_TAG: ("read-request", read_request),
    WRITE_REQUEST_TAG: ("write-request", write_request),
    READ_RESPONSE_TAG: ("read-response", read_response),
    WRITE_RESPONSE_TAG: ("write-response", write_response),
    UNCONFIRMED_WRITE_TAG: ("unconfirmed-write-request", unconfirmed_write_request),
    REPORT_TAG: ("information-report-request", information_report),
}
