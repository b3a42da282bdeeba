"""ProgressDialog: long work in a thread of its own, how far it is, and Escape to cancel it."""

from collections.abc import Callable, Generator, Iterator

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static
from textual.worker import get_current_worker

from dissectors.errors import CaptureError, UsageError
from tui.capture_base import EXPORT
from tui.text import safe

TICK_SECONDS = 0.05
BAR = 40  # cells

Steps = Iterator[tuple[int, int | None]]


class ProgressDialog(ModalScreen[tuple[str, str]]):
    """Gives (line for the status bar, its severity) when the work has ended or was cancelled.

    work: called and stepped in the thread; a step is (done, of so many). It must leave nothing behind when it is
    closed. said: the line when it went to its end."""

    BINDINGS = [("escape", "cancel", "Cancel")]

    def __init__(self, title: str, work: Callable[[], Steps], said: str) -> None:
        super().__init__()
        self.heading = title
        self.work = work
        self.said = said
        self.step: tuple[int, int | None] = (0, None)
        self.cancelled = False
        self.result: tuple[str, str] | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(safe(self.heading), markup=False)
            yield Static("", markup=False, id="progress")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        self.set_interval(TICK_SECONDS, self._tick)
        self.run_worker(self._run, thread=True, group=EXPORT)

    def on_unmount(self) -> None:
        self.cancelled = True

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        self.cancelled = True

    def _tick(self) -> None:
        done, total = self.step
        share = min(1.0, done / total) if total else 0.0
        known = f"{'█' * round(share * BAR):░<{BAR}} {share:4.0%}" if total else "working …"
        self.query_one("#progress", Static).update("cancelling …" if self.cancelled else known)
        if self.result is not None:
            self.dismiss(self.result)

    def _run(self) -> None:
        """The thread. It tells the screen nothing: the screen looks."""
        worker = get_current_worker()
        try:
            steps = self.work()
            for self.step in steps:
                if self.cancelled or worker.is_cancelled:
                    self.cancelled = True
                    break
            if isinstance(steps, Generator):
                steps.close()
            self.result = (
                ("cancelled, nothing was written", "warning") if self.cancelled else (self.said, "information")
            )
        except (UsageError, CaptureError) as error:
            self.result = (str(error), "error")
        except Exception as error:  # our own fault must not end the program
            self.result = (f"internal error: {type(error).__name__}: {error}", "error")
