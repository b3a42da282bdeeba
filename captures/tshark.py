"""A capture or an interface through tshark: any format and interface that Wireshark reads.

pyshark finds tshark and tells which interfaces there are. The octets come as a pcapng that tshark writes to a pipe,
read by our own reader: pyshark's captures dissect every packet (300 to 2 000 a second) and drop interface names,
flags and comments.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress

from pyshark.tshark import tshark

from captures.assume import Assume
from captures.pcapng import PcapngSource
from captures.stream import OctetStream
from dissectors.errors import CaptureError, UsageError
from dissectors.record import Record

CUT_SHORT = "cut short"  # tshark's words for a file that ends inside a packet
WAIT_SECONDS = 5.0


class TsharkSource(PcapngSource):
    """Records of `tshark:FILE` or `tshark:INTERFACE`. CaptureError: no tshark, no such file or interface, a file
    that tshark does not know; its own words are given."""

    kind: str = "tshark"

    def __init__(self, rest: str, assume: Assume | None = None) -> None:
        if not rest:
            raise UsageError("tshark: names no file or interface, expected tshark:FILE or tshark:INTERFACE")
        try:
            program: str = tshark.get_process_path()  # type: ignore[no-untyped-call]
        except tshark.TSharkNotFoundException:
            raise CaptureError(f"tshark:{rest}: tshark is not installed (Debian: apt-get install tshark)") from None
        if os.path.exists(rest):
            arguments = ["-n", "-r", rest]
        elif rest in (names := interfaces()):
            arguments = ["-q", "-i", rest]
        else:
            raise CaptureError(
                f"tshark:{rest}: no such file, and no such interface (there is {', '.join(names[:8])} …)"
            )
        self.said = tempfile.TemporaryFile()  # noqa: SIM115  (a pipe could fill up unread; _stop closes it)
        self.process = subprocess.Popen(
            [program, *arguments, "-w", "-", "-F", "pcapng"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.said,
        )
        assert self.process.stdout is not None
        try:
            stream = OctetStream(f"tshark:{rest}", fd=os.dup(self.process.stdout.fileno()))
            self.process.stdout.close()
            if not stream.head(4):
                stream.close()
                self.process.wait()
                raise CaptureError(f"tshark:{rest}: {self._words() or 'tshark gave nothing'}")
        except BaseException:
            self._stop()
            raise
        super().__init__(stream, assume)

    def __iter__(self) -> Iterator[Record]:
        yield from super().__iter__()
        if self.stream.closed.is_set():
            return
        self.process.wait()
        words = self._words()
        if self.process.returncode and CUT_SHORT in words:
            self.cut = self.cut or words
        elif self.process.returncode:
            raise CaptureError(f"{self.path}: {words or f'tshark ended with code {self.process.returncode}'}")

    def close(self) -> None:
        super().close()
        self._stop()

    def _stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(WAIT_SECONDS)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
        if not self.said.closed:
            self.said.close()

    def _words(self) -> str:
        """What tshark said, in one line, without its warning to people who are root."""
        self.said.seek(0)
        lines = self.said.read(4096).decode("utf-8", "replace").splitlines()
        return " ".join(line.strip() for line in lines if line.strip() and "Running as user" not in line)


def interfaces() -> list[str]:
    """Names of the interfaces that tshark can capture from; empty where it may not ask."""
    try:
        return list(tshark.get_all_tshark_interfaces_names())  # type: ignore[no-untyped-call]
    except (OSError, subprocess.SubprocessError, tshark.TSharkNotFoundException):
        return []
