"""Apdu: what every stage after dissection needs of an APDU, whichever service it is.

`dissect` finds the service by its tag (tables in dissectors/xdlms and dissectors/acse.py). The
APDU's own components are not kept: the tree and the JSON `fields` come from dissecting the octets
again with Trace.
"""

from typing import Any

from dissectors.record import Value


class Block(Value, frozen=True, gc=False):
    """One block of a service-specific block transfer: number from 1, last, range of its raw data
    in the APDU ((0, 0) for an acknowledgement), and whether it acknowledges."""

    number: int
    last: bool
    data: tuple[int, int]
    acknowledges: bool = False


class Item(Value, frozen=True, gc=False):
    """One element of a with-list, ACCESS, READ or WRITE APDU. In a request the object (and data to
    write); in a response the result and the data. variable: short name, -1 for LN."""

    class_id: int = -1
    obis: bytes = b""
    attribute: int | None = None
    method: int | None = None
    variable: int = -1
    result: str | None = None
    data: tuple[int, int] | None = None


class Apdu(Value, frozen=True, gc=False):
    """name: the ASN.1 choice ("get-request-normal", "aarq"). service: "get", "set", "action",
    "read", "write", "access", "association", "release", "data-notification", "event-notification",
    "information-report", "exception", "error", "block", "ciphered", "ciase", "unknown".
    role: "request", "response", "unsolicited" or "" (not to be told from the tag).
    invoke_id: 4 or 24 bits, -1 where the APDU has none. confirmed: the service class asks for an answer.
    result: "success" or the error's name, None for requests. data: range of the Data value in the
    octets, None without. detail: service-specific value (acse.Aarq, acse.Aare, xdlms.initiate, …)."""

    tag: int
    name: str
    service: str
    role: str
    invoke_id: int = -1
    confirmed: bool = True
    class_id: int = -1
    obis: bytes = b""
    attribute: int | None = None
    method: int | None = None
    result: str | None = None
    data: tuple[int, int] | None = None
    block: Block | None = None
    items: tuple[Item, ...] | None = None
    detail: Any = None
