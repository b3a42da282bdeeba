"""Components that several xDLMS services share: invoke ids, descriptors, results, Data, data blocks (IEC 62056-5-3, 8).

Every service function stands at the tag of its APDU and takes (Cursor, Context). In bulk a Data is
only proven and kept as a range; with Trace it is built into nodes.
"""

from collections.abc import Callable, Mapping

from dissectors import axdr, data, quickdata
from dissectors.apdu import Apdu, Block, Item
from dissectors.context import Context
from dissectors.cosem import datetime
from dissectors.cursor import Cursor
from dissectors.field import Field, group, name_of
from dissectors.problem import APDU_DATETIME, APDU_NOTIFICATION_TIME, APDU_VALUE
from dissectors.tags import TAGS

CLAUSE = "IEC 62056-5-3, 8"
Range = tuple[int, int]
Dissector = Callable[[Cursor, Context], Apdu]

DATA_ACCESS_RESULTS: Mapping[int, str] = {
    0: "success",
    1: "hardware-fault",
    2: "temporary-failure",
    3: "read-write-denied",
    4: "object-undefined",
    9: "object-class-inconsistent",
    11: "object-unavailable",
    12: "type-unmatched",
    13: "scope-of-access-violated",
    14: "data-block-unavailable",
    15: "long-get-aborted",
    16: "no-long-get-in-progress",
    17: "long-set-aborted",
    18: "no-long-set-in-progress",
    19: "data-block-number-invalid",
    250: "other-reason",
}
ACTION_RESULTS: Mapping[int, str] = {
    **{code: DATA_ACCESS_RESULTS[code] for code in (0, 1, 2, 3, 4, 9, 11, 12, 13, 14, 250)},
    15: "long-action-aborted",
    16: "no-long-action-in-progress",
}
SUCCESS = "success"


def field(
    code: str,
    label: str,
    type: str = "int",
    names: Mapping[int, str] | None = None,
    show: Callable[[bytes], str] | None = None,
) -> Field:
    """A Field of this clause."""
    return Field(code, label, type=type, names=names, show=show, clause=CLAUSE)


def obis_text(octets: bytes) -> str:
    """A logical name as "1-0:1.8.0*255"."""
    return "{}-{}:{}.{}.{}*{}".format(*octets) if len(octets) == 6 else octets.hex().upper()


def date_time_text(octets: bytes) -> str:
    """The date-time of an APDU's head, "not specified" where empty."""
    if not octets:
        return "not specified"
    clock = datetime.decode(octets)
    return clock.text if clock else octets.hex().upper()


TAG = field("apdu.tag", "APDU", "encoding", TAGS)
CHOICE = field("apdu.choice", "Choice", "encoding")

INVOKE = field("apdu.invoke-id-and-priority", "Invoke id and priority", "node")
INVOKE_ID = field("apdu.invoke-id", "Invoke id")
LONG_INVOKE = field("apdu.long-invoke-id-and-priority", "Long invoke id and priority", "node")
LONG_INVOKE_ID = field("apdu.long-invoke-id", "Long invoke id")
SELF_DESCRIPTIVE = field(
    "apdu.self-descriptive", "Self-descriptive", "enum", {0: "not-self-descriptive", 1: "self-descriptive"}
)
PROCESSING = field("apdu.processing-option", "Processing option", "enum", {0: "continue-on-error", 1: "break-on-error"})
SERVICE_CLASS = field("apdu.service-class", "Service class", "enum", {0: "unconfirmed", 1: "confirmed"})
PRIORITY = field("apdu.priority", "Priority", "enum", {0: "normal", 1: "high"})

ATTRIBUTE = field("apdu.cosem-attribute-descriptor", "Attribute descriptor", "node")
METHOD = field("apdu.cosem-method-descriptor", "Method descriptor", "node")
CLASS_ID = field("apdu.class-id", "Class id")
INSTANCE_ID = field("apdu.instance-id", "Instance id", "octets", show=obis_text)
ATTRIBUTE_ID = field("apdu.attribute-id", "Attribute id")
METHOD_ID = field("apdu.method-id", "Method id")
ATTRIBUTE_GROUP = group("!H6sb", CLASS_ID, INSTANCE_ID, ATTRIBUTE_ID)
METHOD_GROUP = group("!H6sb", CLASS_ID, INSTANCE_ID, METHOD_ID)
ATTRIBUTE_LIST = field("apdu.attribute-descriptor-list", "Attribute descriptors", "list")
METHOD_LIST = field("apdu.cosem-method-descriptor-list", "Method descriptors", "list")
SELECTED = field("apdu.cosem-attribute-descriptor-with-selection", "Attribute descriptor with selection", "node")
SELECTION = field("apdu.access-selection", "Access selection", "node")
SELECTOR = field("apdu.access-selector", "Access selector")
PARAMETERS = field("apdu.access-parameters", "Access parameters", "data")

DATA = field("apdu.data", "Data", "data")
DATA_ACCESS_RESULT = field("apdu.data-access-result", "Data access result", "enum", DATA_ACCESS_RESULTS)
RESULT = field("apdu.result", "Result", "enum", DATA_ACCESS_RESULTS)
VALUE = field("apdu.value", "Value", "data")
VALUE_LIST = field("apdu.value-list", "Values", "list")

BLOCK_NUMBER = field("apdu.block-number", "Block number")
LAST_BLOCK = field("apdu.last-block", "Last block", "bool")
RAW_DATA = field("apdu.raw-data", "Raw data", "octets")
DATE_TIME = field("apdu.date-time", "Date and time", "octets", show=date_time_text)

FIELDS = (
    TAG, CHOICE, INVOKE, INVOKE_ID, LONG_INVOKE, LONG_INVOKE_ID, SELF_DESCRIPTIVE, PROCESSING, SERVICE_CLASS, PRIORITY,
    ATTRIBUTE, METHOD, CLASS_ID, INSTANCE_ID, ATTRIBUTE_ID, METHOD_ID, ATTRIBUTE_LIST, METHOD_LIST, SELECTED, SELECTION,
    SELECTOR, PARAMETERS, DATA, DATA_ACCESS_RESULT, RESULT, VALUE, VALUE_LIST, BLOCK_NUMBER, LAST_BLOCK, RAW_DATA,
    DATE_TIME, *axdr.FIELDS,
)  # fmt: skip

HEAD = group("!BB", TAG, CHOICE)

DATE_TIME_OCTETS = 12
OCTET_STRING_TAG = 9


def invoke(c: Cursor) -> tuple[int, bool]:
    """Invoke id (4 bits) and whether the service is confirmed."""
    c.open(INVOKE)
    value = Cursor.u8(c, INVOKE)
    if c.tracing:
        c.bits(INVOKE_ID, value, 0x0F)
        c.bits(SERVICE_CLASS, value, 0x40)
        c.bits(PRIORITY, value, 0x80)
    c.close(None, f"0x{value:02X}")
    return value & 0x0F, bool(value & 0x40)


def long_invoke(c: Cursor) -> tuple[int, bool]:
    """Long invoke id (24 bits) and whether the service is confirmed."""
    c.open(LONG_INVOKE)
    value = Cursor.uint(c, LONG_INVOKE, 4)
    if c.tracing:
        c.bits(LONG_INVOKE_ID, value, 0x00FFFFFF)
        c.bits(SELF_DESCRIPTIVE, value, 0x10000000)
        c.bits(PROCESSING, value, 0x20000000)
        c.bits(SERVICE_CLASS, value, 0x40000000)
        c.bits(PRIORITY, value, 0x80000000)
    c.close(None, f"0x{value:08X}")
    return value & 0x00FFFFFF, bool(value & 0x40000000)


def attribute(c: Cursor) -> tuple[int, bytes, int]:
    """Cosem-Attribute-Descriptor: class id, logical name, attribute id (0: all attributes)."""
    c.open(ATTRIBUTE)
    class_id, obis, attribute_id = c.read(ATTRIBUTE_GROUP)
    c.close()
    return class_id, obis, attribute_id


def method(c: Cursor) -> tuple[int, bytes, int]:
    """Cosem-Method-Descriptor: class id, logical name, method id."""
    c.open(METHOD)
    class_id, obis, method_id = c.read(METHOD_GROUP)
    c.close()
    return class_id, obis, method_id


def selection_body(c: Cursor) -> None:
    """Selective-Access-Descriptor: selector and parameters."""
    c.u8(SELECTOR)
    any_data(c, PARAMETERS)


def selection(c: Cursor) -> None:
    """access-selection OPTIONAL."""
    c.open(SELECTION)
    there = axdr.present(c)
    if there:
        selection_body(c)
    c.close(None, None if there else "not present")


def attributes_with_selection(c: Cursor) -> tuple[Item, ...]:
    """attribute-descriptor-list: SEQUENCE OF Cosem-Attribute-Descriptor-With-Selection."""
    items: list[Item] = []
    c.open(ATTRIBUTE_LIST)
    for _ in range(axdr.count(c, ATTRIBUTE_LIST)):
        c.open(SELECTED)
        class_id, obis, attribute_id = attribute(c)
        selection(c)
        c.close()
        items.append(Item(class_id, obis, attribute_id))
    c.close()
    return tuple(items)


def methods(c: Cursor) -> tuple[Item, ...]:
    """cosem-method-descriptor-list: SEQUENCE OF Cosem-Method-Descriptor."""
    items: list[Item] = []
    c.open(METHOD_LIST)
    for _ in range(axdr.count(c, METHOD_LIST)):
        class_id, obis, method_id = method(c)
        items.append(Item(class_id, obis, method=method_id))
    c.close()
    return tuple(items)


def any_data(c: Cursor, component: Field) -> Range:
    """A Data as range of its octets; built under the component's name with Trace, only proven without."""
    start = c.pos
    if c.tracing:
        data.build(c, component)
    else:
        end = quickdata.prove(c.octets, start, c.end)
        if end < 0:
            data.scan(c)
        else:
            c.pos = end
    return start, c.pos


def optional_data(c: Cursor, component: Field) -> Range | None:
    """Data OPTIONAL: None where absent."""
    if c.peek() == 0:
        c.open(component)
        Cursor.u8(c, component)
        c.close(None, "not present")
        return None
    c.u8(axdr.PRESENT)
    return any_data(c, component)


def data_list(c: Cursor, component: Field) -> tuple[Range, ...]:
    """SEQUENCE OF Data."""
    c.open(component)
    ranges = tuple([any_data(c, data.ELEMENT) for _ in range(axdr.count(c, component))])
    c.close()
    return ranges


def with_data(c: Cursor, items: tuple[Item, ...], ranges: tuple[Range, ...]) -> tuple[Item, ...]:
    """Items with the Data of the list that follows them. Problem: apdu.value where the counts differ."""
    if len(items) != len(ranges):
        c.note(APDU_VALUE, 0, "Count", f"{len(items)} references with {len(ranges)} values")
    made = [
        Item(item.class_id, item.obis, item.attribute, item.method, item.variable, item.result, found)
        for item, found in zip(items, ranges, strict=False)
    ]
    return (*made, *items[len(made) :], *[Item(data=found) for found in ranges[len(items) :]])


def result_code(c: Cursor, component: Field) -> str:
    """A result by name, "unknown-77" where it has none. Problem: apdu.value for such a one."""
    code = c.u8(component)
    if code not in (component.names or {}):
        axdr.note(c, APDU_VALUE, 1, component.label, f"{code} is not defined")
    return name_of(component, code)


def get_data_result(c: Cursor) -> tuple[str, Range | None]:
    """Get-Data-Result, the CHOICE of data [0] and data-access-result [1]: result by name, range of the Data."""
    choice = c.u8(CHOICE)
    if choice == 0:
        c.text(DATA.key)
        return SUCCESS, any_data(c, DATA)
    if choice != 1:
        axdr.undefined(c, choice, "Get-Data-Result")
    c.text(DATA_ACCESS_RESULT.key)
    return result_code(c, DATA_ACCESS_RESULT), None


def overall(results: list[str]) -> str:
    """One result for a list: success, or the first that is not."""
    return next((result for result in results if result != SUCCESS), SUCCESS)


def block_sa(c: Cursor, component: Field) -> Block:
    """DataBlock-SA: last-block, block-number, raw-data."""
    c.open(component)
    last = axdr.boolean(c, LAST_BLOCK)
    number = c.u32(BLOCK_NUMBER)
    block = Block(number, last, axdr.octets_range(c, RAW_DATA))
    c.close(None, block_text(block))
    return block


def block_text(block: Block) -> str:
    """A block in words."""
    start, end = block.data
    return f"block {block.number}{', last' if block.last else ''}, {end - start} octets"


def acknowledged(c: Cursor, octets: int = 4) -> Block:
    """A block-number alone: acknowledgement of that block, or request for the next."""
    return Block(c.uint(BLOCK_NUMBER, octets), False, (0, 0), True)


def date_time(c: Cursor, component: Field = DATE_TIME) -> bytes:
    """date-time OCTET STRING: empty or 12 octets.

    Problems: apdu.notification-time where the Data tag 09 stands before it (some meters write it),
    apdu.datetime for another length or an octet out of range.
    """
    c.open(component)
    if c.peek() == OCTET_STRING_TAG and c.peek(1) == DATE_TIME_OCTETS:
        Cursor.u8(c, component)
        c.note(APDU_NOTIFICATION_TIME, 1)
    found = Cursor.take(c, component, axdr.length(c, component))
    check_date_time(c, found)
    c.close(found)
    return found


def check_date_time(c: Cursor, octets: bytes) -> None:
    """Notes apdu.datetime about the octets just read."""
    if octets:
        clock = datetime.decode(octets) if len(octets) == DATE_TIME_OCTETS else None
        wrong = (f"{len(octets)} octets, not {DATE_TIME_OCTETS}",) if clock is None else clock.problems
        if wrong:
            c.note(APDU_DATETIME, len(octets), ", ".join(wrong))


Body = Callable[[Cursor, str, int, bool], Apdu]
Choices = Mapping[int, tuple[str, Body]]


def service(c: Cursor, choices: Choices, of: str) -> Apdu:
    """Tag, choice and invoke id of GET, SET or ACTION, then the body of the choice. Problem: apdu.choice."""
    _, choice = c.read(HEAD)
    found = choices.get(choice)
    if found is None:
        axdr.undefined(c, choice, of)
    name, body = found
    c.text(name)
    invoke_id, confirmed = invoke(c)
    return body(c, name, invoke_id, confirmed)
