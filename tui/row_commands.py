"""Commands of the packet view: what a row is, how time is told, columns, panes."""

from tui import times
from tui.capture_base import CaptureBase
from tui.columns import LEVELS
from tui.packets_view import LAYOUTS, STEP, PacketsView


class RowCommands(CaptureBase):
    """rows.* and pane.*"""

    def action_rows_level(self) -> None:
        at = LEVELS.index(self.packets.level)
        self.packets.to_level(LEVELS[(at + 1) % len(LEVELS)])
        self.settings.level = self.packets.level
        self.say(f"rows are {self.packets.level}s")

    def action_rows_time(self) -> None:
        names = [format.name for format in times.FORMATS]
        found = times.FORMATS[(names.index(self.packets.time) + 1) % len(names)]
        self.packets.set_time(found.name)
        self.settings.time = found.name
        self.say(f"time: {found.about}")

    def action_rows_reference(self) -> None:
        frame = self.packets.frame_of(self.packets.level, self.packets.no)
        if not frame:
            return
        trouble = self.toggle_reference(frame)
        if self.packets.time != "reference" and frame in self.packets.reference_frames:
            self.packets.set_time("reference")
        self.packets.list.again()
        if trouble:
            self.say(f"time reference of frame {frame}{trouble}", "warning")

    def action_rows_raw(self) -> None:
        cells = self.packets.cells
        cells.raw = self.settings.raw = not cells.raw
        self.packets.list.again()
        self.say("values as they are" if cells.raw else "values with their names")

    def action_rows_colours(self) -> None:
        colours = self.packets.colours
        colours.on = not colours.on
        self.packets.list.again()

    def action_pane_layout(self) -> None:
        packets = self.packets
        packets.layout_name = LAYOUTS[(LAYOUTS.index(packets.layout_name) + 1) % len(LAYOUTS)]
        self.settings.layout = packets.layout_name
        packets.lay_out()

    def action_pane_maximize(self) -> None:
        self.packets.maximize_pane()

    def action_pane_grow(self) -> None:
        self._share(STEP)

    def action_pane_shrink(self) -> None:
        self._share(-STEP)

    def on_packets_view_shared(self, event: PacketsView.Shared) -> None:
        event.stop()
        self.settings.share = event.share

    def _share(self, step: int) -> None:
        self.packets.grow_list(step)
        self.settings.share = self.packets.share
