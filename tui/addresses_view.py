"""Addresses: who talks to whom; those that the profile reserves or does not know are marked."""

import json
from collections.abc import Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget

from analyzer import words
from analyzer.addressing import Seen
from tui.keyed_list import KeyedList
from tui.loader import Capture
from tui.row_list import ListColumn, Row, RowList
from tui.view import FilterBy, Say, View

COLUMNS = (
    ListColumn("side", "Side", 8), ListColumn("address", "Address", 7, True), ListColumn("name", "Name", 26),
    ListColumn("use", "Use", 10), ListColumn("sent", "Sent", 8, True), ListColumn("received", "Received", 8, True),
    ListColumn("host", "Host", 22), ListColumn("title", "System title", 16), ListColumn("first", "First seen", 19),
    ListColumn("last", "Last seen", 19), ListColumn("channel", "Channel", 12), ListColumn("profile", "Profile", 14),
)  # fmt: skip
# use in the profile -> mark, style
LOOKS: Mapping[str, tuple[str, str]] = {"reserved": ("!", "warning"), "undefined": ("?", "warning")}
UNKNOWN = "not in the profile"


class AddressRows:
    """Addresses, their text made when seen."""

    def __init__(self, capture: Capture, seen: Sequence[Seen]) -> None:
        self.capture = capture
        self.seen = seen

    def __len__(self) -> int:
        return len(self.seen)

    def page(self, first: int, last: int) -> list[Row]:
        with self.capture.turn():
            return [self._row(seen) for seen in self.seen[first:last]]

    def _row(self, seen: Seen) -> Row:
        mark, style = LOOKS.get(seen.use, ("", ""))
        channels = self.capture.analysis.channels
        channel = channels[seen.channel].name if seen.channel < len(channels) else ""
        cells = (
            seen.side, str(seen.sap), seen.name or UNKNOWN, seen.use, str(seen.sent), str(seen.received),
            seen.host or "-", seen.title or "-", _moment(seen.first_ns), _moment(seen.last_ns),
            f"{seen.channel} {channel}", seen.profile,
        )  # fmt: skip
        return Row(cells, style, mark)


def _moment(ns: int | None) -> str:
    return (words.iso(ns) or "-")[:19].replace("T", " ")


def test_of(seen: Seen, alone: bool) -> str:
    """The filter of the frames that an address sent or got. alone: there is but one channel."""
    if seen.side == "physical":
        found = f"hdlc.lower == {seen.sap}"
    else:
        up, down = '!(direction == "server-to-client")', 'direction == "server-to-client"'
        sends, gets = (up, down) if seen.side == "client" else (down, up)
        found = f"({sends} && {_end(seen, True)}) || ({gets} && {_end(seen, False)})"
    return found if alone else f'channel == "{seen.channel}" && ({found})'


def _end(seen: Seen, sender: bool) -> str:
    """A frame's columns of hosts are named after a request: of its sender and of its receiver."""
    number, host = ("source", "client_address") if sender else ("destination", "server_address")
    test = f"{number} == {seen.sap}"
    return test if seen.host is None else f"{test} && {host} == {json.dumps(seen.host)}"


class AddressesView(View):
    """`addresses`: all; `peers`: those that the selected one had frames with."""

    TITLE = "Addresses"
    DEFAULT_CSS = """
    AddressesView { layout: vertical; }
    AddressesView #addresses { height: 2fr; }
    AddressesView #peers { height: 1fr; border-top: solid $panel; }
    """

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self._seen: list[Seen] = []
        self._peers: list[Seen] = []
        self._with: dict[int, list[Seen]] = {}  # by identity of an address: the other ends

    def compose(self) -> ComposeResult:
        yield KeyedList(COLUMNS, id="addresses", empty="no addresses yet")
        yield KeyedList(COLUMNS, id="peers", empty="no frames with another address")

    @property
    def addresses(self) -> KeyedList:
        return self.query_one("#addresses", KeyedList)

    @property
    def peers(self) -> KeyedList:
        return self.query_one("#peers", KeyedList)

    def fill(self) -> None:
        with self.capture.turn():
            self._seen = list(self.capture.analysis.addressing.rows.values())
            pairs = self.capture.analysis.addressing.pairs()
        self._with = {}
        for client, server in pairs:
            self._with.setdefault(id(client), []).append(server)
            self._with.setdefault(id(server), []).append(client)
        self.addresses.put([_key(seen) for seen in self._seen], AddressRows(self.capture, self._seen))
        self._show_peers()

    def _show_peers(self, top: bool = False) -> None:
        seen = self._at(self._seen, self.addresses.cursor)
        self._peers = [] if seen is None else self._with.get(id(seen), [])
        self.peers.put([_key(peer) for peer in self._peers], AddressRows(self.capture, self._peers), top=top)

    def _at(self, seen: Sequence[Seen], index: int) -> Seen | None:
        return seen[index] if 0 <= index < len(seen) else None

    @on(RowList.Moved, "#addresses")
    def _moved(self, event: RowList.Moved) -> None:
        event.stop()
        self._show_peers(top=True)

    @on(RowList.Activated, "#addresses")
    def _filter_one(self, event: RowList.Activated) -> None:
        event.stop()
        seen = self._at(self._seen, event.index)
        if seen is not None:
            self._filter(test_of(seen, self._alone), f"{seen.side} {seen.sap}")

    @on(RowList.Activated, "#peers")
    def _filter_pair(self, event: RowList.Activated) -> None:
        event.stop()
        seen, peer = self._at(self._seen, self.addresses.cursor), self._at(self._peers, event.index)
        if seen is not None and peer is not None:
            test = f"({test_of(seen, self._alone)}) && ({test_of(peer, self._alone)})"
            self._filter(test, f"{seen.side} {seen.sap} with {peer.side} {peer.sap}")

    def _filter(self, test: str, who: str) -> None:
        self.post_message(FilterBy(test, "apply", "frame"))
        self.post_message(Say(f"frames of {who}"))

    @property
    def _alone(self) -> bool:
        return len(self.capture.analysis.channels) == 1

    def cell(self) -> tuple[str, object]:
        seen = self._at(self._seen, self.addresses.cursor)
        return ("", None) if seen is None or seen.side == "physical" else (seen.side, seen.sap)

    def start(self) -> Widget | None:
        return self.addresses


def _key(seen: Seen) -> tuple[str, int, str, int, str | None]:
    return seen.profile, seen.channel, seen.side, seen.sap, seen.host
