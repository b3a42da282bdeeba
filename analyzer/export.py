"""What a person takes out: packets as a pcapng, rows as a table, octets and trees as text.

Files appear whole or not at all. Long ones are generators: each step yields (done, all) in units of their own, None
where all is not known; closing the generator cancels, and nothing stays.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analyzer import dump, rows
from analyzer.analysis import Analysis
from analyzer.detail import detail
from analyzer.lines import Lines
from analyzer.trees import render
from captures.assume import Assume
from captures.atomic import written
from captures.pcapng_copy import copy
from dissectors.errors import UsageError

FORMATS = ("csv", "jsonl", "parquet")
STEP = 512  # rows between two steps
LINE = 16  # octets of a line

Progress = Iterator[tuple[int, int | None]]


# -- packets ---------------------------------------------------------------------------------------------


def frames_to_pcapng(
    analysis: Analysis,
    source: str,
    frames: Sequence[int],
    path: str | Path,
    comments: Mapping[int, str] | None = None,
    overwrite: bool = False,
    assume: Assume | None = None,
) -> Progress:
    """The packets of these frames, read again from their source. comments: by frame; they go to its first packet, as
    the comments that Wireshark shows. Steps in octets of the source. Errors as packets_to_pcapng has them."""
    numbers = np.asarray(frames, dtype=np.int64)
    found = analysis.frames.array()[numbers - 1]
    scattered = np.isin(numbers, list(analysis.records_of))  # frames that have others' packets between theirs
    counts = np.where(scattered, 0, found["records"]).astype(np.int64)
    steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    packets: set[int] = set((np.repeat(found["record"], counts) + steps).tolist())
    packets.update(*(analysis.records_of[no] for no in numbers[scattered].tolist()))
    told: dict[int, str] = {}
    for no, text in (comments or {}).items():
        first = next(iter(analysis.frame(no).records), 0)
        told[first] = f"{told[first]}\n{text}" if first in told else text
    return packets_to_pcapng(source, packets, path, told, overwrite, assume)


def packets_to_pcapng(
    source: str,
    packets: set[int],
    path: str | Path,
    comments: Mapping[int, str] | None = None,
    overwrite: bool = False,
    assume: Assume | None = None,
) -> Progress:
    """Packets by number (Wireshark's frame.number) as a pcapng of their own. Steps in octets of the source.

    UsageError: nothing to write, the file exists or cannot be written, a packet without a time. CaptureError: the
    source cannot be read any more. Most of them come with the first step."""
    if not packets:
        raise UsageError("nothing to save: no packet is chosen")
    if Path(path).exists() and Path(source).exists() and Path(path).samefile(source):
        raise UsageError(f"{path}: is the capture itself, expected another name")
    return _packets(source, packets, path, comments or {}, overwrite, assume)


def _packets(
    source: str,
    packets: set[int],
    path: str | Path,
    comments: Mapping[int, str],
    overwrite: bool,
    assume: Assume | None,
) -> Progress:
    with written(path, overwrite) as file:
        for opened in copy(source, packets, file, comments, assume):
            yield opened.octets_read, opened.size


# -- rows ------------------------------------------------------------------------------------------------


def table(
    analysis: Analysis,
    level: str,
    numbers: Sequence[int] | None,
    format: str,
    path: str | Path,
    columns: Sequence[str] = (),
    overwrite: bool = False,
) -> Progress:
    """Rows of a level by number (from 1; None: all) as "csv", "jsonl" or "parquet", under the names that `dump` uses.
    Steps in rows. UsageError: a column or format that is not known, the file exists, Parquet without pyarrow."""
    if format not in FORMATS:
        raise UsageError(f"export {format}: expected one of {', '.join(FORMATS)}")
    chosen = dump.check_fields(level, columns)
    count, make = _rows(analysis, level)
    wanted = range(1, count + 1) if numbers is None else numbers
    if format == "parquet":
        return _parquet(analysis, level, make, wanted, path, [c.name for c in chosen], overwrite)
    return _lines(analysis, level, make, wanted, format, path, chosen, overwrite)


def _lines(
    analysis: Analysis,
    level: str,
    make: Callable[[int], Any],
    wanted: Sequence[int],
    format: str,
    path: str | Path,
    columns: list[rows.Column],
    overwrite: bool,
) -> Progress:
    line = dump.writer(analysis.run, level, format, columns)
    with written(path, overwrite) as file:
        file.write(getattr(line, "header", b""))
        for done, no in enumerate(wanted):
            if not done % STEP:
                yield done, len(wanted)
            file.write(line(make(int(no))))


def _parquet(
    analysis: Analysis,
    level: str,
    make: Callable[[int], Any],
    wanted: Sequence[int],
    path: str | Path,
    columns: list[str],
    overwrite: bool,
) -> Progress:
    with written(path, overwrite) as file:
        yield 0, len(wanted)
        from analyzer import report  # pandas takes its time

        found = report.selected(analysis, level, (make(int(no)) for no in wanted), columns)
        yield len(wanted), len(wanted)
        report.save_parquet(found, file.name)


def _rows(analysis: Analysis, level: str) -> tuple[int, Callable[[int], Any]]:
    """How many rows a level has, and what gives one by its number."""
    if level == "frame":
        return len(analysis.frames), analysis.frame
    if level == "message":
        return len(analysis.messages), analysis.message
    if level == "exchange":
        return len(analysis.exchanges), analysis.exchange
    lists: dict[str, Callable[[], Sequence[Any]]] = {
        "finding": lambda: analysis.findings,
        "association": lambda: analysis.run.associations.table,
        "address": lambda: list(analysis.addressing.rows.values()),
        "object": lambda: list(analysis.objects.rows()),
    }
    found = lists[level]()
    return len(found), lambda no: found[no - 1]


def row_text(analysis: Analysis, level: str, no: int, messages: Sequence[int] = ()) -> str:
    """A row's line and its tree, a node a line. messages: as detail has it."""
    _, make = _rows(analysis, level)
    line = Lines(analysis.run, level)(make(no)).decode("utf-8", "replace")
    return line + "".join(f"    {text}\n" for text in render(detail(analysis, level, no, messages).roots))


# -- octets ----------------------------------------------------------------------------------------------


def as_hex(octets: bytes) -> str:
    """ "7E A0 07"."""
    return octets.hex(" ").upper()


def as_text(octets: bytes) -> str:
    """Printable ASCII as it is, others as escapes: "ab\\x00"."""
    return "".join(chr(o) if 0x20 <= o < 0x7F else f"\\x{o:02x}" for o in octets)


def as_hexdump(octets: bytes) -> str:
    """Lines of sixteen octets: offset, hex, characters; as hexdump -C and text2pcap know it."""
    return "".join(
        f"{at:08x}  {octets[at : at + LINE].hex(' '):<{3 * LINE}} |{_characters(octets[at : at + LINE])}|\n"
        for at in range(0, len(octets), LINE)
    )


def _characters(octets: bytes) -> str:
    return "".join(chr(o) if 0x20 <= o < 0x7F else "." for o in octets)


def as_c_array(octets: bytes, name: str = "octets") -> str:
    """An array for a C program; name: characters that an identifier cannot have become "_"."""
    identifier = re.sub(r"\W", "_", name, flags=re.ASCII) or "octets"
    if identifier[0].isdigit():
        identifier = "_" + identifier
    lines = [
        "    " + ", ".join(f"0x{o:02X}" for o in octets[at : at + LINE]) + ",\n" for at in range(0, len(octets), LINE)
    ]
    return f"static const unsigned char {identifier}[{len(octets)}] = {{\n{''.join(lines)}}};\n"
