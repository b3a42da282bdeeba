"""Session: what one call of the command line has in common: profiles, sources, remarks, exit code."""

import argparse
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from analyzer import known_objects
from analyzer.run import Run, Tap
from captures.assume import NOTHING, Assume, parse
from captures.source import Source, open_source
from dissectors import profile
from dissectors.keys import KeyRing
from dissectors.profile import Profile


class Session:
    """say: one diagnostic line to the user."""

    def __init__(self, args: argparse.Namespace, say: Callable[[str], None]) -> None:
        self.args = args
        self.insist = say  # what must be said even with --quiet
        self.say: Callable[[str], None] = (lambda line: None) if getattr(args, "quiet", False) else say
        self.cut = False
        self._assume: Assume | None = None
        self.keys = self.ring()
        known = getattr(args, "objects", None)
        self.known = known_objects.load(known) if known else None

    def profiles(self) -> list[Profile]:
        """The descriptors that traffic may match: those named with --profile, else all that ship."""
        wanted = getattr(self.args, "profile", None)
        if wanted and wanted != ["auto"]:
            return [profile.find(name) for name in wanted]
        return list(profile.builtin().values())

    def assume(self) -> Assume:
        if self._assume is None:
            stated = getattr(self.args, "assume", [])
            self._assume = parse(",".join(stated)) if stated else NOTHING
        return self._assume

    def ring(self) -> KeyRing | None:
        """The keys given with --keys, --key and COSEMSCOPE_KEYS; None where there are none."""
        from analyzer import keys

        found, warnings = keys.ring(getattr(self.args, "keys", ()), getattr(self.args, "key", ()))
        for line in warnings:
            self.say(line)
        return found if len(found) else None

    @contextmanager
    def source(self, spec: str, follow: bool = False) -> Iterator[Source]:
        """An open source (of live specs joined by spaces: all of them in one time line); afterwards its remarks are
        said and a cut is remembered. Control-C ends a live one, and what it recorded is analyzed to its end."""
        source = open_source(spec, follow=follow, assume=self.assume())
        stop = getattr(source, "stop", None)
        try:
            if stop is None:
                yield source
            else:
                self.say(f"recording to {source.path}")
                with interruptible(stop, self.say):
                    yield source
        finally:
            source.close()
            for line in source.remarks:
                self.say(f"{spec}: {line}")
            if source.cut is not None:
                self.cut = True
                self.say(f"{spec}: cut short: {source.cut}; what was whole was analyzed")

    def run(self, source: Source, profiles: Sequence[Profile], taps: Sequence[Tap] = ()) -> Run:
        return Run(source, source.channels, profiles, taps, ring=self.keys, known=self.known)

    def exit_code(self, code: int) -> int:
        """2 and 3 are raised as errors; a cut file comes before a failed condition."""
        if code in (2, 3):
            return code
        return 4 if self.cut else code


@contextmanager
def interruptible(stop: Callable[[], None], say: Callable[[str], None]) -> Iterator[None]:
    """While it lasts the first Control-C (or SIGTERM) calls stop(); a second Control-C is one as ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def asked(number: int, frame: Any) -> None:
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        say("stopping: what was heard is still shown (Control-C again to leave at once)")
        stop()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, asked) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before):
            signal.signal(number, handler)
