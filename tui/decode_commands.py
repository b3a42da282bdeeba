"""Commands that decode again: another profile, directions the other way round, a key. Selection and filter stay."""

import os
from typing import Any

from dissectors.errors import CaptureError, UsageError
from tui import decode_dialog
from tui.capture_base import CaptureBase
from tui.decode_dialog import KeyDialog
from tui.loader import Capture

LOOK_SECONDS = 0.2  # how often it is looked whether everything was read again


class DecodeCommands(CaptureBase):
    """decode.*"""

    def action_decode_again(self) -> None:
        self.decode_again("reading it again")

    def action_decode_profile(self) -> None:
        now = getattr(self.capture.session.args, "profile", None)
        self.app.push_screen(decode_dialog.profile_dialog(now), self._profile)

    def _profile(self, name: str | None) -> None:
        if name is None:
            return
        if name == decode_dialog.FILE:
            self.app.push_screen(decode_dialog.file_dialog(), self._profile_file)
            return
        self.decode_again(f"profile {name}", profile=[name])

    def _profile_file(self, path: str | None) -> None:
        if path:
            self.decode_again(f"profile {path}", profile=[os.path.expanduser(path)])

    def action_decode_swap(self) -> None:
        frame = self.packets.frame_of(self.packets.level, self.packets.no)
        if not frame:
            self.say("no row is selected: its channel would be swapped", "warning")
            return
        with self.capture.turn():
            found = self.capture.analysis.frame(frame)
            channel = self.capture.analysis.channels[found.channel]
        if found.path.transport != "serial":
            self.say(
                f"directions of {found.path.transport} are known: only those of a serial line can be swapped", "warning"
            )
            return
        answer = "no" if channel.swap else "yes"
        own = f"{channel.number}:swap="
        stated = [item for item in self.capture.session.args.assume if not item.startswith(own)]
        words = "as recorded" if channel.swap else "the other way round"
        self.decode_again(f"directions of {channel.name} {words}", assume=[*stated, own + answer])

    def action_decode_key(self) -> None:
        self.app.push_screen(KeyDialog(self.capture.spec), self._key)

    def _key(self, text: str | None) -> None:
        if text is None:
            return
        option, value = decode_dialog.changes(text)
        given = list(getattr(self.capture.session.args, option, None) or [])
        if self.decode_again("a key was added, deciphering", **{option: [*given, value]}):
            self._tell_deciphered()

    def _tell_deciphered(self) -> None:
        """Says how much can be read now, once everything was read again (of a recording: what there is)."""
        capture = self.capture
        if capture.state == "reading":
            self.set_timer(LOOK_SECONDS, self._tell_deciphered)
            return
        readable, ciphered = deciphered(capture)
        if not ciphered:
            self.say("nothing here is ciphered", "warning")
        elif not readable:
            self.say(f"none of {ciphered} ciphered messages fits the keys: see the tree's Security of one", "warning")
        else:
            self.say(f"{readable} of {ciphered} ciphered messages are deciphered now")

    def decode_again(self, words: str, **changes: Any) -> bool:
        """Puts another analysis of the same source in the place of this one; an error is said, and this one stays."""
        try:
            capture = self.capture.again(**changes)
        except (UsageError, CaptureError) as error:
            self.say(str(error), "error")
            return False
        self.replace_capture(capture)
        self.say(words)
        return True


def deciphered(capture: Capture) -> tuple[int, int]:
    """(messages whose protection was taken off, all that are protected), so far."""
    with capture.turn():
        found = [security for _, _, security, *_ in capture.analysis.more.values() if security is not None]
    return sum(security.result.plain is not None for security in found), len(found)
