"""Components of the ACSE APDUs, one function each: contents of the component in, value and words out.

Each function has the form `(cursor, state, field) -> (value, text)`, reads the contents of one
component that ber.component has opened, and leaves what it found in state.found under the names of
the values of acse.py. A stop inside a component ends that component only.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dissectors import acse_fields as names
from dissectors import ber, problem
from dissectors.cursor import Cursor
from dissectors.field import Field
from dissectors.record import Value
from dissectors.xdlms import errors, initiate

Range = tuple[int, int]
Found = tuple[Any, str | None]


class Information(Value, frozen=True, gc=False):
    """A user-information: the range of the xDLMS APDU with its tag, that tag, and what it holds.

    value: InitiateRequest, InitiateResponse, ServiceError, or None when ciphered or not understood.
    ciphered: the tag is one of a ciphered form: the security layer takes the range.
    """

    range: Range
    tag: int
    name: str
    ciphered: bool
    value: Any = None

    def clear(self, tag: int) -> Any:
        """The value where it is the APDU of that tag and was understood, else None."""
        return self.value if self.tag == tag else None


class State:
    """What the components read so far say; becomes the frozen value at the end."""

    __slots__ = ("found", "mechanism", "short_names")

    def __init__(self, mechanism: int, short_names: bool | None) -> None:
        self.mechanism = mechanism  # looked up ahead: a password must be masked whatever the order
        self.short_names = short_names
        self.found: dict[str, Any] = {}


Body = Callable[..., Found]


def _inner(c: Cursor, field: Field, expected: tuple[int, ...]) -> int:
    """The length of an EXPLICIT component's inner TLV, cut to what is there. Problems: ber.tag."""
    tag = ber.tag(c)
    if tag not in expected:
        c.note(problem.BER_TAG, 1, tag, field.label)
    return ber.bounded(c, field.label, ber.length(c))


def _number(c: Cursor, field: Field) -> int | None:
    """An EXPLICIT INTEGER; None where it cannot be read."""
    n = _inner(c, field, (ber.INTEGER,))
    value: int | None = ber.inside(c, n, partial(ber.integer, field=field))
    return value


# --- components ---------------------------------------------------------------------------------


def _oid(
    c: Cursor, state: State, field: Field, octets: bytes, arc: int, words: Mapping[int, str], key: str
) -> tuple[str, str]:
    """An OID of the DLMS UA in words; problems: ber.value for one of another arc or not defined."""
    dotted = ber.oid_text(octets)
    if dotted is None:
        c.note(problem.BER_VALUE, len(octets), field.label, "not an OBJECT IDENTIFIER")
        return octets.hex().upper(), octets.hex().upper()
    head = names.OID_PREFIX + bytes((arc,))
    if len(octets) != len(head) + 1 or not octets.startswith(head):
        c.note(problem.BER_VALUE, len(octets), field.label, f"{dotted} is not of the DLMS UA arc 2.16.756.5.8.{arc}")
        state.found[f"{key}_name"] = dotted
        return dotted, dotted
    number = octets[-1]
    name = words.get(number)
    if name is None:
        c.note(problem.BER_VALUE, 1, field.label, f"{dotted} is not defined")
        name = f"unknown-{number}"
    state.found[key], state.found[f"{key}_name"] = number, name
    return name, f"{name} ({dotted})"


def context(c: Cursor, state: State, field: Field) -> Found:
    octets = ber.octets(c, _inner(c, field, (ber.OBJECT_IDENTIFIER,)))
    found = _oid(c, state, field, octets, names.CONTEXT_ARC, names.CONTEXTS, "context")
    if "context" in state.found:
        state.short_names = state.found["context"] in names.SHORT_NAME_CONTEXTS
    return found


def mechanism(c: Cursor, state: State, field: Field) -> Found:
    octets = ber.rest(c)
    if len(octets) == 9 and octets[0] == ber.OBJECT_IDENTIFIER and octets[1] == 7:
        c.note(problem.BER_VALUE, 9, field.label, "explicit where the standard has an implicit OBJECT IDENTIFIER")
        octets = octets[2:]
    shown = _oid(c, state, field, octets, names.MECHANISM_ARC, names.MECHANISMS, "mechanism")
    state.mechanism = state.found.get("mechanism", -1)
    return shown


def version(c: Cursor, state: State, field: Field) -> Found:
    value = ber.bit_string(c, field, len(names.PROTOCOL_VERSION))
    if not value:
        c.note(problem.BER_VALUE, 1, field.label, "version1 is not offered")
    return value, None


def requirements(c: Cursor, state: State, field: Field) -> Found:
    value = ber.bit_string(c, field, len(names.REQUIREMENTS))
    state.found["authentication_unit"] = bool(value)
    return value, None


def title_problem(title: bytes) -> str | None:
    """What is wrong with a system title: eight octets, the first three a manufacturer's flag letters."""
    if len(title) != 8:
        return f"{len(title)} octets, a system title has 8"
    if not all(0x41 <= octet <= 0x5A for octet in title[:3]):
        return "does not begin with three letters A to Z"
    return None


def title(key: str) -> Body:
    def read(c: Cursor, state: State, field: Field) -> Found:
        value = ber.octets(c, _inner(c, field, (ber.OCTET_STRING, ber.OBJECT_IDENTIFIER)))
        state.found[key] = value
        wrong = title_problem(value)
        if wrong:
            c.note(problem.APDU_ST, len(value), value[:16].hex().upper(), wrong)
        return value, None

    return read


def qualifier(key: str) -> Body:
    def read(c: Cursor, state: State, field: Field) -> Found:
        value = ber.octets(c, _inner(c, field, (ber.OCTET_STRING, ber.INTEGER)))
        state.found[key] = value
        return value, None

    return read


def invocation_id(key: str) -> Body:
    def read(c: Cursor, state: State, field: Field) -> Found:
        value = state.found[key] = _number(c, field)
        return value, None

    return read


def reason(c: Cursor, state: State, field: Field) -> Found:
    value = state.found["reason"] = ber.integer(c, field)
    state.found["reason_name"] = _named(c, field, value)
    return value, None


def _named(c: Cursor, field: Field, value: int) -> str:
    name = (field.names or {}).get(value)
    if name is None:
        c.note(problem.BER_VALUE, 1, field.label, f"{value} is not defined")
        return f"unknown-{value}"
    return name


def association_result(c: Cursor, state: State, field: Field) -> Found:
    value = _number(c, field)
    if value is not None:
        state.found["result"], state.found["result_name"] = value, _named(c, field, value)
    return value, None


_SOURCES = {
    0xA1: ("acse-service-user", names.USER_DIAGNOSTIC),
    0xA2: ("acse-service-provider", names.PROVIDER_DIAGNOSTIC),
}


def diagnostic(c: Cursor, state: State, field: Field) -> Found:
    source = _SOURCES.get(c.peek())
    if source is None:
        c.stop(problem.BER_TAG, max(c.peek(), 0), field.label)
    state.found["source"], chosen = source

    def read(c: Cursor) -> Found:
        value = _number(c, chosen)
        if value is not None:
            state.found["diagnostic"], state.found["diagnostic_name"] = value, _named(c, chosen, value)
        return value, None

    ber.component(c, chosen, read)
    return None, state.found.get("diagnostic_name")


_FORMS = {0x80: names.CHARSTRING, 0x81: names.BITSTRING}


def authentication(c: Cursor, state: State, field: Field) -> Found:
    """Password or challenge. Only what a HLS mechanism announces as a challenge is shown.

    Problems: apdu.lls-clear for a password; apdu.hls-len for a challenge of a length not allowed.
    """
    hls = state.mechanism >= names.FIRST_HLS
    form = _FORMS.get(c.peek(), names.OTHER_VALUE)

    def read(c: Cursor) -> Found:
        if form is names.BITSTRING:
            Cursor.u8(c, form)  # count of unused bits
        start = c.pos
        value = ber.rest(c)
        state.found["authentication"] = (start, c.pos)
        if not hls:
            if value:
                c.note(problem.APDU_LLS_CLEAR, len(value))
            masked = "•" * len(value)
            return masked, masked
        state.found["challenge"] = value
        low, high = names.CHALLENGE_OCTETS.get(state.mechanism, (0, 1 << 16))
        if not low <= len(value) <= high:
            c.note(problem.APDU_HLS_LEN, len(value), f"of {len(value)} octets, {low} to {high} are allowed")
        return value, None

    if form is names.OTHER_VALUE:
        c.note(problem.BER_TAG, 0, max(c.peek(), 0), field.label)
    ber.component(c, form, read)
    return None, None


def implementation(c: Cursor, state: State, field: Field) -> Found:
    """Implementation information: not used by DLMS/COSEM, kept as octets."""
    return ber.rest(c), None


def unknown(c: Cursor, state: State, field: Field) -> Found:
    """A component that the APDU does not have: kept as octets."""
    return ber.rest(c), None


def user_information(c: Cursor, state: State, field: Field) -> Found:
    """The xDLMS APDU in the OCTET STRING, its components as children of the user-information."""
    if c.peek() == ber.OCTET_STRING:
        n = _inner(c, field, (ber.OCTET_STRING,))
    else:
        n = c.left()  # some clients leave the OCTET STRING out
        c.note(problem.BER_TAG, 0, max(c.peek(), 0), field.label)
    text: str | None = None

    def read(c: Cursor) -> Any:
        nonlocal text
        start, tag = c.pos, c.peek()
        name = names.CIPHERED.get(tag) or names.PLAIN.get(tag) or f"unknown-0x{max(tag, 0):02X}"
        text = name
        where = (start, c.end)
        state.found["information"] = Information(where, tag, name, tag in names.CIPHERED)
        if tag in names.PLAIN:
            value = _read_plain(c, tag, state)
            state.found["information"] = Information(where, tag, name, False, value)
        elif tag < 0:
            c.note(problem.BER_VALUE, 0, field.label, "empty")
        else:
            if tag not in names.CIPHERED:
                c.note(problem.APDU_TAG, -1, tag, "has no meaning in a user-information")
            c.take(names.CIPHERED_FIELDS.get(tag, names.UNKNOWN_INFORMATION), c.left())

    ber.inside(c, n, read)
    return None, text


def _read_plain(c: Cursor, tag: int, state: State) -> Any:
    if tag == names.INITIATE_REQUEST:
        return initiate.read_request(c)
    if tag == names.INITIATE_RESPONSE:
        return initiate.read_response(c, state.short_names)
    return errors.read_service_error(c)


def mechanism_ahead(c: Cursor, tag: int) -> int:
    """The last arc of the mechanism name, wherever it stands among the components; -1 without one.

    Looks only: no node, no problem. One step a component, so bounded by the octets.
    """
    at = 0
    head = (*names.OID_PREFIX, names.MECHANISM_ARC)
    while at + 1 < c.left():
        here, length = c.peek(at), c.peek(at + 1)
        at += 2
        if length >= 0x80:
            more = length & 0x7F
            length = 0
            for i in range(min(more, ber.MAX_LENGTH_OCTETS)):
                length = length << 8 | max(c.peek(at + i), 0)
            at += more
        if here == tag:
            octets = tuple(c.peek(at + i) for i in range(min(length, 16)))
            if octets[:2] == (ber.OBJECT_IDENTIFIER, 7):
                octets = octets[2:]
            return octets[-1] if len(octets) == len(head) + 1 and octets[:-1] == head else -1
        at += length
    return -1
