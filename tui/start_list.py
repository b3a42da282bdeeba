"""What the start screen offers: demo captures, sources opened lately, ports, interfaces, files and folders."""

import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from captures.health import size
from captures.interface import interfaces

ENDINGS = (".pcap", ".pcapng", ".cap", ".log", ".txt", ".hex", ".csv", ".bin", ".gz")
NEWEST = 6  # files shown before one looks through folders
MOST = 2000  # entries of a folder that are shown
DEMOS = {
    "wrapper-tcp.pcapng": "TCP: reads, writes, blocks, late answers, a refused association, a push",
    "hdlc-tcp.pcapng": "HDLC in TCP: segmented answers, RR between them, a refused association",
    "hdlc-serial.pcapng": "HDLC on a serial line: lost and damaged frames, repeats, a dropped link",
    "wrapper-tcp-ciphered.pcapng": "ciphered: nothing to read before its keys are added (K)",
}
HELP = {
    "demo": "A recorded client and server that ship with the program: learn it here.",
    "recent": "What you opened before. Enter opens it again.",
    "serial": "A tap that only listens. Enter asks for rate and wires; a file is written.",
    "interface": "Live traffic, written to a file. Enter lets you edit the filter (libpcap's).",
    "file": "pcap, pcapng, a text log with hex octets, a logic analyzer's CSV. Enter opens.",
    "folder": "Enter looks into it, Backspace goes up.",
    "browse": "Every file and folder from here. Backspace goes up.",
    "": "",
}


class Entry(NamedTuple):
    """One line. kind: a key of HELP, "" for a heading. target: the spec, device, interface or folder."""

    kind: str
    text: str
    about: str = ""
    target: str = ""


def heading(text: str) -> Entry:
    return Entry("", text)


def demos() -> list[Entry]:
    """The captures that ship, those that fail first to see last."""
    folder = resources.files("captures") / "demo"
    found = {name: str(folder / name) for name in DEMOS if (folder / name).is_file()}
    return [Entry("demo", name, DEMOS[name], path) for name, path in found.items()]


def recent(specs: Iterable[str]) -> list[Entry]:
    """Sources opened lately: files that are still there, and live ones."""
    return [Entry("recent", spec, "", spec) for spec in specs if ":" in spec or os.path.exists(spec)]


def serial_ports() -> list[Entry]:
    """The serial ports of this machine; looks at the system, so not for the screen's thread. Empty without POSIX."""
    try:
        from captures.serial.port import list_ports
    except ImportError:
        return []
    return [
        Entry("serial", port.device, " ".join(filter(None, (port.description, port.driver))), port.device)
        for port in list_ports()
    ]


def network_interfaces() -> list[Entry]:
    return [Entry("interface", name, "", name) for name in interfaces()]


def files(folder: Path) -> list[Entry]:
    """What looks like a capture in a folder, newest first. OSError: it cannot be read."""
    with os.scandir(folder) as entries:
        captures = [entry for entry in entries if entry.name.lower().endswith(ENDINGS) and entry.is_file()]
    found = [(entry.stat().st_mtime, entry.name, entry.stat().st_size, entry.path) for entry in captures]
    found.sort(reverse=True)
    return [
        Entry("file", name, f"{datetime.fromtimestamp(when):%Y-%m-%d %H:%M}  {size(octets)}", path)
        for when, name, octets, path in found[:MOST]
    ]


def folders(folder: Path) -> list[Entry]:
    """The folder above and those within, by name, hidden ones last. OSError: it cannot be read."""
    with os.scandir(folder) as entries:
        names = sorted((entry.name for entry in entries if entry.is_dir()), key=lambda name: (name[0] == ".", name))
    up = [Entry("folder", "../", "", str(folder.parent))] if folder.parent != folder else []
    return up + [Entry("folder", f"{name}/", "", str(folder / name)) for name in names[:MOST]]


def first_page(specs: Sequence[str], folder: Path, live: Sequence[Entry]) -> list[Entry]:
    """Everything that there is to open, by section. live: serial ports and interfaces, once they are known."""
    out = [heading("Captures to learn with"), *demos()]
    lately = recent(specs)
    if lately:
        out += [heading("Opened lately"), *lately]
    try:
        found = files(folder)
    except OSError:
        found = []
    out += [heading(f"Files in {folder}"), *found[:NEWEST]]
    out.append(Entry("browse", "look through folders …", f"{len(found)} captures here" if found else "", str(folder)))
    ports = [entry for entry in live if entry.kind == "serial"]
    if ports:
        out += [heading("Serial ports"), *ports]
    rest = [entry for entry in live if entry.kind == "interface"]
    if rest:
        out += [heading("Network interfaces"), *rest]
    return out


def folder_page(folder: Path) -> list[Entry]:
    """One folder: captures, then folders. OSError: it cannot be read."""
    inside = folders(folder)
    return [heading(str(folder)), *inside[:1], *files(folder), *inside[1:]]
