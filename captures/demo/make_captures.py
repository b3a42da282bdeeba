"""Records the demo captures anew: `make captures`. Loopback only; takes about two minutes.

Client and server are gurux-dlms in processes of their own (reader.py, meter.py). The TCP captures come from the wire by
dumpcap on the loopback interface, which wants the right to capture; the serial one from the tap in relay.py.
README.md beside this file says what each capture holds.
"""

import argparse
import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
METER, READER, RELAY = (f"captures.demo.{name}" for name in ("meter", "reader", "relay"))
PYTHON = (sys.executable, "-m")
WRAPPER_PORT, HDLC_PORT, PUSH_PORT = 4059, 4060, 4061
LONGEST_S = 120.0


@contextlib.contextmanager
def running(*command: str) -> Iterator[list[str]]:
    """A process until the end of the block, by the words after "ready" that it prints; it ends when its input does."""
    with subprocess.Popen(
        [*PYTHON, *command], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            words = process.stdout.readline().split()
            if words[:1] != ["ready"]:
                raise SystemExit(f"{command[0]} did not start")
            yield words[1:]
        finally:
            process.stdin.close()
            process.wait(10)


def strip_host(path: Path) -> None:
    """Takes the processor and the operating system of this host out of the file's header; packets stay as they are."""
    octets, made, at = path.read_bytes(), bytearray(), 0
    while at < len(octets):
        kind, length = int.from_bytes(octets[at : at + 4], "little"), int.from_bytes(octets[at + 4 : at + 8], "little")
        block = octets[at : at + length]
        if kind in HOST_OPTIONS:
            start, dropped = HOST_OPTIONS[kind]
            body, option = bytearray(block[8:start]), start
            while option + 4 < length - 4:
                code, size = (int.from_bytes(block[option + n : option + n + 2], "little") for n in (0, 2))
                after = option + 4 + size + (-size & 3)
                if code not in dropped:
                    body += block[option:after]
                option = after
            total = (len(body) + 12).to_bytes(4, "little")
            block = block[:4] + total + bytes(body) + total
        made += block
        at += length
    path.write_bytes(made)


# block type → where its options start, the codes to drop: shb_hardware, shb_os; if_os
HOST_OPTIONS = {0x0A0D0D0A: (24, {2, 3}), 1: (16, {12})}


@contextlib.contextmanager
def dumpcap(path: Path, ports: tuple[int, ...]) -> Iterator[None]:
    """Loopback traffic of the ports into path, until the end of the block."""
    tool = shutil.which("dumpcap")
    if tool is None:
        raise SystemExit("dumpcap is missing (Debian: apt-get install tshark)")
    expression = " or ".join(f"tcp port {port}" for port in ports)
    command = [tool, "-q", "-i", "lo", "-f", expression, "-w", str(path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:  # "File: NAME" once it captures
            if line.startswith("File:"):
                break
        else:
            raise SystemExit(f"dumpcap may not capture on lo (exit code {process.wait()}); run this as root")
        time.sleep(0.5)
        try:
            yield
        finally:
            time.sleep(1.5)  # dumpcap hands packets over once a second
            process.terminate()
            process.stderr.read()
    strip_host(path)


def read(*arguments: str) -> None:
    """The reader's sessions, to their end; its results go to standard error, for the eye."""
    done = subprocess.run(
        [*PYTHON, READER, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=LONGEST_S, check=True
    )
    print(done.stdout, file=sys.stderr, end="")


def sessions(*names: str) -> list[str]:
    return [word for name in names for word in ("--session", name)]


def wrapper_tcp(path: Path) -> None:
    meter = (METER, "--interface", "wrapper", "--listen", str(WRAPPER_PORT), "--inactivity", "3")
    faults = ("--slow", "2.5", "--slow-association", "4")
    names = ("identify", "full", "blocks", "late", "slow", "rejected", "reserved", "idle", "reset")
    with dumpcap(path, (WRAPPER_PORT, PUSH_PORT)):
        with running(*meter, *faults):
            read("--interface", "wrapper", "--connect", str(WRAPPER_PORT), *sessions(*names))
        with running(READER, "--interface", "wrapper", "--await-push", str(PUSH_PORT)):
            command = [*PYTHON, METER, "--interface", "wrapper", "--push-to", str(PUSH_PORT)]
            subprocess.run(command, cwd=ROOT, timeout=10, check=True)
            time.sleep(0.5)


def wrapper_tcp_ciphered(path: Path) -> None:
    with dumpcap(path, (WRAPPER_PORT,)), running(METER, "--interface", "wrapper", "--listen", str(WRAPPER_PORT)):
        read("--interface", "wrapper", "--connect", str(WRAPPER_PORT), *sessions("ciphered"))


def hdlc_tcp(path: Path) -> None:
    meter = (METER, "--interface", "hdlc", "--listen", str(HDLC_PORT), "--inactivity", "3", "--slow", "2.5")
    with dumpcap(path, (HDLC_PORT,)), running(*meter, "--own-release"):
        names = ("identify", "full", "late", "rejected", "reserved", "idle")
        read("--interface", "hdlc", "--connect", str(HDLC_PORT), *sessions(*names))


def hdlc_serial(path: Path) -> None:
    """Bursts are counted over all sessions: README.md tells which the numbers hit."""
    faults = ("--lose", str(LOST), "--damage", str(DAMAGED), "--damage-request", str(DAMAGED_REQUEST))
    with (
        running(RELAY, "--write", str(path), *faults) as (client, server),
        running(METER, "--interface", "hdlc", "--serial", server, "--slow", "2.5", "--inactivity", "6"),
    ):
        names = ("noisy", "identify", "full", "late", "rejected", "reserved", "unlinked")
        read("--interface", "hdlc", "--serial", client, *sessions(*names))
        time.sleep(1)


LOST, DAMAGED, DAMAGED_REQUEST = 4, 6, 8
CAPTURES = {
    "wrapper-tcp": wrapper_tcp,
    "wrapper-tcp-ciphered": wrapper_tcp_ciphered,
    "hdlc-tcp": hdlc_tcp,
    "hdlc-serial": hdlc_serial,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="record the demo captures anew")
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(CAPTURES)}; default all")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of the captures")
    options = parser.parse_args()
    if unknown := set(options.names) - set(CAPTURES):
        parser.error(f"no such capture: {', '.join(sorted(unknown))}; there are {', '.join(CAPTURES)}")
    for name in options.names or CAPTURES:
        path = options.out / f"{name}.pcapng"
        path.unlink(missing_ok=True)
        print(f"{name}: recording", flush=True)
        started = time.monotonic()
        CAPTURES[name](path.resolve())
        print(f"{name}: {path.stat().st_size} octets in {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
