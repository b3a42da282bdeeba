"""xDLMS APDUs as octets, for tests: written from IEC 62056-5-3, and one sound example of every choice."""

from encode import axdr

from dissectors.data_types import Data

OBIS = bytes.fromhex("0100010800FF")
CLOCK = bytes.fromhex("07E70706040A362600FF8880")


def attribute(class_id: int = 3, obis: bytes = OBIS, attribute_id: int = 2) -> bytes:
    return class_id.to_bytes(2, "big") + obis + attribute_id.to_bytes(1, "big", signed=True)


def head(tag: int, choice: int, invoke: int) -> bytes:
    return bytes((tag, choice, invoke))


def get_request_normal(invoke: int, target: bytes, selection: tuple[int, Data] | None = None) -> bytes:
    chosen = None if selection is None else bytes((selection[0],)) + axdr.data(selection[1])
    return head(0xC0, 1, invoke) + target + axdr.optional(chosen)


def get_response_normal(invoke: int, value: Data | int) -> bytes:
    return head(0xC4, 1, invoke) + get_data_result(value)


def get_data_result(value: Data | int) -> bytes:
    """Data, or a data-access-result."""
    return bytes((1, value)) if isinstance(value, int) else b"\0" + axdr.data(value)


def get_response_with_list(invoke: int, values: list[Data | int]) -> bytes:
    return head(0xC4, 3, invoke) + axdr.sequence_of([get_data_result(value) for value in values])


def block(last: bool, number: int, raw: bytes) -> bytes:
    """DataBlock-SA."""
    return bytes((last,)) + number.to_bytes(4, "big") + axdr.octets(raw)


def get_response_with_datablock(invoke: int, last: bool, number: int, raw: bytes) -> bytes:
    return head(0xC4, 2, invoke) + bytes((last,)) + number.to_bytes(4, "big") + b"\0" + axdr.octets(raw)


def set_request_normal(invoke: int, target: bytes, value: Data) -> bytes:
    return head(0xC1, 1, invoke) + target + b"\0" + axdr.data(value)


def action_request_normal(invoke: int, target: bytes, value: Data | None) -> bytes:
    return head(0xC3, 1, invoke) + target + axdr.optional(None if value is None else axdr.data(value))


def action_response_normal(invoke: int, result: int, value: Data | int | None) -> bytes:
    body = None if value is None else get_data_result(value)
    return head(0xC7, 1, invoke) + bytes((result,)) + axdr.optional(body)


def data_notification(long_invoke: int, date_time: bytes, value: Data) -> bytes:
    return b"\x0f" + long_invoke.to_bytes(4, "big") + axdr.octets(date_time) + axdr.data(value)


# One sound APDU of every choice of every service, by the name that the dissector gives it; a suffix
# after a blank tells variants of one choice apart.
EXAMPLES: dict[str, str] = {
    "get-request-normal": "C001C100030100010800FF0200",
    "get-request-normal selection": "C0018100070100630100FF020102020406000000010600000002120000120000",
    "get-request-next": "C002C100000001",
    "get-request-with-list": "C003C1020003 0100010800FF 0200 0008 0000010000FF 02 0101 02011109",
    "get-response-normal": "C401C1000600000001",
    "get-response-normal error": "C401C10103",
    "get-response-normal profile": "C401C1000102020309060100010800FF0F0316 1E020309060100020800FF0F03161E",
    "get-response-with-datablock": "C402C10000000001000401020304",
    "get-response-with-datablock error": "C402C101000000020113",
    "get-response-with-list": "C403C1020011050102",
    "set-request-normal": "C101C100080000010000FF0200090C07E70706040A362600FF8880",
    "set-request-normal selection": "C101C1 0007 0100630100FF 02 0102 0201120001 1102",
    "set-request-with-first-datablock": "C102C100080000010000FF02000000000001 0301AABB",
    "set-request-with-datablock": "C103C1010000000203AABBCC",
    "set-request-with-list": "C104C10200030100010800FF020000080000010000FF0200021105030 1",
    "set-request-with-list-and-first-datablock": "C105C10100030100010800FF0200000000000102AABB",
    "set-response-normal": "C501C100",
    "set-response-datablock": "C502C100000001",
    "set-response-last-datablock": "C503C10000000002",
    "set-response-last-datablock-with-list": "C504C102000300000002",
    "set-response-with-list": "C505C1020003",
    "action-request-normal": "C301C1000F0000280000FF0100",
    "action-request-normal parameters": "C301C1000F0000280000FF010109050102030405",
    "action-request-next-pblock": "C302C100000001",
    "action-request-with-list": "C303C102000F0000280000FF0100460000600300FF0202000F00",
    "action-request-with-first-pblock": "C304C1000F0000280000FF01000000000102AABB",
    "action-request-with-list-and-first-pblock": "C305C101000F0000280000FF01000000000102AABB",
    "action-request-with-pblock": "C306C1010000000202AABB",
    "action-response-normal": "C701C10000",
    "action-response-normal data": "C701C100010009021011",
    "action-response-normal error": "C701C10C010104",
    "action-response-with-pblock": "C702C1010000000102AABB",
    "action-response-with-list": "C703C10200000301001105",
    "action-response-next-pblock": "C704C100000001",
    "event-notification-request": "C2010C07E70706040A362600FF888000010000610000FF0211 07",
    "event-notification-request timeless": "C20000010000610000FF021107",
    "data-notification": "0F000000010002 01060000002A",
    "data-notification dated": "0F400000010C07E70706040A362600FF8880020211011202 03",
    "data-notification tagged-date": "0F40000001090C07E70706040A362600FF88801105",
    "data-notification-confirm": "10000000010C07E70706040A362600FF8880",
    "access-request": "D9C0000001000501000100002A0000FF0202000100002A0000FF0203000F0000280000FF01"
    "0400070100630100FF02010005000700 0063 01 00FF0201 00 05 00110509011100 00",
    "access-response": "DAC00000010000030011050003010002030300",
    "access-response self-descriptive": "DA400000010C07E70706040A362600FF888001010100010000"
    "2A0000FF02010904414243440101 00",
    "read-request": "05020201000402 08 010600000001",
    "read-request block": "05010500 01",
    "read-request data-block": "05010600000103AABBCC",
    "read-response": "0C0300120005010302000001 02AABB",
    "read-response block-number": "0C01030001",
    "write-request": "0601022A4801090C07D20C04030A060BFF007800",
    "write-request block": "06010700000101 0903AABBCC",
    "unconfirmed-write-request": "160102FA00011105",
    "write-response": "0D03000103020001",
    "information-report-request": "1800010210080111 05",
    "information-report-request timed": "18010E32303233303730363130353433380102100801 1105",
    "glo-get-request": "C81E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B",
    "ded-get-response": "D4092000000001AABBCCDD",
    "glo-initiate-request": "2109100000 0001AABBCCDD",
    "general-glo-ciphering": "DB084D4D4D0000BC614E1E3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B",
    "general-ded-ciphering": "DC0009300000 0001AABBCCDD",
    "general-ciphering": "DD080102030405060708084D4D4D0000BC614E00000000 0931000000 01AABBCCDD",
    "general-ciphering identified": "DD00000000000100000931000000 01AABBCCDD",
    "general-ciphering wrapped": "DD0000000000010100021122 09310000000 1AABBCCDD",
    "general-ciphering agreed": "DD00000000000102010202112209310000000 1AABBCCDD",
    "general-signing": "DF0801020304050607080000000007C002C10000000102AABB",
    "general-block-transfer": "E0810001000003AABBCC",
    "general-block-transfer acknowledgement": "E0010000000300",
    "gateway": "E60003AABBCCC001C100030100010800FF0200",
    "ciase-ping-request": "1901020304",
    "exception-response": "D80102",
    "exception-response counter": "D8010600000123",
    "confirmed-service-error": "0E010601",
    "initiate-request": "01000000065F1F0400007E1F04B0",
    "initiate-response": "0800065F1F040000501F01F40007",
    "aarq": "601DA109060760857405080101BE10040E01000000065F1F0400007E1F04B0",
    "aare": "6129A109060760857405080101A203020100A305A103020100BE10040E0800065F1F040000501F01F40007",
    "rlrq": "6203800100",
    "rlre": "6303800100",
}


def example(name: str) -> bytes:
    return bytes.fromhex(EXAMPLES[name].replace(" ", ""))
