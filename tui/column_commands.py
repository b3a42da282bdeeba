"""Commands that choose the columns of the packet list; they are remembered by level."""

from collections.abc import Sequence

from textual import on

from dissectors.errors import UsageError
from tui import columns
from tui.capture_base import CaptureBase
from tui.columns_dialog import ColumnsDialog
from tui.row_list import RowList


class ColumnCommands(CaptureBase):
    """rows.columns and rows.column"""

    def load_columns(self) -> None:
        """The columns that were remembered; names that are none any more are passed over."""
        packets = self.packets
        for level in columns.LEVELS:
            packets.names[level] = columns.chosen(level, self.settings.columns.get(level, ()))
        packets.set_columns(packets.names[packets.level])

    def action_rows_columns(self, at: str = "") -> None:
        packets, level = self.packets, self.packets.level

        def chosen(names: tuple[str, ...] | None) -> None:
            if names is not None and packets.level == level:
                self._choose_columns(names)

        self.app.push_screen(ColumnsDialog(level, packets.names[level], at or packets.list.selected[1]), chosen)

    def action_rows_column(self) -> None:
        packets = self.packets
        node = packets.tree_pane.selected
        name = node.field if node is not None else ""
        names = list(packets.names[packets.level])
        if name in names:
            if len(names) > 1:
                names.remove(name)
                self._choose_columns(names)
                self.say(f"no column {name}")
            return
        if name not in columns.known(packets.level):
            about = f"{name} is none" if name else "none is selected"
            self.say(f"the selected field of the tree becomes a column: {about}", "warning")
            return
        open_ = not columns.column(packets.level, names[-1], packets.time).width  # it takes what is left of the line
        names.insert(len(names) - 1 if open_ else len(names), name)
        self._choose_columns(names)
        self.say(f"column {name}")

    def _choose_columns(self, names: Sequence[str]) -> None:
        packets = self.packets
        try:
            packets.set_columns(names)
        except UsageError as error:
            self.say(str(error), "error")
            return
        remembered = self.settings.columns
        if tuple(names) == columns.DEFAULTS[packets.level]:
            remembered.pop(packets.level, None)
        else:
            remembered[packets.level] = list(names)

    @on(RowList.HeaderClicked)
    def _column_clicked(self, event: RowList.HeaderClicked) -> None:
        if event.control is self.packets.list:
            event.stop()
            self.action_rows_columns(event.key)
