"""Heads of protected and of divided APDUs (IEC 62056-5-3, 5.7 and 8): glo-, ded-, general-glo-ciphering,
general-ded-ciphering, general-ciphering, general-signing, general-block-transfer, gateway prefix.

    glo-…, ded-…   tag content                                   content = length SC [IC] protected octets
    DB, DC         tag system-title content
    DD             tag transaction-id originator recipient date-time other-information [key-info] content
    DF             tag transaction-id originator recipient date-time other-information apdu signature
    E0             tag block-control block-number(2) block-number-ack(2) block-data
    E6, E7         tag network-id physical-device-address, then an APDU

What is protected stays octets here (problem apdu.undissected): deciphering needs keys.
"""

from collections.abc import Mapping

from dissectors import axdr
from dissectors.apdu import Apdu, Block
from dissectors.context import Context
from dissectors.cursor import Cursor
from dissectors.field import Field
from dissectors.problem import APDU_UNDISSECTED
from dissectors.record import Value
from dissectors.tags import TAGS
from dissectors.xdlms import common
from dissectors.xdlms.common import CHOICE, TAG, Dissector, Range, field

GENERAL_GLO, GENERAL_DED, GENERAL_CIPHERING, GENERAL_SIGNING = 0xDB, 0xDC, 0xDD, 0xDF
BLOCK_TRANSFER = 0xE0
GATEWAY_REQUEST, GATEWAY_RESPONSE = 0xE6, 0xE7
AUTHENTICATED, ENCRYPTED, BROADCAST, COMPRESSED = 0x10, 0x20, 0x40, 0x80  # of the security control octet

SERVICE = field("ciphering.ciphered-service", "Ciphered service", "node")
CONTENT = field("ciphering.ciphered-content", "Ciphered content", "node")
CONTROL = field("ciphering.security-control", "Security control", "node")
SUITE = field("ciphering.security-suite-id", "Security suite")
AUTHENTICATION = field("ciphering.authentication", "Authentication", "bool")
ENCRYPTION = field("ciphering.encryption", "Encryption", "bool")
KEY_SET = field("ciphering.key-set", "Key set", "enum", {0: "unicast", 1: "broadcast"})
COMPRESSION = field("ciphering.compression", "Compression", "bool")
COUNTER = field("ciphering.invocation-counter", "Invocation counter")
PROTECTED = field("ciphering.protected-octets", "Protected octets", "octets")
SYSTEM_TITLE = field("ciphering.system-title", "System title", "octets")
TRANSACTION = field("ciphering.transaction-id", "Transaction id", "octets")
ORIGINATOR = field("ciphering.originator-system-title", "Originator system title", "octets")
RECIPIENT = field("ciphering.recipient-system-title", "Recipient system title", "octets")
OTHER = field("ciphering.other-information", "Other information", "octets")
KEY_INFO = field("ciphering.key-info", "Key info", "node")
IDENTIFIED_KEY = field("ciphering.identified-key", "Identified key", "node")
WRAPPED_KEY = field("ciphering.wrapped-key", "Wrapped key", "node")
AGREED_KEY = field("ciphering.agreed-key", "Agreed key", "node")
KEY_ID = field(
    "ciphering.key-id",
    "Key",
    "enum",
    {0: "global-unicast-encryption-key", 1: "global-broadcast-encryption-key"},
)
KEK_ID = field("ciphering.kek-id", "Key encryption key", "enum", {0: "master-key"})
KEY_PARAMETERS = field("ciphering.key-parameters", "Key parameters", "octets")
KEY_DATA = field("ciphering.key-ciphered-data", "Key ciphered data", "octets")
SIGNED = field("signing.content", "Signed APDU", "octets")
SIGNATURE = field("signing.signature", "Signature", "octets")
BLOCK_CONTROL = field("general-block-transfer.block-control", "Block control", "node")
LAST = field("general-block-transfer.last-block", "Last block", "bool")
STREAMING = field("general-block-transfer.streaming", "Streaming", "bool")
WINDOW = field("general-block-transfer.window", "Window")
ACKNOWLEDGED = field("general-block-transfer.block-number-ack", "Block number acknowledged")
BLOCK_DATA = field("general-block-transfer.block-data", "Block data", "octets")
GATEWAY_FIELDS = {
    GATEWAY_REQUEST: field("gateway.gateway-request", "Gateway request", "node"),
    GATEWAY_RESPONSE: field("gateway.gateway-response", "Gateway response", "node"),
}
NETWORK = field("gateway.network-id", "Network id")
DEVICE = field("gateway.physical-device-address", "Physical device address", "octets")
FIELDS = (
    SERVICE, CONTENT, CONTROL, SUITE, AUTHENTICATION, ENCRYPTION, KEY_SET, COMPRESSION, COUNTER, PROTECTED,
    SYSTEM_TITLE, TRANSACTION, ORIGINATOR, RECIPIENT, OTHER, KEY_INFO, IDENTIFIED_KEY, WRAPPED_KEY, AGREED_KEY,
    KEY_ID, KEK_ID, KEY_PARAMETERS, KEY_DATA, SIGNED, SIGNATURE, BLOCK_CONTROL, LAST, STREAMING, WINDOW,
    ACKNOWLEDGED, BLOCK_DATA, *GATEWAY_FIELDS.values(), NETWORK, DEVICE,
)  # fmt: skip


class KeyInfo(Value, frozen=True, gc=False):
    """kind: "identified-key", "wrapped-key" or "agreed-key"; number: key-id or kek-id, -1 without."""

    kind: str
    number: int = -1
    parameters: bytes = b""
    data: Range = (0, 0)


class Header(Value, frozen=True, gc=False):
    """What general-ciphering and general-signing say of the message, all as octets, b"" where empty."""

    transaction_id: bytes = b""
    originator: bytes = b""
    recipient: bytes = b""
    date_time: bytes = b""
    other_information: bytes = b""
    key_info: KeyInfo | None = None


class Ciphered(Value, frozen=True, gc=False):
    """control: security control octet, -1 where missing; counter: invocation counter, -1 where the control
    asks for none. content: range from the control octet on; protected: what follows the counter, with
    the authentication tag. system_title: of general-glo and general-ded; header: of general-ciphering."""

    control: int = -1
    counter: int = -1
    content: Range = (0, 0)
    protected: Range = (0, 0)
    system_title: bytes = b""
    header: Header | None = None


class Signed(Value, frozen=True, gc=False):
    """content: range of the signed APDU; signature: range of R and S."""

    header: Header
    content: Range
    signature: Range


class BlockTransfer(Value, frozen=True, gc=False):
    """window: blocks that the sender can receive in a row; streaming: more follow at once.
    acknowledged: last block received in sequence."""

    last: bool
    streaming: bool
    window: int
    number: int
    acknowledged: int
    data: Range


def _content(c: Cursor, component: Field, name: str) -> Ciphered:
    """OCTET STRING of security control, invocation counter and protected octets.

    Problems: apdu.trunc where it is shorter than announced (the head is kept), apdu.undissected.
    """
    c.open(component)
    n = axdr.length(c, component)
    if n > c.left():
        c.note(c.short, -c.left(), component.label, n, c.left())
    outer, c.end = c.end, min(c.end, c.pos + n)
    start = c.pos
    try:
        control = _control(c)
        counter = c.u32(COUNTER) if control & (AUTHENTICATED | ENCRYPTED) else -1
        first = c.pos
        c.take(PROTECTED, c.left())
        protected = (first, c.pos)
    finally:
        c.end = outer
    c.note(APDU_UNDISSECTED, protected[1] - protected[0], f"the protected part of {name}")
    c.close()
    return Ciphered(control, counter, (start, protected[1]), protected)


def _control(c: Cursor) -> int:
    c.open(CONTROL)
    value = Cursor.u8(c, CONTROL)
    if c.tracing:
        c.bits(SUITE, value, 0x0F)
        c.bits(AUTHENTICATION, value, AUTHENTICATED)
        c.bits(ENCRYPTION, value, ENCRYPTED)
        c.bits(KEY_SET, value, BROADCAST)
        c.bits(COMPRESSION, value, COMPRESSED)
    c.close(None, f"0x{value:02X}")
    return value


def _role(name: str) -> str:
    return next((role for role in ("request", "response") if name.endswith(role)), "")


def ciphered(c: Cursor, ctx: Context) -> Apdu:
    """glo- and ded- forms, cursor at the tag. detail: Ciphered. Problems: apdu.trunc, apdu.undissected."""
    tag = c.u8(TAG)
    name = TAGS[tag]
    return Apdu(tag, name, "ciphered", _role(name), detail=_content(c, SERVICE, name))


def general_ciphered(c: Cursor, ctx: Context) -> Apdu:
    """general-glo- and general-ded-ciphering, cursor at the tag DB or DC. detail: Ciphered."""
    tag = c.u8(TAG)
    title = axdr.octets(c, SYSTEM_TITLE)
    found = _content(c, SERVICE, TAGS[tag])
    detail = Ciphered(found.control, found.counter, found.content, found.protected, title)
    return Apdu(tag, TAGS[tag], "ciphered", "", detail=detail)


def _head(c: Cursor) -> tuple[bytes, bytes, bytes, bytes, bytes]:
    """transaction-id, originator, recipient, date-time, other-information."""
    return (
        axdr.octets(c, TRANSACTION),
        axdr.octets(c, ORIGINATOR),
        axdr.octets(c, RECIPIENT),
        common.date_time(c),
        axdr.octets(c, OTHER),
    )


def _key_info(c: Cursor) -> KeyInfo | None:
    """key-info OPTIONAL, a CHOICE of three. Problem: apdu.choice."""
    c.open(KEY_INFO)
    found = None
    there = axdr.present(c)
    if there:
        choice = c.u8(CHOICE)
        if choice not in KEY_INFOS:
            axdr.undefined(c, choice, "Key-Info")
        component, read = KEY_INFOS[choice]
        c.text(component.key)
        found = read(c)
    c.close(None, None if there else "not present")
    return found


def _identified(c: Cursor) -> KeyInfo:
    c.open(IDENTIFIED_KEY)
    found = KeyInfo("identified-key", c.u8(KEY_ID))
    c.close()
    return found


def _wrapped(c: Cursor) -> KeyInfo:
    c.open(WRAPPED_KEY)
    found = KeyInfo("wrapped-key", c.u8(KEK_ID), data=axdr.octets_range(c, KEY_DATA))
    c.close()
    return found


def _agreed(c: Cursor) -> KeyInfo:
    c.open(AGREED_KEY)
    found = KeyInfo("agreed-key", -1, axdr.octets(c, KEY_PARAMETERS), axdr.octets_range(c, KEY_DATA))
    c.close()
    return found


KEY_INFOS = {
    0: (IDENTIFIED_KEY, _identified),
    1: (WRAPPED_KEY, _wrapped),
    2: (AGREED_KEY, _agreed),
}


def general_ciphering(c: Cursor, ctx: Context) -> Apdu:
    """general-ciphering, cursor at the tag DD. detail: Ciphered with header.

    Problems: apdu.trunc, apdu.choice of the key info, apdu.datetime, apdu.undissected.
    """
    c.u8(TAG)
    head = _head(c)
    header = Header(*head, _key_info(c))
    found = _content(c, CONTENT, "general-ciphering")
    detail = Ciphered(found.control, found.counter, found.content, found.protected, header.originator, header)
    return Apdu(GENERAL_CIPHERING, "general-ciphering", "ciphered", "", detail=detail)


def general_signing(c: Cursor, ctx: Context) -> Apdu:
    """general-signing, cursor at the tag DF. detail: Signed. Problems: apdu.trunc, apdu.datetime, apdu.undissected."""
    c.u8(TAG)
    header = Header(*_head(c))
    content = axdr.octets_range(c, SIGNED)
    c.note(APDU_UNDISSECTED, content[1] - content[0], "the signed APDU")
    if c.left():
        signature = axdr.octets_range(c, SIGNATURE)
    else:  # UK GBCS hands such pre-commands to be signed by another; what they say is worth keeping
        c.note(c.short, 0, SIGNATURE.label, 1, 0)
        signature = (c.pos, c.pos)
    detail = Signed(header, content, signature)
    return Apdu(GENERAL_SIGNING, "general-signing", "ciphered", "", detail=detail)


def block_transfer(c: Cursor, ctx: Context) -> Apdu:
    """general-block-transfer, cursor at the tag E0. detail: BlockTransfer; block acknowledges where it has no data."""
    c.u8(TAG)
    c.open(BLOCK_CONTROL)
    control = Cursor.u8(c, BLOCK_CONTROL)
    if c.tracing:
        c.bits(LAST, control, 0x80)
        c.bits(STREAMING, control, 0x40)
        c.bits(WINDOW, control, 0x3F)
    c.close(None, f"0x{control:02X}")
    number = c.u16(common.BLOCK_NUMBER)
    acknowledged = c.u16(ACKNOWLEDGED)
    found = axdr.octets_range(c, BLOCK_DATA)
    last = bool(control & 0x80)
    detail = BlockTransfer(last, bool(control & 0x40), control & 0x3F, number, acknowledged, found)
    block = Block(number, last, found, found[0] == found[1])
    return Apdu(BLOCK_TRANSFER, "general-block-transfer", "block", "", block=block, detail=detail)


def gateway(c: Cursor) -> None:
    """The prefix E6 or E7: network id and address of the end device; the cursor is then at its APDU's tag."""
    c.open(GATEWAY_FIELDS[c.peek()])
    c.u8(TAG)
    c.u8(NETWORK)
    axdr.octets(c, DEVICE)
    c.close()


GLO_AND_DED: Mapping[int, str] = {tag: name for tag, name in TAGS.items() if name.startswith(("glo-", "ded-"))}
TABLE: dict[int, tuple[str, Dissector]] = {
    **{tag: (name, ciphered) for tag, name in GLO_AND_DED.items()},
    GENERAL_GLO: ("general-glo-ciphering", general_ciphered),
    GENERAL_DED: ("general-ded-ciphering", general_ciphered),
    GENERAL_CIPHERING: ("general-ciphering", general_ciphering),
    GENERAL_SIGNING: ("general-signing", general_signing),
    BLOCK_TRANSFER: ("general-block-transfer", block_transfer),
}
