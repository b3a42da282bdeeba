"""Rules of HDLC addresses, judged with the direction known (IEC 62056-46, clause 6.4.2.3)."""

from typing import TYPE_CHECKING

from dissectors import problem
from dissectors.link.framing import Unit
from dissectors.link.hdlc import ALL_STATION, FLAG, NO_STATION, Address, Hdlc
from dissectors.link.hdlc_state import Way
from dissectors.problem import Kind, Problem, Severity
from dissectors.record import Direction

if TYPE_CHECKING:
    from dissectors.link.hdlc_link import Links

PUSH_PORTS = "push ports"


def is_all(address: Address) -> bool:
    """Upper or lower part of a server address is ALL_STATION."""
    every = ALL_STATION.get(len(address.octets), -1)
    return every in (address.upper, address.lower)


def is_group(address: Address) -> bool:
    """A server address that no single server answers: ALL_STATION or NO_STATION."""
    return is_all(address) or address.upper == NO_STATION


def at_address(
    unit: Unit, value: Hdlc, source: bool, kind: Kind, *args: object, severity: Severity | None = None
) -> Problem:
    """A problem about one of the addresses of a frame."""
    start = 2 + (unit.octets[0] == FLAG)
    middle = start + len(value.destination.octets)
    span = (middle, middle + len(value.source.octets)) if source else (start, middle)
    return Problem(kind, *span, args, severity_override=severity)


def habit(unit: Unit, value: Hdlc, words: str) -> Problem:
    """What push ports do in the field, named and not condemned."""
    return at_address(unit, value, False, problem.HDLC_HABIT, words, PUSH_PORTS)


def check(unit: Unit, value: Hdlc, direction: int, push: bool) -> list[Problem]:
    """Problems: hdlc.addr-len, addr-src, addr-bcast-resp, bcast-i, bcast-p; hdlc.habit on push ports."""
    found: list[Problem] = []
    destination, source = value.destination, value.source
    if direction == Direction.TO_SERVER:
        if len(source.octets) > 1:
            found.append(at_address(unit, value, True, problem.HDLC_ADDR_LEN, "client", len(source.octets)))
        if source.upper == NO_STATION and len(source.octets) == 1:
            found.append(at_address(unit, value, True, problem.HDLC_ADDR_SRC, "NO_STATION"))
        if is_group(destination):
            if value.kind == "I" and is_all(destination):
                found.append(at_address(unit, value, False, problem.HDLC_BCAST_I))
            if value.poll:
                found.append(at_address(unit, value, False, problem.HDLC_BCAST_P))
        return found
    n = len(destination.octets)
    if n > 1:
        if push and n == 2:
            found.append(habit(unit, value, "client address in two octets"))
        else:
            warn = Severity.WARNING if n == 2 else None
            found.append(at_address(unit, value, False, problem.HDLC_ADDR_LEN, "client", n, severity=warn))
    if source.upper == NO_STATION or is_all(source):
        words = "NO_STATION" if source.upper == NO_STATION else "ALL_STATION"
        note = Severity.NOTE if push else None
        found.append(at_address(unit, value, True, problem.HDLC_ADDR_SRC, words, severity=note))
    if destination.upper == NO_STATION and n == 1:
        if push:
            found.append(habit(unit, value, "push to client address 0 (NO_STATION)"))
        else:
            found.append(at_address(unit, value, False, problem.HDLC_ADDR_BCAST_RESP))
    return found


def first_use(links: "Links", unit: Unit, value: Hdlc, way: Way) -> list[Problem]:
    """Said once a link: reserved addresses of the profile (hdlc.addr-res), mixed address lengths (hdlc.addr-mix)."""
    link = way.link
    found: list[Problem] = []
    known = way.frames or way.other.frames  # in another form of the address
    to_server = way.direction == Direction.TO_SERVER
    for role, label, number, source in (
        ("client", "client", link.client, to_server),
        ("server", "server upper address", link.server, not to_server),
        ("physical", "server lower address", link.physical, not to_server),
    ):
        words = links.names(role, number) if number >= 0 and not known else None
        if words:
            found.append(at_address(unit, value, source, problem.HDLC_ADDR_RES, label, number, words, links.profile))
    server = value.destination if to_server else value.source
    if not is_group(server):
        other = links.mixed(server.upper, server.lower, len(server.octets))
        if other:
            n = len(server.octets)
            found.append(at_address(unit, value, not to_server, problem.HDLC_ADDR_MIX, server.upper, other, n))
    return found
