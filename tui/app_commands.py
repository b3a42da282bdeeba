"""Commands of the program itself: help, palette, theme, keys, picture, shell, stop, quit."""

import os
from collections.abc import Mapping
from datetime import datetime

from textual.app import App
from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.theme import Theme

from dissectors.errors import UsageError
from tui import bindings, keys
from tui.bindings import Command
from tui.capture_base import CaptureBase
from tui.capture_screen import CaptureScreen
from tui.choice_dialog import ChoiceDialog
from tui.help import HelpScreen
from tui.settings import Settings

HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#0040e0",
    secondary="#00ffff",
    accent="#ff80ff",
    warning="#ffff00",
    error="#ff8080",
    success="#80ff80",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#202020",
    boost="#000000",
    dark=True,
    text_alpha=1.0,
    variables={
        "text-muted": "#e0e0e0",
        "border": "#ffffff",
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#ffff00",
    },
)
THEMES = ("textual-dark", "textual-light", HIGH_CONTRAST.name, "ansi-dark", "ansi-light")


class AppCommands(App[int], inherit_bindings=False):
    """app.*; what they say goes to the screen at hand."""

    settings: Settings
    own_keys: keys.OwnKeys
    keys_in_force: Mapping[str, str]
    themes = THEMES

    def say(self, text: str, severity: str = "information") -> None:
        """One line for a person, on the screen that has a line for it."""
        for screen in reversed(self.screen_stack):
            say = getattr(screen, "say", None)
            if say is not None:
                say(text, severity)
                return

    # -- looks and keys ------------------------------------------------------------------------------------

    def choose_theme(self, name: str) -> None:
        """UsageError: there is none of that name."""
        if name not in self.available_themes:
            raise UsageError(f"theme {name!r}: expected one of {', '.join(THEMES)}")
        self.theme = self.settings.theme = name

    def action_app_theme(self) -> None:
        at = THEMES.index(self.theme) if self.theme in THEMES else -1
        self.choose_theme(THEMES[(at + 1) % len(THEMES)])
        self.say(f"theme {self.theme}")

    def use_keys(self, set_: str) -> None:
        """The keys of a set, with a person's own in their places."""
        self.keys_in_force = bindings.keys(set_, self.own_keys.keys)
        self.settings.keys = set_
        self.set_keymap(bindings.keymap(set_, self.own_keys.keys))
        for screen in self.screen_stack:
            if isinstance(screen, CaptureScreen):
                screen.show_tabs()

    def action_app_keys(self) -> None:
        at = bindings.SETS.index(self.settings.keys)
        self.use_keys(bindings.SETS[(at + 1) % len(bindings.SETS)])
        self.say(f"{self.settings.keys} keys")

    def action_app_help(self) -> None:
        self.push_screen(HelpScreen(self.screen, self.screen.focused, self.keys_in_force), self._run)

    async def _run(self, chosen: tuple[Command, DOMNode] | None) -> None:
        if chosen is not None:
            command, node = chosen
            await self.run_action(command.action, node)

    def action_app_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(id="--command-palette"))

    # -- the world outside ----------------------------------------------------------------------------------

    def action_app_screenshot(self) -> None:
        name = f"cosemscope-{datetime.now():%Y%m%d-%H%M%S}.svg"
        try:
            path = self.save_screenshot(name, os.getcwd())
        except OSError as error:
            self.say(f"{name}: cannot be written ({error.strerror})", "error")
            return
        self.say(f"the screen is in {path}")

    def action_app_suspend(self) -> None:
        if self.is_web or os.name != "posix":
            self.say("there is no shell to go to", "warning")
            return
        self.action_suspend_process()

    # -- the end --------------------------------------------------------------------------------------------

    @property
    def recording(self) -> CaptureBase | None:
        """The screen of a recording that runs."""
        for screen in self.screen_stack:
            if isinstance(screen, CaptureBase) and screen.capture.state == "live":
                return screen
        return None

    def action_app_interrupt(self) -> None:
        """Ends the nearest thing that runs: a filter or search, a recording, the program."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, CaptureScreen):
                ended = screen.cancel_running()
                if ended:
                    screen.say(f"{ended} (Ctrl-C again goes on to what else runs, then leaves)", "warning")
                    return
        self.exit(0)

    def action_app_leave(self) -> None:
        if self.recording is None:
            self.exit(0)
            return
        choices = (("y", "Stop recording and quit (what was recorded stays)", True), ("n", "Stay", False))
        self.push_screen(ChoiceDialog("A recording runs", choices), lambda yes: self.exit(0) if yes else None)
