"""What carries traffic: which profile takes a carrier over a transport, and the framer and link states it needs."""

from collections.abc import Callable, Iterable

from dissectors.link import hdlc_link
from dissectors.link.framing import Framer
from dissectors.link.iec62056_21_framer import Framer as LineFramer
from dissectors.link.wrapper import Framer as WrapperFramer
from dissectors.profile import Profile
from dissectors.profile_types import Sap

IDLE_FACTOR = 20
TEXT_IDLE_FACTOR = 2
CHARACTER_MS = 1500  # between characters of a message, where no profile says otherwise (IEC 62056-21, 6.3.14)
LINE = ("hdlc", "iec62056-21")  # carriers that share a line: mode E signs on to HDLC
FRAMED = ("wrapper", *LINE)
SIGN_ON = "iec62056-21"  # its profile: what signs on to another


class Choice:
    """Which profile and stack take a carrier over a transport: the first profile in order that names both."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self.profiles = {profile.name: profile for profile in profiles}
        self._found: dict[tuple[str, str], tuple[str, str]] = {}
        self._only: dict[str, Choice] = {}

    def only(self, name: str) -> "Choice":
        """The choice of a channel that is said to carry this profile, and the sign-on that may stand before it; all
        of them where it is not in force."""
        if name not in self.profiles:
            return self
        found = self._only.get(name)
        if found is None:
            named = [self.profiles[name], *(p for p in self.profiles.values() if p.name == SIGN_ON)]
            found = self._only[name] = Choice(named)
        return found

    def find(self, transport: str, carrier: str) -> tuple[str, str]:
        """(profile's name, stack's name), ("", "") where none fits."""
        key = (transport, carrier)
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = next(
                (
                    (profile.name, stack.name)
                    for profile in self.profiles.values()
                    for stack in profile.stacks
                    if transport in stack.recognition.transports and carrier in stack.layers
                ),
                ("", ""),
            )
        return found


def links_of(profile: Profile | None, line: bool) -> hdlc_link.Links:
    """The HDLC links of a line or connection, with the limits and the SAP table of the descriptor."""
    if profile is None:
        return hdlc_link.Links(line=line)
    find: dict[str, Callable[[int], Sap | None]] = {
        "client": profile.client,
        "server": profile.server,
        "physical": profile.physical,
    }

    def names(role: str, value: int) -> str | None:
        entry = find[role](value)
        if entry is None:
            return "not in the table"
        return entry.use if entry.use == "reserved" and entry.kind == "station" else None

    return hdlc_link.Links(profile.hdlc_parameters(), names, profile.name, line)


def framer(kind: str, idle_ns: int | None, text_idle_ns: int | None) -> Framer | None:
    """A framer for one way of a carrier, None for one without."""
    if kind == "wrapper":
        return WrapperFramer()
    return LineFramer(idle_ns, text_idle_ns) if kind in LINE else None


def idle_ns(links: hdlc_link.Links | None, line: bool) -> int | None:
    """Silence after which an HDLC frame on a serial line is given up: far above the inter-octet time-out,
    since a tap batches octets."""
    if not line or links is None:
        return None
    return links.parameters.inter_octet_ms.default * IDLE_FACTOR * 1_000_000


def text_idle_ns(profile: Profile | None, line: bool) -> int | None:
    """The same for a message of IEC 62056-21."""
    if not line:
        return None
    said = profile.default("iec62056-21", "inter_character_ms") if profile is not None else None
    return (said if isinstance(said, int) else CHARACTER_MS) * TEXT_IDLE_FACTOR * 1_000_000
