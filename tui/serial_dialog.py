"""Dialog: how to listen to a serial port; what was chosen stands below as a source, and may be edited."""

from collections.abc import Iterable, Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Select, Static

from captures import spec
from captures.spec import FORMATS
from dissectors import profile
from dissectors.errors import UsageError
from dissectors.link.sign_on import RATES
from tui.text import safe

NONE = ""  # no second wire, no profile


class SerialDialog(ModalScreen[str | None]):
    """Gives a source such as serial:/dev/ttyUSB0?baud=9600, None after Escape."""

    BINDINGS = [("escape", "leave", "Back")]
    DEFAULT_CSS = """
    SerialDialog .row { height: 1; }
    SerialDialog .row Static { width: 14; }
    SerialDialog .row Select { width: 1fr; }
    SerialDialog .buttons { height: 1; }
    SerialDialog .buttons Button { margin-right: 2; }
    """

    def __init__(self, device: str, others: Sequence[str]) -> None:
        """others: ports that may be the second wire."""
        super().__init__()
        self.device = device
        self.others = others

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(safe(f"Listen to {self.device}"), markup=False)
            yield from self._row("baud", "Baud rate", [("find it by listening", "find"), *_same(RATES)], "9600")
            yield from self._row("format", "Character", _same(FORMATS), "8N1")
            yield from self._row("profile", "Profile", [("auto: recognise it", NONE), *_same(profile.builtin())], NONE)
            wires = [("none: one receiver hears both", NONE), *((safe(name), name) for name in self.others)]
            yield from self._row("second", "Second wire", wires, NONE)
            yield Input(id="spec")
            yield Static("", id="trouble", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Listen", id="listen", compact=True, variant="primary")
                yield Button("Back", id="back", compact=True)
            yield Static("With a second wire the first hears the client, the second the server.", markup=False)

    def _row(self, id: str, label: str, options: Sequence[tuple[str, str]], value: str) -> ComposeResult:
        with Horizontal(classes="row"):
            yield Static(label, markup=False)
            yield Select(options, value=value, allow_blank=False, compact=True, id=id)

    def on_mount(self) -> None:
        self.query_one("#trouble").display = False
        self.query_one("#baud").focus()

    @property
    def spec(self) -> str:
        """What the choices say."""
        chosen = {select.id: str(select.value) for select in self.query(Select)}
        devices = ",".join(filter(None, (self.device, chosen["second"])))
        found = f"serial:{devices}?baud={chosen['baud']}&format={chosen['format']}"
        return found + (f"&profile={chosen['profile']}" if chosen["profile"] else "")

    @on(Select.Changed)
    def _changed(self, event: Select.Changed) -> None:
        event.stop()
        self.query_one(Input).value = self.spec

    @on(Input.Submitted)
    @on(Button.Pressed, "#listen")
    def _accept(self, event: Input.Submitted | Button.Pressed) -> None:
        event.stop()
        typed = self.query_one(Input).value.strip()
        try:
            spec.parse(typed)
        except UsageError as error:
            trouble = self.query_one("#trouble", Static)
            trouble.update(safe(f"✗ {error}"))
            trouble.display = True
            return
        self.dismiss(typed)

    @on(Button.Pressed, "#back")
    def action_leave(self) -> None:
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)


def _same(values: Iterable[object]) -> list[tuple[str, str]]:
    """Options that are called what they are."""
    return [(str(value), str(value)) for value in values]
