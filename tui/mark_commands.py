"""Commands that mark rows and comment on them; what was marked is kept beside the capture at once."""

import os

from analyzer.marks import Marks, Place, frames_at, place_of
from dissectors.errors import UsageError
from tui.capture_base import CaptureBase
from tui.columns import LEVELS


class MarkCommands(CaptureBase):
    """mark.*; marks: of places in the capture, whatever the level of the rows and however they were decoded."""

    marks: Marks
    _frames: dict[Place, int]  # of what is marked, found so far
    _looked: int  # frames among which they were looked for

    def load_marks(self) -> None:
        """What was kept of this capture. One that is no file has none, and what is marked now is not kept."""
        path = self.capture.source.path
        self.marks = Marks(path)
        if os.path.isfile(path):
            try:
                self.marks = Marks.load(path)
            except UsageError as error:
                self.say(str(error), "warning")
        self.place_marks()

    def place_marks(self) -> None:
        """The frames are those of another analysis: they are found again as they come."""
        self._frames, self._looked = {}, 0
        self._marks_shown()

    def find_marks(self) -> None:
        """Called at every tick: looks for marks among the frames that came."""
        wanted, first, last = self.marks.places - self._frames.keys(), self._looked, self.counts.frame
        self._looked = last
        if wanted and first < last:
            with self.capture.turn():
                found = frames_at(self.capture.analysis, wanted, first, last)
            if found:
                self._frames |= found
                self._marks_shown()
                self.packets.again()

    def _place(self, frame: int) -> Place:
        with self.capture.turn():
            place = place_of(self.capture.analysis, frame)
        self._frames[place] = frame
        return place

    def toggle_reference(self, frame: int) -> str:
        self.marks.time_references ^= {self._place(frame)}
        return self._keep_marks()

    def _keep_marks(self) -> str:
        """Shows and writes them; gives "", or why they are not kept, for the end of a line."""
        self._marks_shown()
        try:
            self.marks.save()
        except UsageError as error:
            return f"; not kept: {error}"
        return ""

    def _marks_shown(self) -> None:
        packets, marks, frames = self.packets, self.marks, self._frames
        packets.marked = {frames[place] for place in marks.marked if place in frames}
        packets.reference_frames = {frames[place] for place in marks.time_references if place in frames}
        packets.comments = {frames[place]: text for place, text in marks.comments.items() if place in frames}

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
        self.marks.marked ^= {self._place(frame)}
        trouble = self._keep_marks()
        self.packets.list.again()
        said = "marked" if frame in self.packets.marked else "marked no more"
        self._mark_told(f"frame {frame} {said}, {len(self.marks.marked)} in all", trouble)

    def action_mark_clear(self) -> None:
        count = len(self.marks.marked)
        self.marks.marked.clear()
        trouble = self._keep_marks() if count else ""
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
        place = self._place(frame)
        if text:
            self.marks.comments[place] = text
        elif place not in self.marks.comments:
            return
        else:
            del self.marks.comments[place]
        trouble = self._keep_marks()
        self.packets.again()
        self._mark_told(f"frame {frame}: {'commented' if text else 'no comment any more'}", trouble)

    def _mark_told(self, text: str, trouble: str) -> None:
        self.say(text + trouble, "warning" if trouble else "information")
