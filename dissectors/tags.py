"""First octets of APDUs: outer names and who sends them (IEC 62056-5-3, ISO/IEC 8650-1, CIASE of IEC 61334-4-511).

The one table of known tags: the wrapper and HDLC framers take it for "this can be an APDU", the
APDU dissector for the name of what it does not dissect.
"""

from typing import Final

from dissectors.record import Direction

_C, _S, _U = Direction.TO_SERVER, Direction.TO_CLIENT, Direction.UNKNOWN

# tag, ASN.1 name, direction, tag of its glo- and of its ded- form (0: none, general ciphering only)
_PLAIN: Final = (
    (0x01, "initiate-request", _C, 0x21, 0x41),
    (0x05, "read-request", _C, 0x25, 0x45),
    (0x06, "write-request", _C, 0x26, 0x46),
    (0x08, "initiate-response", _S, 0x28, 0x48),
    (0x0C, "read-response", _S, 0x2C, 0x4C),
    (0x0D, "write-response", _S, 0x2D, 0x4D),
    (0x0E, "confirmed-service-error", _S, 0x2E, 0x4E),
    (0x0F, "data-notification", _S, 0, 0),
    (0x10, "data-notification-confirm", _C, 0, 0),
    (0x16, "unconfirmed-write-request", _C, 0x36, 0x56),
    (0x18, "information-report-request", _S, 0x38, 0x58),
    (0x19, "ciase-ping-request", _C, 0, 0),
    (0x1A, "ciase-ping-response", _S, 0, 0),
    (0x1C, "ciase-register-request", _C, 0, 0),
    (0x1D, "ciase-discover-request", _C, 0, 0),
    (0x1E, "ciase-discover-report", _S, 0, 0),
    (0x1F, "ciase-repeater-call-request", _C, 0, 0),
    (0x39, "ciase-clear-alarm-request", _C, 0, 0),
    (0x60, "aarq", _C, 0, 0),
    (0x61, "aare", _S, 0, 0),
    (0x62, "rlrq", _C, 0, 0),
    (0x63, "rlre", _S, 0, 0),
    (0xC0, "get-request", _C, 0xC8, 0xD0),
    (0xC1, "set-request", _C, 0xC9, 0xD1),
    (0xC2, "event-notification-request", _S, 0xCA, 0xD2),
    (0xC3, "action-request", _C, 0xCB, 0xD3),
    (0xC4, "get-response", _S, 0xCC, 0xD4),
    (0xC5, "set-response", _S, 0xCD, 0xD5),
    (0xC7, "action-response", _S, 0xCF, 0xD7),
    (0xD8, "exception-response", _S, 0, 0),
    (0xD9, "access-request", _C, 0, 0),
    (0xDA, "access-response", _S, 0, 0),
    (0xDB, "general-glo-ciphering", _U, 0, 0),
    (0xDC, "general-ded-ciphering", _U, 0, 0),
    (0xDD, "general-ciphering", _U, 0, 0),
    (0xDF, "general-signing", _U, 0, 0),
    (0xE0, "general-block-transfer", _U, 0, 0),
    (0xE6, "gateway-request", _C, 0, 0),
    (0xE7, "gateway-response", _S, 0, 0),
)

TAGS: Final[dict[int, str]] = {}
DIRECTION: Final[dict[int, Direction]] = {}
for _tag, _name, _direction, _glo, _ded in _PLAIN:
    for _t, _n in ((_tag, _name), (_glo, f"glo-{_name}"), (_ded, f"ded-{_name}")):
        if _t:
            TAGS[_t] = _n
            DIRECTION[_t] = _direction
