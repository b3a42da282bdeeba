"""What is remembered of one HDLC link: state, sequence numbers of both ways, sizes agreed (IEC 62056-46, 6.4.4)."""

from enum import IntEnum

from dissectors.link.hdlc import Hdlc, Limit, Negotiation, Parameters
from dissectors.problem import Problem
from dissectors.record import Direction, Value

UNSEEN = -1  # a sequence number that the capture has not shown yet
UNLIMITED = 0xFFFF  # nothing agreed in this capture


class State(IntEnum):
    """Of one link. UNKNOWN: the capture began in the middle, or octets were lost."""

    UNKNOWN = 0
    NDM = 1  # normal disconnected mode
    WAIT_UA = 2
    NRM = 3  # normal response mode: open
    WAIT_DISC = 4
    FRMR = 5  # rejected: only SNRM or DISC


S = State
# (state, kind of frame) -> state; what is not listed stays
TRANSITIONS: dict[tuple[State, str], State] = {
    **{(state, "SNRM"): S.WAIT_UA for state in State},
    **{(state, "DISC"): S.WAIT_DISC for state in State},
    **{(state, "DM"): S.NDM for state in State},
    **{(state, "FRMR"): S.FRMR for state in (S.UNKNOWN, S.NRM, S.FRMR, S.WAIT_UA, S.WAIT_DISC)},
    (S.WAIT_UA, "UA"): S.NRM,
    (S.WAIT_DISC, "UA"): S.NDM,
    (S.NDM, "UA"): S.UNKNOWN,  # the SNRM is not in the capture
    (S.FRMR, "UA"): S.UNKNOWN,
    # an information or supervisory frame where an answer was awaited: that is not in the capture
    (S.WAIT_UA, "I"): S.UNKNOWN,
    (S.WAIT_UA, "RR"): S.UNKNOWN,
    (S.WAIT_UA, "RNR"): S.UNKNOWN,
}


class Followed(Value, frozen=True, gc=False):
    """What the link adds to a frame: direction, problems, and the parties (-1 each while unknown)."""

    direction: int
    problems: tuple[Problem, ...] = ()
    client: int = -1
    server: int = -1
    physical: int = -1


class Way:
    """One direction of one link, as seen from its sender.

    vs: N(S) of the next I frame. acked: N(S) up to which the other side has acknowledged. sent: by N(S)
    the information last sent and how often. limit, window: agreed for this way. open, open_ui: the last I
    (UI) frame had S = 1. ready: addresses are without problems. steady: nothing special is going on.
    """

    __slots__ = (
        *(
            "acked",
            "direction",
            "frames",
            "fresh",
            "informed",
            "limit",
            "link",
            "llc",
            "open",
            "open_ui",
            "other",
            "plain",
        ),
        *(
            "polls",
            "quirk",
            "ready",
            "sent",
            "settled",
            "skew",
            "skipped",
            "soft",
            "steady",
            "vs",
            "was_block",
            "window",
        ),
    )
    other: "Way"

    def __init__(self, link: "Link", direction: int) -> None:
        self.link = link
        self.direction = direction
        self.llc = b"\xe6\xe6\x00" if direction == Direction.TO_SERVER else b"\xe6\xe7\x00"
        self.plain = Followed(direction, (), link.client, link.server, link.physical)
        self.ready = self.steady = False
        self.frames = 0
        self.fresh = False  # its addresses were never checked in this form
        self.limit = self.window = UNLIMITED
        self.forget()

    def forget(self) -> None:
        """Nothing is known of what was sent."""
        self.vs = self.acked = UNSEEN
        self.skipped = False  # the last I frame had an unexpected N(S)
        self.soft = False  # vs was only learned from the other side's N(R)
        self.sent: dict[int, tuple[bytes, int]] = {}
        self.open = self.open_ui = False
        self.informed = False  # an information field was seen since
        self.was_block = False
        self.skew = 0  # how far this side's N(R) runs ahead of what the other sent
        self.polls = 0  # RR frames of the other side since this side's last N(R)
        self.quirk = False
        self.settled = False

    def start(self, limit: int, window: int) -> None:
        """The link was opened now."""
        self.forget()
        self.vs = self.acked = 0
        self.informed = self.settled = True
        self.limit = limit
        self.window = window


class Link:
    """One client and one server. turn: direction of whoever may send, UNKNOWN while not seen.

    proposed: parameters of the SNRM that waits for its UA. ui: the client's last information went in UI.
    """

    __slots__ = (
        *("client", "down", "epoch", "frame", "interleaved", "last_ns", "physical", "proposed", "score"),
        *("server", "state", "turn", "ui", "up"),
    )

    def __init__(self, client: int, server: int, physical: int) -> None:
        self.client = client
        self.server = server
        self.physical = physical
        self.state = State.UNKNOWN
        self.turn: int = Direction.UNKNOWN
        self.proposed: Negotiation | None = None
        self.score = 0
        self.ui = False
        self.epoch = 0
        self.frame = 0
        self.last_ns: int | None = None
        self.interleaved: set[int] = set()
        self.up = Way(self, Direction.TO_SERVER)
        self.down = Way(self, Direction.TO_CLIENT)
        self.up.other = self.down
        self.down.other = self.up

    def forget(self) -> None:
        """Octets were lost: nothing is known but who is who."""
        self.state = State.UNKNOWN
        self.turn = Direction.UNKNOWN
        self.proposed = None
        self.up.forget()
        self.down.forget()
        self.up.limit = self.down.limit = self.up.window = self.down.window = UNLIMITED

    def missed(self, ns: int) -> None:
        """The server's answer to the client's N(S) ns (-1: another kind of frame) is not in the capture."""
        up, down = self.up, self.down
        self.turn = Direction.UNKNOWN
        if ns != UNSEEN and up.vs != UNSEEN:
            up.acked = up.vs
        down.vs = down.acked = UNSEEN
        down.open = down.open_ui = False
        down.informed = False

    def settle(self) -> None:
        """Whether the next frame may take the fast path: an open link (or one seen from its middle) as in the book."""
        up, down = self.up, self.down
        steady = (
            (self.state == State.NRM or self.state == State.UNKNOWN)
            and not (self.ui or up.soft or down.soft or up.skew or down.skew or up.open or up.open_ui or down.open_ui)
            and UNSEEN not in (up.vs, down.vs)
        )
        up.steady = steady and up.ready
        down.steady = steady and down.ready

    def push_only(self) -> bool:
        """Only the server was ever heard, and no link was seen to open: a push port, most likely."""
        return self.up.frames == 0 and self.state == State.UNKNOWN

    def agree(self, answer: Negotiation | None, parameters: Parameters) -> None:
        """Applies the UA (IEC 62056-46, 6.4.4.4.3.2): the smaller of what one side sends and the other takes.

        A UA without a parameter means its default. Where the SNRM proposed nothing, the UA's value stands.
        """
        proposed, given = self.proposed or Negotiation(), answer or Negotiation()
        p = parameters
        self.up.start(
            agreed(given.max_info_rx, proposed.max_info_tx, p.max_info_rx),
            agreed(given.window_rx, proposed.window_tx, p.window_rx),
        )
        self.down.start(
            agreed(given.max_info_tx, proposed.max_info_rx, p.max_info_tx),
            agreed(given.window_tx, proposed.window_rx, p.window_tx),
        )
        self.proposed = None


def agreed(answered: int, proposed: int, limit: Limit) -> int:
    """One value in force: -1 stands for a parameter that is absent."""
    answered = answered if answered >= 0 else limit.default
    return min(answered, proposed) if proposed >= 0 else answered


def server_key(value: Hdlc, direction: int) -> tuple[int, int]:
    """Upper and lower address of the server."""
    address = value.destination if direction == Direction.TO_SERVER else value.source
    return address.upper, address.lower
