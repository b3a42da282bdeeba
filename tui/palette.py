"""Every command by name: which of them can run now, and the palette that finds them."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Provider
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget

from tui import bindings
from tui.bindings import Command
from tui.text import safe


def place(command: Command, screen: Screen[Any], focused: Widget | None) -> DOMNode | None:
    """Who has the command: the widget with the keys or what it is in, the screen, the app; None where nobody has."""
    chain: list[DOMNode] = list((focused or screen).ancestors_with_self)
    method = f"action_{command.action.partition('(')[0]}"
    return next((node for node in chain if callable(getattr(node, method, None))), None)


def available(screen: Screen[Any], focused: Widget | None) -> Iterator[tuple[Command, DOMNode]]:
    """The commands that can run now, each with who has it, in the order of the table."""
    for command in bindings.COMMANDS:
        found = place(command, screen, focused)
        if found is not None:
            yield command, found


class CommandProvider(Provider):
    """Commands of the focused widget, its view, the screen and the program; themes; sources that were open before."""

    async def discover(self) -> AsyncIterator[DiscoveryHit]:
        for text, run in self._choices():
            yield DiscoveryHit(Content(text), run, text=text)

    async def search(self, query: str) -> AsyncIterator[Hit]:
        matcher = self.matcher(query)
        for text, run in self._choices():
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, Content(text), run, text=text)

    def _choices(self) -> Iterator[tuple[str, Callable[[], Any]]]:
        app: Any = self.app
        keys = app.keys_in_force
        for command, node in available(self.screen, self.focused):
            shown = bindings.shown(keys[command.id])
            text = f"{command.group}: {command.title}" + (f"  [{shown}]" if shown else "")
            yield text, partial(app.run_action, command.action, node)
        for name in app.themes:
            yield f"Theme: {name}", partial(app.choose_theme, name)
        for spec in app.settings.recent:
            yield f"Open recent: {safe(spec)}", partial(app.open_spec, spec)
