"""Reports: the tables of an analyzed capture as pandas DataFrames, one function a table.

    import analyzer
    from analyzer import report
    a = analyzer.open("session.pcapng")
    report.exchanges(a).groupby("service").app_response_ns.describe()

Columns are named as in `cosemscope fields`. Dtypes are few: string, Int64 (both with <NA> for "none"),
int64, boolean, and datetime64[ns, UTC] for `time`. Every *_ns is a number of nanoseconds: since 1970
UTC for time_ns, end_ns, start_ns, else a duration. Lists are JSON texts.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer import rows, words
from analyzer.columns import NO_TIME, Words
from analyzer.timing_rows import EACH_KEYS, ROW_KEYS
from dissectors.errors import UsageError
from dissectors.record import DIRECTION_NAMES, Direction

if TYPE_CHECKING:
    from analyzer.analysis import Analysis
    from analyzer.timing import Timing

Array = npt.NDArray[Any]
TO_CLIENT = int(Direction.TO_CLIENT)
encode = msgspec.json.Encoder().encode
NUMBERS = frozenset(
    {
        "client", "server", "count", "unjudged", "pass", "fail", "undecidable", "unanswered", "worst_frame",
        "start_frame", "end_frame",
    }
)  # fmt: skip


# -- columns of numpy as columns of pandas -------------------------------------------------------------


def _text(lookup: Sequence[str | None], numbers: Array) -> Any:
    """Texts by number, "" as <NA>."""
    values = pd.array([text or None for text in lookup], dtype="string")
    return values.take(numbers.astype(np.intp))


def _number(values: Array, absent: int) -> Any:
    """Int64 with <NA> where the value is `absent`."""
    whole = values.astype(np.int64)
    return pd.arrays.IntegerArray(whole, whole == absent)


def _ns(values: Array) -> Any:
    return _number(values, NO_TIME)


def _time(values: Array) -> Any:
    """datetime64[ns, UTC]; NO_TIME is NaT."""
    return pd.DatetimeIndex(values.astype(np.int64).view("datetime64[ns]")).tz_localize("UTC")


def _distinct(values: Array, make: Callable[[int], str | None]) -> Any:
    """A text for each value, made once for each distinct one."""
    found, numbers = np.unique(values, return_inverse=True)
    return _text([make(int(value)) for value in found], numbers)


def _ends(analysis: "Analysis", paths: Array, down: Array) -> tuple[Any, Any]:
    """(client address, server address) of ways along which went up, or where `down` holds down."""
    source = np.array([path.source for path in analysis.paths] or [None], dtype=object)
    destination = np.array([path.destination for path in analysis.paths] or [None], dtype=object)
    lookup = [*source, *destination]
    swap = len(source)
    there = np.where(down, paths + swap, paths)
    back = np.where(down, paths, paths + swap)
    return _text(lookup, there), _text(lookup, back)


def _objects(analysis: "Analysis", numbers: Array) -> dict[str, Any]:
    """class_id, obis, attribute and method of targets by number."""
    targets = analysis.targets

    def column(get: Callable[[Any], int | None]) -> Any:
        values = [-1 if t is None or get(t) is None else get(t) for t in targets]
        return _number(np.array(values, dtype=np.int64)[numbers], -1)

    return {
        "class_id": column(lambda t: t.class_id),
        "obis": _text([None if t is None else words.obis(t.obis) for t in targets], numbers),
        "attribute": column(lambda t: t.attribute),
        "method": column(lambda t: t.method),
    }


def _codes(problems: Mapping[int, Sequence[Any]], count: int) -> Any:
    """The codes of each row's problems, separated by blanks; <NA> for a row without."""
    found = Words()
    numbers = np.zeros(count, dtype=np.intp)
    for no, own in problems.items():
        if no <= count:
            numbers[no - 1] = found.number(" ".join(dict.fromkeys(p.kind.code for p in own)))
    return _text(found.words, numbers)


def _directions(values: Array) -> Any:
    return _text(DIRECTION_NAMES, values)


def _channels(values: Array) -> Any:
    return _distinct(values, str)


def _extra(analysis: "Analysis", level: str, names: Sequence[str]) -> dict[str, Any]:
    """Columns that need every row to be made again: tens of microseconds each."""
    known = {c.name: c for c in rows.LEVELS[level]}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"extra {unknown[0]!r}, expected some of {', '.join(known)}")
    columns = [known[name] for name in names]
    found: dict[str, list[Any]] = {name: [] for name in names}
    if columns:
        for item in analysis.rows(level):
            for column in columns:
                found[column.name].append(_plain(column, column.get(item, analysis.run)))
    return {column.name: _array(column, found[column.name]) for column in columns}


# -- tables of rows ----------------------------------------------------------------------------------------

DTYPES: dict[str, Any] = {
    "int": "Int64",
    "time": "Int64",
    "duration": "Int64",
    "text": "string",
    "bool": "boolean",
    "json": "string",
}


def _plain(column: rows.Column, value: Any) -> Any:
    return value if value is None or column.type != "json" else encode(value).decode()


def _array(column: rows.Column, values: list[Any]) -> Any:
    return pd.Series(values, dtype=DTYPES[column.type]).array


def _level(level: str, items: Iterable[Any], analysis: "Analysis") -> pd.DataFrame:
    """A table by the declared columns of its level; `time` from time_ns."""
    columns = rows.LEVELS[level]
    found: dict[str, list[Any]] = {column.name: [] for column in columns}
    for item in items:
        for column in columns:
            if column.name != "time":
                found[column.name].append(_plain(column, column.get(item, analysis.run)))
    out: dict[str, Any] = {}
    for column in columns:
        if column.name == "time":
            stamps = [NO_TIME if ns is None else ns for ns in found["time_ns"]]
            out["time"] = _time(np.array(stamps, dtype=np.int64))
        else:
            out[column.name] = _array(column, found[column.name])
    return pd.DataFrame(out)


def selected(analysis: "Analysis", level: str, items: Iterable[Any], columns: Sequence[str] = ()) -> pd.DataFrame:
    """These rows of any level ("frame", "message", "exchange", "finding", …) with the columns of `cosemscope fields`,
    or those named: int and *_ns Int64, text and JSON string, time datetime64[ns, UTC]."""
    made = _level(level, items, analysis)
    return made[list(columns)] if columns else made


# -- the tables ------------------------------------------------------------------------------------------------


def frames(analysis: "Analysis", extra: Sequence[str] = ()) -> pd.DataFrame:
    """Every frame, in order of capture; octets of all of them end in exactly one row.

    no int64, record Int64 (first packet number), record_count int64, time datetime64[ns, UTC], time_ns and
    end_ns Int64 (ns since 1970 UTC), uncertainty_ns Int64, profile, channel, direction, layer, source and
    destination (SAP, else host and port), kind string, physical Int64 (HDLC lower address), length int64
    (octets), problems string (codes, separated by blanks).
    extra: "octets" (hexadecimal), "records" (JSON list): string, slower."""
    a = analysis.frames.array()
    hosts = [*(path.source for path in analysis.paths), *(path.destination for path in analysis.paths)]

    def end(saps: Array, offset: int) -> Any:
        keys = np.where(saps >= 0, saps.astype(np.int64), -1 - (a["path"].astype(np.int64) + offset))
        return _distinct(keys, lambda key: str(key) if key >= 0 else hosts[-1 - key])

    return pd.DataFrame(
        {
            "no": np.arange(1, len(a) + 1, dtype=np.int64),
            "record": _number(a["record"], 0),
            "record_count": a["records"].astype(np.int64),
            "time": _time(a["first_ns"]),
            "time_ns": _ns(a["first_ns"]),
            "end_ns": _ns(a["last_ns"]),
            "uncertainty_ns": _ns(a["uncertainty_ns"]),
            "profile": _text(analysis.words.words, a["profile"]),
            "channel": _channels(a["channel"]),
            "direction": _directions(a["direction"]),
            "layer": _text(analysis.words.words, a["layer"]),
            "source": end(a["source"], 0),
            "destination": end(a["destination"], len(analysis.paths)),
            "kind": _text(analysis.words.words, a["kind"]),
            "physical": _number(a["physical"], -1),
            "length": a["size"].astype(np.int64),
            "problems": _codes(analysis.problems_of, len(a)),
            **_extra(analysis, "frame", extra),
        }
    )


def messages(analysis: "Analysis", extra: Sequence[str] = ()) -> pd.DataFrame:
    """Every APDU.

    no int64, frame Int64 (its first), frame_count int64, time datetime64[ns, UTC], time_ns and end_ns Int64
    (ns since 1970 UTC), uncertainty_ns Int64, profile, channel, direction string, association, client, server,
    physical Int64, client_address, server_address, apdu string, invoke_id, class_id Int64, obis string,
    attribute, method Int64, result string, request Int64 (message that a response answers), length int64
    (octets of the APDU), problems string (codes, separated by blanks).
    extra: "data", "text", "items", "security", "fields": string (JSON but for text), each APDU dissected again."""
    a = analysis.messages.array()
    client, server = _ends(analysis, a["path"].astype(np.int64), a["direction"] == TO_CLIENT)
    return pd.DataFrame(
        {
            "no": np.arange(1, len(a) + 1, dtype=np.int64),
            "frame": _number(a["frame"], 0),
            "frame_count": a["frames"].astype(np.int64),
            "time": _time(a["first_ns"]),
            "time_ns": _ns(a["first_ns"]),
            "end_ns": _ns(a["last_ns"]),
            "uncertainty_ns": _ns(a["uncertainty_ns"]),
            "profile": _text(analysis.words.words, a["profile"]),
            "channel": _channels(a["channel"]),
            "direction": _directions(a["direction"]),
            "association": _number(a["association"], 0),
            "client": _number(a["client"], -1),
            "server": _number(a["server"], -1),
            "physical": _number(a["physical"], -1),
            "client_address": client,
            "server_address": server,
            "apdu": _text(analysis.words.words, a["apdu"]),
            "invoke_id": _number(a["invoke_id"], -1),
            **_objects(analysis, a["target"]),
            "result": _text(analysis.words.words, a["result"]),
            "request": _number(a["request"], 0),
            "length": a["size"].astype(np.int64),
            "problems": _codes(analysis.message_problems, len(a)),
            **_extra(analysis, "message", extra),
        }
    )


def exchanges(analysis: "Analysis") -> pd.DataFrame:
    """Every request with its responses, and every notification.

    no int64, request and response Int64 (message numbers; response: the last), response_count int64,
    request_frame, response_frame Int64, service string, association Int64, profile, channel string, client,
    server, physical Int64, client_address, server_address string, class_id Int64, obis string, attribute,
    method Int64, time datetime64[ns, UTC] (end of the last attempt of the request), time_ns Int64,
    link_response_ns, app_response_ns, lo_ns, hi_ns (its bounds), first_response_ns, complete_ns, line_ns,
    server_ns, client_ns Int64 (durations), polls, attempts, blocks int64, result string (<NA>: unanswered),
    waited_ns Int64 (unanswered: how long the capture went on)."""
    a = analysis.exchanges.array()
    first, answered = a["first_asked_ns"].astype(np.int64), a["answered_ns"].astype(np.int64)
    known = (first != NO_TIME) & (answered != NO_TIME)
    waited = np.where(known, answered - np.where(known, first, 0), NO_TIME)
    hosts = [name or None for name in analysis.hosts.words]
    client, server = _text(hosts, a["client_address"]), _text(hosts, a["server_address"])
    return pd.DataFrame(
        {
            "no": np.arange(1, len(a) + 1, dtype=np.int64),
            "request": _number(a["request"], 0),
            "response": _number(a["response"], 0),
            "response_count": a["responses"].astype(np.int64),
            "request_frame": _number(a["request_frame"], 0),
            "response_frame": _number(a["response_frame"], 0),
            "service": _text(analysis.words.words, a["service"]),
            "association": _number(a["association"], 0),
            "profile": _text(analysis.words.words, a["profile"]),
            "channel": _channels(a["channel"]),
            "client": _number(a["client"], -1),
            "server": _number(a["server"], -1),
            "physical": _number(a["physical"], -1),
            "client_address": client,
            "server_address": server,
            **_objects(analysis, a["target"]),
            "time": _time(a["asked_ns"]),
            "time_ns": _ns(a["asked_ns"]),
            "link_response_ns": _ns(a["link_response_ns"]),
            "app_response_ns": _ns(a["app_response_ns"]),
            "lo_ns": _ns(a["lo_ns"]),
            "hi_ns": _ns(a["hi_ns"]),
            "first_response_ns": _ns(waited),
            "complete_ns": _ns(a["complete_ns"]),
            "line_ns": _ns(a["line_ns"]),
            "server_ns": _ns(a["server_ns"]),
            "client_ns": _ns(a["client_ns"]),
            "polls": a["polls"].astype(np.int64),
            "attempts": a["attempts"].astype(np.int64),
            "blocks": a["blocks"].astype(np.int64),
            "result": _text(analysis.words.words, a["result"]),
            "waited_ns": _ns(a["waited_ns"]),
        }
    )


def findings(analysis: "Analysis") -> pd.DataFrame:
    """Every problem, and every verdict that Analysis.findings holds.

    no Int64, severity, code, text, clause string, time datetime64[ns, UTC], time_ns Int64, channel string, frame,
    message, exchange, association Int64, measured and limit Int64 (in unit), unit string."""
    return _level("finding", analysis.findings, analysis)


def associations(analysis: "Analysis") -> pd.DataFrame:
    """Every application association that was asked for.

    no Int64, status string, time datetime64[ns, UTC], time_ns, end_ns Int64, profile, channel string, client
    Int64, client_name string, server Int64, server_name string, physical Int64, client_address, server_address,
    context, mechanism, result, diagnostic, client_title, server_title (hexadecimal), conformance (JSON list)
    string, client_max_pdu, server_max_pdu (octets), messages, frame, end_frame Int64, ended_by string."""
    return _level("association", analysis.run.associations.table, analysis)


def addresses(analysis: "Analysis") -> pd.DataFrame:
    """Every address that spoke or was spoken to.

    profile, channel, side (client, server, physical) string, address Int64 (SAP or HDLC lower address), name,
    use (of the profile), host, system_title string, sent, received (frames), time_ns, end_ns Int64."""
    return _level("address", analysis.addressing.rows.values(), analysis)


def objects(analysis: "Analysis") -> pd.DataFrame:
    """Every attribute and method of every object of every server, with the last value.

    profile string, server, physical Int64, server_address string, class_id Int64, class_name, obis, name string,
    attribute Int64, attribute_name string, method, reads, writes, pushes, errors Int64, value (JSON), text
    string, time_ns, end_ns Int64."""
    return _level("object", analysis.objects.rows(), analysis)


def timing(timing: "Timing", source: str) -> pd.DataFrame:
    """The rows of `cosemscope timing`: statistics and verdict of each rule for each client and server.

    source, profile, profile_sha256, rule, kind, subject, clause string, client, server Int64, limit_min_ns,
    limit_max_ns Int64, limit_from string, count, unjudged, pass, fail, undecidable, unanswered Int64, min_ns,
    mean_ns, p50_ns, p90_ns, p95_ns, p99_ns, max_ns Int64 (a number or percent where kind is "count"),
    worst_frame Int64, verdict string."""
    return table(timing.rows(source), ROW_KEYS)


def measurements(timing: "Timing", source: str) -> pd.DataFrame:
    """The rows of `cosemscope timing --each`: every measurement. Empty unless Timing was made with keep=True.

    source, profile, rule, kind, subject, clause, edition, channel string, client, server Int64, start_event
    string, start_frame, start_ns Int64, end_event string, end_frame, end_ns, measured_ns, lo_ns, hi_ns,
    limit_min_ns, limit_max_ns Int64, limit_from string, margin_ns Int64, decision_rule, verdict, confidence,
    needs string."""
    return table(timing.each_rows(source), EACH_KEYS)


def table(found: Iterable[Mapping[str, Any]], keys: Sequence[str]) -> pd.DataFrame:
    """Rows of timing as columns: Int64 for counts, SAPs and *_ns, else string. Packed while it reads."""
    numbers = {key: array("q") for key in keys if key in NUMBERS or key.endswith("_ns")}
    texts = {key: (Words(), array("L")) for key in keys if key not in numbers}
    for row in found:
        for key, column in numbers.items():
            value = row[key]
            column.append(NO_TIME if value is None else value)
        for key, (known, codes) in texts.items():
            codes.append(known.number(row[key]))
    out: dict[str, Any] = {}
    for key in keys:
        if key in numbers:
            out[key] = _ns(np.array(numbers[key], dtype=np.int64))
        else:
            known, codes = texts[key]
            out[key] = _text(known.words, np.array(codes, dtype=np.intp))
    return pd.DataFrame(out)


def texts(names: Sequence[str], rows: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Rows of texts as columns of strings."""
    return pd.DataFrame([list(row) for row in rows], columns=list(names), dtype="string")


# -- Parquet -------------------------------------------------------------------------------------------------


def parquet(found: Sequence[Mapping[str, Any]], keys: Iterable[str], path: str | Path) -> None:
    """Writes rows of timing as a Parquet file. UsageError without pyarrow, or when the file cannot be written."""
    save_parquet(table(found, tuple(keys)), path)


def save_parquet(frame: pd.DataFrame, path: str | Path) -> None:
    """Writes a table as a Parquet file. UsageError without pyarrow, or when the file cannot be written."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise UsageError("Parquet needs pyarrow: pip install 'cosemscope[parquet]'") from None
    try:
        frame.to_parquet(path, engine="pyarrow", index=False)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
