"""What a message needs from earlier traffic to be dissected alone: a frozen snapshot.

Equal contexts are stored once; a message keeps the number. Dissecting again takes octets and a
Context and touches no state.
"""

from dissectors.record import Direction, Value


class Context(Value, frozen=True, gc=False):
    """direction of the octets; ln or sn referencing; conformance agreed (24 bits, -1 unknown);
    the sizes that each side announced it can receive (0: no limit or unknown)."""

    direction: int = Direction.UNKNOWN
    short_names: bool = False
    conformance: int = -1
    client_max_pdu: int = 0
    server_max_pdu: int = 0


EMPTY = Context()
