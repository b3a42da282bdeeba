"""Keys that a person gave or the traffic told, and who they are for (IEC 62056-5-3, 5.3.5; key files of cli.md).

A Secret never shows its octets: not in repr, str, JSON or a pickle's text. Only the functions that
compute with it call reveal(). The KeyRing has the only state: keys in the order of their giving, and
system titles learned. Loading of files is in analyzer/keys.py.
"""

from collections.abc import Hashable, Iterable
from typing import Any

import msgspec

from dissectors.record import Direction, Value

MAX_CANDIDATES = 64  # keys tried for one APDU
MAX_LEARNED = 4096  # dedicated and transferred keys kept; the oldest dedicated keys go first
MAX_REMEMBERED = 4096  # answers of find kept
TITLE_OCTETS = 8


class Secret:
    """Octets of a key or password. Equal by content; shows its length only."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes) -> None:
        self._octets = bytes(octets)

    def reveal(self) -> bytes:
        """The octets, for computing and nothing else."""
        return self._octets

    def __len__(self) -> int:
        return len(self._octets)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._octets == self._octets

    def __hash__(self) -> int:
        return hash(self._octets)

    def __repr__(self) -> str:
        return f"<secret of {len(self._octets)} octets>"


class KeySet(Value, frozen=True, kw_only=True):
    """What one [[key]] entry, --key or a key transfer gives. name: where it comes from ("key 2 of meters.toml").

    For: system_title, or meter (an alias), or server (SAP); all empty: for any. Public keys are x and y
    (64 or 96 octets), b"" without; secrets: the readings of one HLS secret (as text, as hex); valid_from and
    valid_to in ns since 1970 UTC; security_setup: logical name of the class 64 object, b"" for any. number: its
    place in the ring, from 1.
    """

    name: str = ""
    number: int = 0
    system_title: bytes = b""
    meter: str = ""
    server: int = -1
    encryption: Secret | None = None
    authentication: Secret | None = None
    broadcast: Secret | None = None
    master: Secret | None = None
    dedicated: Secret | None = None
    secrets: tuple[Secret, ...] = ()
    signing: bytes = b""
    agreement_private: Secret | None = None
    agreement_public: bytes = b""
    valid_from: int | None = None
    valid_to: int | None = None
    security_setup: bytes = b""

    def valid(self, time_ns: int | None) -> bool:
        """Whether it is in force then; without a clock always."""
        if time_ns is None:
            return True
        return (self.valid_from is None or self.valid_from <= time_ns) and (
            self.valid_to is None or time_ns <= self.valid_to
        )


class Parties(Value, frozen=True, gc=False):
    """What is known of the two sides when an APDU comes: a frozen snapshot, kept with the message.

    direction of the APDU; client and server SAP, -1 unknown; system titles, b"" unknown; time_ns of its
    first octet; names under which the meter is known (logical device name, serial number of the sign-on, IP
    address), matched with `meter` of key files; dedicated: number that learn_dedicated gave, 0 none.
    """

    direction: int = Direction.UNKNOWN
    client: int = -1
    server: int = -1
    client_title: bytes = b""
    server_title: bytes = b""
    time_ns: int | None = None
    names: tuple[str, ...] = ()
    dedicated: int = 0

    @property
    def sender(self) -> bytes:
        """System title of the sender, b"" where direction or title are unknown."""
        if self.direction == Direction.TO_SERVER:
            return self.client_title
        return self.server_title if self.direction == Direction.TO_CLIENT else b""

    @property
    def receiver(self) -> bytes:
        if self.direction == Direction.TO_SERVER:
            return self.server_title
        return self.client_title if self.direction == Direction.TO_CLIENT else b""


class KeyRing:
    """All keys. `add` what the person gave, `learn_…` what the traffic tells, `find` what fits an APDU.

    The caller (association) learns; unprotect and check_reply only find.
    """

    def __init__(self, given: Iterable[KeySet] = ()) -> None:
        self._sets: list[KeySet] = []
        self._dated = False  # whether any has a time of validity
        self._dedicated: dict[int, Secret] = {}
        self._dedicated_count = 0
        self._titles: dict[Hashable, bytes] = {}
        self._remembered: dict[tuple[Any, ...], tuple[KeySet, ...]] = {}
        for keys in given:
            self.add(keys)

    def __len__(self) -> int:
        return len(self._sets)

    def get(self, number: int) -> KeySet | None:
        """The key set of that number, None without."""
        return self._sets[number - 1] if 0 < number <= len(self._sets) else None

    def __repr__(self) -> str:
        return f"<{len(self._sets)} key sets, {len(self._dedicated)} dedicated keys>"

    def add(self, keys: KeySet) -> KeySet:
        """Takes a key set; gives it back with its number."""
        numbered = msgspec.structs.replace(keys, number=len(self._sets) + 1)
        self._sets.append(numbered)
        self._dated = self._dated or keys.valid_from is not None or keys.valid_to is not None
        self._remembered.clear()
        return numbered

    # -- what the traffic tells ---------------------------------------------------------------------

    def learn_dedicated(self, key: bytes) -> int:
        """The dedicated key of a deciphered (or plain) InitiateRequest. Call when the AARE accepts; put the number
        into Parties.dedicated of this association's APDUs until it ends."""
        if len(self._dedicated) >= MAX_LEARNED:
            del self._dedicated[next(iter(self._dedicated))]
        self._dedicated_count += 1
        self._dedicated[self._dedicated_count] = Secret(key)
        return self._dedicated_count

    def dedicated(self, number: int) -> Secret | None:
        return self._dedicated.get(number)

    def learn_title(self, where: Hashable, title: bytes) -> bool:
        """System title heard in AARQ, AARE, CIASE, a general-glo header or a push; where: any key that tells this
        party again, such as (path number, "server", SAP, physical). False where it is no title."""
        if len(title) != TITLE_OCTETS:
            return False
        if where not in self._titles and len(self._titles) >= MAX_LEARNED:
            del self._titles[next(iter(self._titles))]
        self._titles[where] = title
        return True

    def title(self, where: Hashable) -> bytes:
        """The title last learned there, b"" where none was."""
        return self._titles.get(where, b"")

    # -- what fits ----------------------------------------------------------------------------------

    def find(self, who: Parties, title: bytes = b"", recipient: bytes = b"", dated: bool = True) -> tuple[KeySet, ...]:
        """Key sets to try for an APDU, best first, at most 64: those of the titles in its header (title, recipient)
        or of either party; then those of the server or its names; then those for any. Keys of other titles only
        while the server's title is not known. dated False: also those out of their time of validity."""
        key = (title, recipient, who.client_title, who.server_title, who.server, who.names)
        found = self._remembered.get(key)
        if found is None:
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            found = self._remembered[key] = self._ranked(who, title, recipient)
        if dated and self._dated and who.time_ns is not None:
            found = tuple(keys for keys in found if keys.valid(who.time_ns))
        return found[:MAX_CANDIDATES]

    def _ranked(self, who: Parties, title: bytes, recipient: bytes) -> tuple[KeySet, ...]:
        titles = {title, recipient, who.client_title, who.server_title} - {b""}
        names = {name.casefold() for name in who.names}
        unknown = not who.server_title and (not title or title == who.client_title)
        ranked: list[tuple[int, int, KeySet]] = []
        for keys in self._sets:
            if keys.system_title:
                if keys.system_title in titles:
                    rank = 0
                elif unknown:
                    rank = 3
                else:
                    continue
            elif keys.server >= 0:
                if keys.server != who.server and who.server >= 0:
                    continue
                rank = 1
            elif keys.meter:
                rank = 1 if keys.meter.casefold() in names else 2
            else:
                rank = 2
            ranked.append((rank, -keys.number, keys))  # the newest of a rank first: keys rotate
        return tuple(keys for _, _, keys in sorted(ranked, key=lambda entry: entry[:2]))
