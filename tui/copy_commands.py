"""Commands that copy what is selected: to the clipboard, or to a file."""

from functools import partial

from tui import clipboard, export_work
from tui.choice_dialog import ChoiceDialog
from tui.copy_forms import Form, forms
from tui.export_choices import counted, stem
from tui.export_commands import ExportCommands
from tui.export_dialog import Choice


class CopyCommands(ExportCommands):
    """copy.selected"""

    def action_copy_selected(self) -> None:
        found = [(form.key, form.text, form) for form in forms(self)]
        if not found:
            self.say("nothing is selected", "warning")
            return

        def chosen(form: Form | str | None) -> None:
            if isinstance(form, Form):
                self._copy_form(form)
            elif form is not None:
                self.app.push_screen(ChoiceDialog("To a file", found), self._copy_to_file)

        choices: list[tuple[str, str, Form | str]] = [*found, ("F", "… to a file", "file")]
        self.app.push_screen(ChoiceDialog("Copy", choices), chosen)

    def _copy_form(self, form: Form) -> None:
        with self.capture.turn():
            text = form.make()
        size = len(text.encode("utf-8", "replace"))

        def chosen(wanted: str | None) -> None:
            if wanted == "file":
                self._copy_to_file(form)
            elif wanted:
                self._copy_text(form, text)

        if size > clipboard.LARGEST:
            title = f"{counted(size, 'octet')}: many terminals drop so much"
            choices = [("f", "Save to a file", "file"), ("y", "Copy all the same", "copy")]
            self.app.push_screen(ChoiceDialog(title, choices), chosen)
        else:
            self._copy_text(form, text)

    def _copy_text(self, form: Form, text: str) -> None:
        clipboard.by_terminal(self.app, text)

        def tool() -> None:
            name = clipboard.by_tool(text)
            by = f"terminal (OSC 52) and {name}" if name else "terminal (OSC 52), no local tool"
            self.app.call_from_thread(self.say, f"copied by {by}: {counted(len(text), 'character')}, {form.text}")

        self.run_worker(tool, thread=True, exit_on_error=False)

    def _copy_to_file(self, form: Form | None) -> None:
        if form is None:
            return
        start = partial(export_work.text, self.capture, form.make)
        self.save_one_of([Choice(form.text, "", f"{stem(self.capture)}-copy.{form.suffix}", start)])
