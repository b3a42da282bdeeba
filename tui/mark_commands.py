"""Commands that mark rows and comment on them; what was marked is kept beside the capture at once."""

import os

from analyzer.marks import Marks
from dissectors.errors import UsageError
from tui.capture_base import CaptureBase
from tui.columns import LEVELS


class MarkCommands(CaptureBase):
    """mark.*; marks: of frames, whatever the level of the rows."""

    marks: Marks

    def load_marks(self) -> None:
        """What was kept of this capture. One that is no file has none, and what is marked now is not kept."""
        path = self.capture.source.path
        self.marks = Marks(path)
        if os.path.isfile(path):
            try:
                self.marks = Marks.load(path)
            except UsageError as error:
                self.say(str(error), "warning")
        packets = self.packets
        packets.marked = self.marks.marked
        packets.reference_frames = self.marks.time_references
        self._marks_shown()

    def keep_marks(self) -> str:
        """Writes them; gives "", or why they are not kept, for the end of a line."""
        try:
            self.marks.save()
        except UsageError as error:
            return f"; not kept: {error}"
        return ""

    def _marks_shown(self) -> None:
        self.packets.comments = self.marks.comments
        self.packets.commented = set(self.marks.comments)

    def _marked_frame(self) -> int:
        """The frame of the row that is selected in the view that is seen, 0 without."""
        level, no = self.view.selection()
        found = self._frame_under(level, no) if no and level in LEVELS else 0
        if not found:
            self.say("no frame is selected", "warning")
        return found

    def _frame_under(self, level: str, no: int) -> int:
        with self.capture.turn():
            return self.packets.frame_of(level, no)

    def action_mark_toggle(self) -> None:
        frame = self._marked_frame()
        if not frame:
            return
        self.marks.marked.symmetric_difference_update({frame})
        trouble = self.keep_marks()
        self.packets.list.again()
        said = "marked" if frame in self.marks.marked else "marked no more"
        self._mark_told(f"frame {frame} {said}, {len(self.marks.marked)} in all", trouble)

    def action_mark_clear(self) -> None:
        count = len(self.marks.marked)
        self.marks.marked.clear()
        trouble = self.keep_marks() if count else ""
        self.packets.list.again()
        self._mark_told(f"{count} marks removed", trouble)

    def action_mark_comment(self) -> None:
        frame = self._marked_frame()
        if not frame:
            return

        from tui.comment_dialog import CommentDialog  # Textual's editor takes a while to import

        def written(text: str | None) -> None:
            if text is not None:
                self._keep_comment(frame, text)

        with self.capture.turn():
            own, held = self.packets.comments_on(frame)
        self.app.push_screen(CommentDialog(f"Comment on frame {frame}", own, held), written)

    def _keep_comment(self, frame: int, text: str) -> None:
        if text:
            self.marks.comments[frame] = text
        elif frame not in self.marks.comments:
            return
        else:
            del self.marks.comments[frame]
        self._marks_shown()
        trouble = self.keep_marks()
        self.packets.again()
        self._mark_told(f"frame {frame}: {'commented' if text else 'no comment any more'}", trouble)

    def _mark_told(self, text: str, trouble: str) -> None:
        self.say(text + trouble, "warning" if trouble else "information")
