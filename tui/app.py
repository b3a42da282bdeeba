"""The terminal interface: `cosemscope open [SOURCE]`."""

import argparse
import asyncio
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from functools import partial

from rich.console import RenderableType
from textual import events

from analyzer import words
from analyzer.session import Session
from captures.pipe import Pipe
from captures.source import is_live
from dissectors.errors import CaptureError, UsageError
from tui import bindings, colour_rules, keys, settings, terminal
from tui.app_commands import HIGH_CONTRAST, AppCommands
from tui.capture_screen import CaptureScreen
from tui.choice_dialog import ChoiceDialog
from tui.heap import large_blocks_apart
from tui.line_scroll import LineScroll
from tui.loader import Capture, Opener
from tui.palette import CommandProvider
from tui.start_screen import StartScreen

SIGNALLED = 128  # exit code: this and the signal's number


class CosemscopeApp(AppCommands, inherit_bindings=False):
    """args: options of the command line. capture: open already, not yet started; None: the start screen.

    crash: the traceback of an error of our own, which ended the program."""

    TITLE = "cosemscope"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False  # Textual's own key for it: ours is in the table
    COMMANDS = {CommandProvider}
    BINDINGS = bindings.of("app")

    def __init__(self, args: argparse.Namespace, capture: Capture | None = None) -> None:
        super().__init__()
        self.args = args
        self.capture = capture
        self.crash = ""
        self.leaving = False
        self.closing = ExitStack()  # what is to be done in the end, however it comes
        self.complaints: list[str] = []  # what is wrong with a person's own files
        self.remembers = True
        self.settings = settings.Settings()
        self.own_keys = keys.OwnKeys()
        self.rules: Sequence[colour_rules.ColourRule] = colour_rules.SHIPPED
        self._read_own_files()
        self.keys_in_force = bindings.keys(self.settings.keys, self.own_keys.keys)

    def _read_own_files(self) -> None:
        """Settings, keys and colour rules; of each the defaults where it cannot be read."""
        try:
            self.settings = settings.load()
        except UsageError as error:
            self.remembers = False  # the file is left as it is
            self.complaints.append(str(error))
        try:
            self.own_keys = keys.load()
        except UsageError as error:
            self.complaints.append(str(error))
        try:
            self.rules = colour_rules.load()
        except UsageError as error:
            self.complaints.append(str(error))
        self.settings.keys = self.own_keys.set or self.settings.keys
        if self.settings.keys not in bindings.SETS:
            self.settings.keys = bindings.SETS[0]

    def on_mount(self) -> None:
        self.register_theme(HIGH_CONTRAST)
        with suppress(UsageError):  # a theme that another version had
            self.choose_theme(self.settings.theme)
        self.use_keys(self.settings.keys)
        if not self.is_headless:
            self._heed_signals()
        if self.capture is None:
            self.push_screen(StartScreen(self.settings))
        else:
            self.show_capture(self.capture)
        for complaint in self.complaints:
            self.call_after_refresh(self.say, complaint, "error")

    # -- captures -------------------------------------------------------------------------------------------

    def show_capture(self, capture: Capture) -> None:
        """Its screen in the place of all others; the capture that was there before is closed."""
        before, self.capture = self.capture, capture
        while len(self.screen_stack) > 1:
            self.pop_screen()
        if before is not None and before is not capture:
            self.run_worker(before.close, thread=True, group="close")
        if capture.spec != "-":
            self.settings.opened(capture.spec)
        self.push_screen(CaptureScreen(capture, self.settings, self.rules))

    def open_spec(self, spec: str) -> None:
        """Opens a source in the background; what is wrong with it is one line, and what was there stays."""
        if spec == "-":
            self.say("-: stdin is the keyboard; expected a file, or serial:, ip:, tshark:, hexlog:", "error")
        elif self.recording is None:
            self._open(spec)
        else:
            choices = (("y", f"Stop recording, and open {spec}", True), ("n", "Stay", False))
            self.push_screen(ChoiceDialog("A recording runs", choices), lambda yes: self._open(spec) if yes else None)

    def _open(self, spec: str) -> None:
        self.say(f"opening {spec} …")
        self.run_worker(partial(self._opening, spec), thread=True, exclusive=True, group="open")

    def _opening(self, spec: str) -> None:
        try:
            capture = Capture(Session(self.args, lambda line: None), spec)
        except (UsageError, CaptureError) as error:
            self.call_from_thread(self.say, str(error), "error")
            return
        self.call_from_thread(self.show_capture, capture)

    def action_app_open(self) -> None:
        if not isinstance(self.screen, StartScreen):
            self.push_screen(StartScreen(self.settings))

    # -- signals and crashes ----------------------------------------------------------------------------------

    def _heed_signals(self) -> None:
        """SIGTERM and SIGHUP leave as `q` does; SIGINT (not of the keyboard, which sends a key) as Ctrl-C does."""
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError, ValueError, RuntimeError):  # Windows; not in the main thread
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self._signalled, number)
            loop.add_signal_handler(signal.SIGINT, self.action_app_interrupt)

    def exit(self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        self.leaving = True
        super().exit(result, return_code, message)

    async def on_event(self, event: events.Event) -> None:
        """Keys typed after the last one are not for us: what they would open cannot be built any more."""
        if self.leaving and isinstance(event, events.InputEvent):
            return
        if not (isinstance(event, events.Key) and await self._ran(event)):
            await super().on_event(event)

    async def _ran(self, event: events.Key) -> bool:
        """Runs the command of a key at once, so that the next key finds what it opened. Textual hands keys around
        first: "/ab" typed while the program was busy would be three commands of the list."""
        screen = self.screen
        if event.is_forwarded or screen.is_modal or not self.app_focus or not isinstance(self.focused, LineScroll):
            return False
        if event.key == "escape":  # views have their own use of it
            return False
        if isinstance(screen, CaptureScreen):
            screen.touched = True
        return await self._check_bindings(event.key, priority=True) or await self._check_bindings(event.key)

    def _signalled(self, number: int) -> None:
        if terminal.is_gone():  # nothing to restore, and Textual would wait for a terminal that takes nothing
            self.closing.close()
            os._exit(SIGNALLED + number)
        self.exit(return_code=SIGNALLED + number)

    def close_all(self) -> None:
        """Ends the capture, a recording too, and writes what is remembered."""
        if self.capture is not None:
            self.capture.close()
        if self.remembers:
            settings.save(self.settings)

    def _fatal_error(self) -> None:
        """In place of Textual's report, which shows the values of variables: one may be a key."""
        if not self.crash:
            self.crash = traceback.format_exc()
        self._close_messages_no_wait()


def run(args: argparse.Namespace, spec: str, say: Callable[[str], None]) -> int:
    """Opens the source (UsageError, CaptureError), then the terminal; gives the exit code."""
    large_blocks_apart()
    gc.freeze()  # what was imported stays: looking at it again would take longer than a key
    gc.enable()
    if args.web:
        from tui import web

        return web.serve(args, say)
    descriptor = terminal.take(spec)
    with ExitStack() as closing:
        opener: Opener | None = None
        if descriptor is not None:
            pipe = Pipe(descriptor)
            closing.callback(pipe.close)
            opener = pipe.open
        app = CosemscopeApp(args, Capture(Session(args, say), spec, opener=opener) if spec else None)
        app.closing = closing
        closing.callback(app.close_all)
        app.run()
    if app.capture is not None and is_live(app.capture.spec):
        say(f"recorded to {app.capture.source.path}")
    if app.crash:
        sys.stderr.write("".join(f"{words.printable(line)}\n" for line in app.crash.splitlines()))
    return app.return_code or 0
