"""Commands that save what is on the screen as files."""

from collections.abc import Sequence
from functools import partial

from tui.capture_base import CaptureBase
from tui.export_choices import choices
from tui.export_dialog import Choice, ExportDialog, Wish
from tui.progress_dialog import ProgressDialog


class ExportCommands(CaptureBase):
    """export.open"""

    def action_export_open(self) -> None:
        found = choices(self)
        if found:
            self.save_one_of(found)
        else:
            self.say("nothing to save yet", "warning")

    def save_one_of(self, found: Sequence[Choice]) -> None:
        """Asks what of this to save and where to, then does it."""

        def wished(wish: Wish | None) -> None:
            if wish is None:
                return
            start = partial(wish.choice.start, wish.path, wish.overwrite)
            said = f"{wish.choice.count or wish.choice.text} written to {wish.path}"
            self.app.push_screen(ProgressDialog(f"Saving {wish.path}", start, said), told)

        def told(line: tuple[str, str] | None) -> None:
            if line is not None:
                self.say(*line)

        self.app.push_screen(ExportDialog(found), wished)
