"""The terminal interface with many frames: what a key costs, how soon rows are there, a filter, a live tail.

    python benchmarks/tui.py [--frames N] [--seconds N] [--folder DIR] [--only start,keys,filter,live]

The peer is Textual's own DataTable with the same cells, as far as it goes (10 000 rows): goals of design.md 6 are in
display frames and CPU time, which only a table on the same machine gives a meaning. CPU is of the whole process
while a key is handled and drawn, 160 × 50 cells. Start is a real terminal (pty): from exec to the first row on it.
"""

import argparse
import asyncio
import gc
import os
import pty
import resource
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import make_captures
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import DataTable

from tui.app import CosemscopeApp
from tui.capture_screen import CaptureScreen
from tui.heap import large_blocks_apart
from tui.loader import open_capture, options

SIZE = (160, 50)
TABLE_ROWS = 10_000
REPEATS = 30
LIVE_RATE = 1000
PORT = 4059


def memory_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def row(name: str, value: str, note: str = "") -> None:
    print(f"| {name} | {value} | {note} |", flush=True)


async def cost(pilot: Pilot[object], *keys: str, repeats: int = REPEATS) -> float:
    """CPU milliseconds a key, drawing included: the median of so many."""
    spent = []
    for n in range(repeats):
        before = time.process_time()
        await pilot.press(keys[n % len(keys)])
        await pilot.pause()
        spent.append((time.process_time() - before) * 1e3)
    return median(spent)


async def moved(screen: CaptureScreen, key: str) -> float:
    """Wall milliseconds from a key to the list that has drawn it (Pilot itself waits for an idle process)."""
    rows = screen.packets.list
    before, began = rows.cursor, time.perf_counter()
    screen.app.post_message(events.Key(key, None))
    while rows.cursor == before and time.perf_counter() - began < 5:
        await asyncio.sleep(0.001)
    drawn = asyncio.Event()
    rows.call_after_refresh(drawn.set)
    await drawn.wait()
    return (time.perf_counter() - began) * 1e3


def spread(found: list[float]) -> str:
    found.sort()
    return f"{found[len(found) // 2]:.0f} ms (p95 {found[int(len(found) * 0.95)]:.0f}, slowest {found[-1]:.0f})"


class Table(App[None]):
    """The peer: the same cells in a DataTable."""

    def __init__(self, columns: list[str], cells: list[list[str]]) -> None:
        super().__init__()
        self.columns, self.cells = columns, cells

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns(*self.columns)
        table.add_rows(self.cells)
        table.focus()


def start(path: Path) -> None:
    """Seconds from exec to the first row in a terminal, and the share of the file that was read by then."""
    found = []
    for _ in range(3):
        pid, fd = pty.fork()
        if not pid:
            os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as on the machine of a person: compiled once
            os.environ.update(TERM="xterm-256color", COLUMNS="160", LINES="50", XDG_CONFIG_HOME="/nonexistent")
            os.execv(sys.executable, [sys.executable, "-m", "analyzer.cli", "open", str(path)])
        import fcntl
        import struct
        import termios

        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
        began, heard = time.perf_counter(), b""
        while b"get-request" not in heard and b"aarq" not in heard and time.perf_counter() - began < 60:
            if select.select([fd], [], [], 1)[0]:
                heard += os.read(fd, 65536)
        found.append(time.perf_counter() - began)
        os.kill(pid, 15)
        threading.Thread(target=lambda fd=fd: drain(fd), daemon=True).start()
        os.waitpid(pid, 0)
    row(
        "first rows on the screen, wall",
        f"{median(found):.2f} s",
        f"of 3: {min(found):.2f} to {max(found):.2f}; goal 1 s",
    )


def drain(fd: int) -> None:
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass


async def keys_and_filters(path: Path, only: set[str]) -> None:
    large_blocks_apart()  # as the program does when it begins
    gc.freeze()
    base = memory_mb()
    capture = open_capture(str(path))
    app = CosemscopeApp(options(), capture)
    began = time.perf_counter()
    async with app.run_test(size=SIZE) as pilot:
        screen = app.screen
        assert isinstance(screen, CaptureScreen)
        waited: list[float] = []
        await asyncio.sleep(1)
        while capture.running:  # the cursor moves while everything is read
            waited.append(await moved(screen, "pagedown"))
            await asyncio.sleep(0.1)
        took = time.perf_counter() - began
        await pilot.pause(0.3)
        frames = screen.counts.frame
        row("read, everything decoded, timed and judged", f"{took:.0f} s", f"{frames / took:.0f} frames/s")
        row("page down while it is read, wall", spread(waited))
        size = path.stat().st_size / 1e6
        bound = 3 * size + 60
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
        row(
            "memory",
            f"{memory_mb():.0f} MB",
            f"peak {peak:.0f}, at start {base:.0f}, bound {bound:.0f} (3 × file + 60)",
        )
        if "keys" in only:
            ours = {}
            for name, keys in (
                ("page down", ("pagedown",)), ("cursor down", ("down",)), ("end and home", ("end", "home")),
            ):  # fmt: skip
                ours[name] = await cost(pilot, *keys)
            cells = [list(screen.packets.list.row(n).cells) for n in range(TABLE_ROWS)]
            peer = Table([c.title for c in screen.packets.list.columns], cells)
            async with peer.run_test(size=SIZE) as other:
                await other.pause(0.5)
                for name, keys in (
                    ("page down", ("pagedown",)), ("cursor down", ("down",)), ("end and home", ("end", "home")),
                ):  # fmt: skip
                    theirs = await cost(other, *keys)
                    row(
                        f"{name}, {frames} frames, CPU", f"{ours[name]:.1f} ms",
                        f"DataTable of {TABLE_ROWS} rows {theirs:.1f} ms: {theirs / ours[name]:.2f} ×",
                    )  # fmt: skip
        if "filter" in only:
            await pilot.press("home")
            for level, filter in (
                ("message", 'apdu == "get-response-normal"'),
                ("message", "invoke_id == 3"),
                ("frame", "length > 100"),
            ):
                while screen.packets.level != level:
                    await pilot.press("e")
                    await pilot.pause(0.1)
                began, before, waited = time.perf_counter(), time.process_time(), [0.0]
                screen.packets.apply(filter)
                while screen.packets.shown.busy:
                    if len(screen.packets.shown) > 1:
                        waited.append(await moved(screen, "down" if len(waited) % 2 else "up"))
                    await asyncio.sleep(0.02)
                took, spent = time.perf_counter() - began, time.process_time() - before
                row(
                    f"filter {level}: `{filter}`", f"{took:.2f} s",
                    f"CPU {spent:.2f} s, {len(screen.packets.shown)} found, a key meanwhile {spread(waited)}",
                )  # fmt: skip
                screen.packets.apply("")
    capture.close()


def send(packets: int, stop: threading.Event) -> None:
    """So many datagrams with APDUs a second to ourselves."""
    apdu = bytes.fromhex("000100100001000DC001C100030100010800FF0200")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as up:
        began, sent = time.perf_counter(), 0
        while not stop.is_set():
            due = int((time.perf_counter() - began) * packets)
            while sent < due:
                up.sendto(apdu, ("127.0.0.1", PORT))
                sent += 1
            time.sleep(0.005)


async def live(seconds: float) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as down:
        down.bind(("127.0.0.1", PORT))
        capture = open_capture(f"ip:lo?filter=udp port {PORT}")
        app = CosemscopeApp(options(), capture)
        stop = threading.Event()
        sender = subprocess.Popen([sys.executable, __file__, "--send", str(LIVE_RATE), "--seconds", str(seconds + 3)])
        try:
            async with app.run_test(size=SIZE) as pilot:
                screen = app.screen
                assert isinstance(screen, CaptureScreen)
                await asyncio.sleep(2)
                await pilot.press("F")
                began, before, first = time.perf_counter(), time.process_time(), screen.counts.frame
                waited: list[float] = []
                while time.perf_counter() - began < seconds:
                    waited.append(await moved(screen, "up"))
                    await asyncio.sleep(0.05)
                took, spent = time.perf_counter() - began, time.process_time() - before
                frames = screen.counts.frame - first
                row(
                    "live tail",
                    f"{frames / took:.0f} frames/s",
                    f"{spent / took:.2f} of a core; a key {spread(waited)}",
                )
        finally:
            stop.set()
            sender.kill()
            capture.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="The terminal interface with many frames.")
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--folder", type=Path, default=make_captures.DEFAULT_OUT)
    parser.add_argument("--only", default="start,keys,filter,live")
    parser.add_argument("--send", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.send:
        stop = threading.Event()
        threading.Timer(args.seconds, stop.set).start()
        send(args.send, stop)
        return
    only = set(args.only.split(","))
    path = make_captures.make("udp", args.frames, args.folder.resolve())
    print(f"\n{args.frames} frames, {path.stat().st_size / 1e6:.0f} MB\n\n| what | measured | |\n|---|---|---|")
    if "start" in only:
        start(path)
    if only & {"keys", "filter"}:
        asyncio.run(keys_and_filters(path, only))
    if "live" in only:
        asyncio.run(live(args.seconds))


if __name__ == "__main__":
    main()
