"""All APDUs: tag → dissector, the direction each is legal in, and what to do with the rest (IEC 62056-5-3, 8).

`dissect` gives an Apdu for any octets. Where its service stops, the Apdu has its name, service,
role and, where they could be read, its invoke id: a damaged response is still a response.
"""

from dissectors import acse, acse_fields, data
from dissectors.apdu import Apdu
from dissectors.context import Context
from dissectors.cursor import Cursor, Stop
from dissectors.layer import Layer
from dissectors.problem import APDU_TAG, APDU_TRAIL, APDU_TRUNC, APDU_UNDISSECTED, BER_TRUNC
from dissectors.record import DIRECTION_NAMES, Direction
from dissectors.tags import DIRECTION, TAGS
from dissectors.xdlms import access, action, common, errors, general, get, initiate, notification, set, short_name
from dissectors.xdlms.common import TAG, Dissector, field

BODY = field("apdu.octets", "Octets", "octets")
TRAILING = field("apdu.trailing", "Octets after the APDU", "encoding")


def ciase(c: Cursor, ctx: Context) -> Apdu:
    """CIASE of S-FSK PLC (IEC 61334-4-511): named only. Problem: apdu.undissected."""
    tag = c.u8(TAG)
    name = TAGS[tag]
    c.note(APDU_UNDISSECTED, -c.left(), name)
    c.take(BODY, c.left())
    role = next((role for role in ("request", "response") if name.endswith(role)), "unsolicited")
    return Apdu(tag, name, "ciase", role, confirmed=False)


CIASE = {tag: (name, ciase) for tag, name in TAGS.items() if name.startswith("ciase-")}
GATEWAY = (general.GATEWAY_REQUEST, general.GATEWAY_RESPONSE)

APDUS: dict[int, tuple[str, Dissector]] = {
    **acse.TABLE,
    **initiate.TABLE,
    **short_name.TABLE,
    **errors.TABLE,
    **notification.TABLE,
    **get.TABLE,
    **set.TABLE,
    **action.TABLE,
    **access.TABLE,
    **general.TABLE,
    **CIASE,
}
CHOICES = {**get.CHOICES, **set.CHOICES, **action.CHOICES}
LONG_INVOKE = frozenset((*notification.TABLE, *access.TABLE)) - {notification.EVENT_TAG}

SERVICES: dict[int, tuple[str, str]] = {
    0x01: ("association", "request"),
    0x08: ("association", "response"),
    0x60: ("association", "request"),
    0x61: ("association", "response"),
    0x62: ("release", "request"),
    0x63: ("release", "response"),
    0x05: ("read", "request"),
    0x06: ("write", "request"),
    0x0C: ("read", "response"),
    0x0D: ("write", "response"),
    0x0E: ("error", "response"),
    0x0F: ("data-notification", "unsolicited"),
    0x10: ("data-notification", "response"),
    0x16: ("write", "request"),
    0x18: ("information-report", "unsolicited"),
    0xC0: ("get", "request"),
    0xC1: ("set", "request"),
    0xC2: ("event-notification", "unsolicited"),
    0xC3: ("action", "request"),
    0xC4: ("get", "response"),
    0xC5: ("set", "response"),
    0xC7: ("action", "response"),
    0xD8: ("exception", "response"),
    0xD9: ("access", "request"),
    0xDA: ("access", "response"),
    0xE0: ("block", ""),
}


def dissect(c: Cursor, ctx: Context) -> Apdu:
    """The APDU at the cursor, to the cursor's end; never stops.

    Problems: apdu.tag for an unknown tag or one not legal in the context's direction, apdu.trail for
    octets after the APDU, apdu.undissected, and those of the service.
    """
    start = c.pos
    tag = c.peek()
    try:
        if tag in GATEWAY:
            general.gateway(c)
            start = c.pos
            tag = c.peek()
            if tag in GATEWAY:
                c.note(APDU_TAG, -1, tag, "inside a gateway prefix")
        _direction(c, tag, ctx)
        _, service = APDUS.get(tag, ("", unknown))
        apdu = service(c, ctx)
    except Stop as stopped:
        # The one place beside walk that catches it: the name of a damaged APDU is worth keeping.
        c.problems += (stopped.problem,)
        return partial(c, tag, start)
    if c.left():
        c.note(APDU_TRAIL, -c.left(), c.left())
        c.take(TRAILING, c.left())
    return apdu


def unknown(c: Cursor, ctx: Context) -> Apdu:
    """An APDU of a tag that is not assigned: "unknown-0xC6", its octets kept. Problem: apdu.tag."""
    tag = c.u8(TAG)
    if tag not in GATEWAY:
        c.note(APDU_TAG, 1, tag, "is not assigned")
    c.take(BODY, c.left())
    return Apdu(tag, f"unknown-0x{tag:02X}", "unknown", "", confirmed=False)


def _direction(c: Cursor, tag: int, ctx: Context) -> None:
    """Notes apdu.tag where the tag is not legal from this side."""
    legal = DIRECTION.get(tag, Direction.UNKNOWN)
    if ctx.direction not in (Direction.UNKNOWN, legal) and legal != Direction.UNKNOWN and tag not in GATEWAY:
        c.note(APDU_TAG, -1, tag, f"({TAGS[tag]}) is not legal {DIRECTION_NAMES[ctx.direction].replace('-', ' ')}")


def partial(c: Cursor, tag: int, start: int) -> Apdu:
    """What can be said of an APDU that stopped: name, service, role and invoke id."""
    name = TAGS.get(tag, "unknown")
    service, role = SERVICES.get(tag, ("ciphered" if tag in general.TABLE else "unknown", ""))
    r = Cursor(c.octets, start, c.end)
    invoke_id, confirmed = -1, True
    try:
        r.u8(TAG)
        if tag in CHOICES:
            name = CHOICES[tag].get(r.u8(common.CHOICE), (name, None))[0]
            invoke_id, confirmed = common.invoke(r)
        elif tag in LONG_INVOKE:
            invoke_id, confirmed = common.long_invoke(r)
    except Stop:
        pass  # cut off before its invoke id; the problem is noted already
    return Apdu(tag, name, service, role, invoke_id, confirmed)


FIELDS = (
    *common.FIELDS,
    *data.FIELDS,
    *initiate.FIELDS,
    *errors.FIELDS,
    *get.FIELDS,
    *set.FIELDS,
    *action.FIELDS,
    *notification.FIELDS,
    *access.FIELDS,
    *short_name.FIELDS,
    *general.FIELDS,
    BODY,
    TRAILING,
)
LAYER = Layer("xdlms", "IEC 62056-5-3, 8", dissect, APDU_TRUNC, FIELDS)
ACSE_LAYER = Layer("acse", "IEC 62056-5-3, 7.2", dissect, BER_TRUNC, acse_fields.FIELDS)


def layer_of(octets: bytes, start: int = 0) -> Layer:
    """The layer that an APDU is reported under: acse for AARQ, AARE, RLRQ and RLRE, else xdlms."""
    return ACSE_LAYER if len(octets) > start and octets[start] in acse.TABLE else LAYER
