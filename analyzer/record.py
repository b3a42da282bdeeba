"""record: a capture without decoding on screen: its health on stderr, keys that write markers, an end when told to.

With --until the parent reads the file as it grows and looks for the row that ends it.
"""

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import Any

from analyzer import dump, filters
from analyzer.session import Session, interruptible
from captures.health import Health, RecordPlan, size
from captures.live import LiveSource
from captures.spec import duration
from captures.spool import Ring
from dissectors.errors import CaptureError, UsageError

SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(k|M|G|T)?B?", re.IGNORECASE)
FACTORS = {"": 1, "k": 1000, "m": 1_000_000, "g": 1_000_000_000, "t": 1_000_000_000_000}
SHOWN_SECONDS = 1.0
KEYS_HINT = "keys: p power, b button, r relay, any other letter or digit marks too; q stops"
KEYS = {"p": "power", "b": "button", "r": "relay"}


def command(args: argparse.Namespace, session: Session, write: Callable[[str], None]) -> int:
    """write: one line for stderr, ended by the caller's choice ("\\r" lines replace each other)."""
    plan = RecordPlan(
        specs=tuple(args.spec),
        path=args.write,
        ring=ring(args.ring) if args.ring else None,
        duration_s=given(duration, "--duration", args.duration),
        octets=given(octets, "--size", args.size),
        count=args.count,
    )
    keep = filters.compile(args.until, args.level) if args.until else None
    if args.after and keep is None:
        raise UsageError("--after N: expected --until FILTER with it")
    if plan.path == "-" and (keep is not None or plan.ring is not None):
        raise UsageError("--write -: a pipe has neither --ring nor --until; expected a file")
    source = LiveSource(plan.specs, session.assume(), plan) if keep is not None else None
    show = Shown(write, session)
    if source is not None:
        recorder = source.recorder
    else:
        from captures.recorder import Recorder

        recorder = Recorder(plan, show.say)
    with ExitStack() as stack:
        stack.callback(recorder.close)
        stack.enter_context(interruptible(recorder.stop, show.say))
        marks = stack.enter_context(marking(recorder.mark, recorder.stop, show.say))
        show.say(f"recording to {recorder.path}{marks}")
        if source is not None and keep is not None:
            watch(source, session, args, keep, lambda: show(recorder.health), show.say)
            recorder.stop()
        while not recorder.wait(SHOWN_SECONDS):
            show(recorder.health)
    show.done(recorder.health)
    if recorder.error is not None:
        raise CaptureError(recorder.error)
    return 0


def watch(
    source: LiveSource,
    session: Session,
    args: argparse.Namespace,
    keep: dump.Keep,
    shown: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    """Reads what is recorded until a row is kept, and --after more rows were seen."""
    level, after = args.level, args.after
    profiles = session.profiles()
    taps = dump.taps_for(level, {profile.name: profile for profile in profiles})
    run = session.run(source, profiles, tuple(taps.values()))
    if level in ("message", "exchange"):
        run.remember_frames()
    rows = dump.stream(run, level, taps)
    for row in rows:
        shown()
        if keep(row, run):
            say(f"the filter matched: {after} more, then the end" if after else "the filter matched")
            for _ in islice(rows, after):
                shown()
            return


class Shown:
    """Health on stderr: one line that is written over, where a person looks; else only the end. say() writes a line
    of its own above it."""

    def __init__(self, write: Callable[[str], None], session: Session) -> None:
        self.write = write
        self.live = sys.stderr.isatty() and not session.args.quiet
        self.quiet = session.args.quiet
        self.tell = session.say
        self._next = 0.0
        self._width = 0

    def __call__(self, health: Health) -> None:
        now = time.monotonic()
        if self.live and now >= self._next:
            self._next = now + SHOWN_SECONDS
            line = health.line()
            self.write("\r" + line.ljust(self._width))
            self._width = len(line)

    def say(self, line: str) -> None:
        self._clear()
        self.tell(line)

    def _clear(self) -> None:
        if self._width:
            self.write("\r" + " " * self._width + "\r")
            self._width = 0

    def done(self, health: Health) -> None:
        self._clear()
        if not self.quiet:
            why = f" ({health.ended})" if health.ended else ""
            self.write(f"cosemscope: {health.line()}{why}\n")


def ring(text: str) -> Ring:
    """size=100MB,time=1h,files=10"""
    found: dict[str, str] = {}
    for item in text.split(","):
        key, _, value = item.partition("=")
        if key not in ("size", "time", "files") or not value:
            raise UsageError(f"--ring {text}: {item!r}: expected size=100MB, time=1h and files=10, joined by commas")
        found[key] = value
    files = found.get("files", "0")
    if not files.isdigit():
        raise UsageError(f"--ring {text}: files={files}: expected a number")
    if not found.keys() & {"size", "time"}:
        raise UsageError(f"--ring {text}: expected size= or time= with it, which say when a new file begins")
    return Ring(
        given(octets, "--ring size", found.get("size", "")),
        given(duration, "--ring time", found.get("time", "")),
        int(files),
    )


def octets(text: str) -> int:
    """Octets of "100MB", "2.5 GB", "4096"."""
    match = SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected a size such as {size(100_000_000)}")
    return int(float(match[1]) * FACTORS[(match[2] or "").lower()])


def given(read: Callable[[str], Any], option: str, text: str) -> Any:
    """The value of an option, 0 where it was not given."""
    try:
        return read(text) if text else 0
    except ValueError as error:
        raise UsageError(f"{option} {text}: {error}") from None


@contextmanager
def marking(mark: Callable[[str], None], stop: Callable[[], None], say: Callable[[str], None]) -> Iterator[str]:
    """While it lasts, a key pressed on the terminal writes a marker; what to tell a person of it."""
    try:
        from captures.serial.keys import pressed
    except ImportError:  # no POSIX terminal
        yield ""
        return

    def key(character: str) -> None:
        if character == "q":
            stop()
        elif character.isalnum() and character.isascii():
            name = KEYS.get(character, f"key-{character.lower()}")
            mark(name)
            say(f"marker {name}")

    with pressed(key) as listening:
        yield f" ({KEYS_HINT})" if listening else ""
