"""new: the text of a profile that starts as a copy of another; diff: what two profiles say differently."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from analyzer.profile_markdown import printable
from dissectors.errors import UsageError
from dissectors.profile import Profile, parse

TABLE = re.compile(r"\s*\[")
PROFILE_TABLE = re.compile(r"\s*\[\s*profile\s*\]\s*(#.*)?")
BASED_ON_TABLE = re.compile(r"\s*\[\s*profile\s*\.\s*based_on\s*\]\s*(#.*)?")
NAME = re.compile(r"(\s*name\s*=\s*)(\"[^\"]*\"|'[^']*')(.*)", re.DOTALL)
BASED_ON = re.compile(r"\s*based_on\s*[=.]")
IDENTITY = (
    "id", "rule", "kind", "subject", "stacks", "when", "per", "designation", "term", "short", "title", "standard",
    "sap", "from", "to", "width", "client", "ld", "class_id", "version", "obis", "code", "attribute", "at_us",
)  # fmt: skip
"""Keys that tell the entries of an array of tables apart, so that an inserted entry is one difference."""


def new(name: str, base: Profile) -> str:
    """TOML text of a copy of base under a new name, comments kept, with based_on = {name, sha256}.

    UsageError when the name is none, or when base does not hold a [profile] table with its name on a line."""
    out: list[str] = []
    place = ""
    named = False
    for line in base.octets.decode("utf-8").splitlines(keepends=True):
        if PROFILE_TABLE.fullmatch(line.rstrip("\r\n")) and not named:
            place = "profile"
        elif BASED_ON_TABLE.fullmatch(line.rstrip("\r\n")):
            place = "based_on"
        elif TABLE.match(line) and place:
            place = "" if place == "based_on" or named else "wrong"
        if place == "based_on" or (place == "profile" and BASED_ON.match(line)):
            continue
        match = NAME.fullmatch(line) if place == "profile" and not named else None
        if match is not None:
            named = True
            out.append(f'{match[1]}"{name}"{match[3]}')
            if not line.endswith("\n"):
                out.append("\n")
            out.append(f'based_on = {{ name = "{base.name}", sha256 = "{base.sha256}" }}\n')
        else:
            out.append(line)
    text = "".join(out)
    copy = parse(text.encode(), f"new profile {name}") if named else None
    if copy is None or list(diff(base, copy, ("$.profile.name", "$.profile.based_on"))):
        raise UsageError(f'{base.path}: $.profile.name: expected a line name = "..." in the table [profile]')
    return text


def diff(a: Profile, b: Profile, ignored: tuple[str, ...] = ()) -> list[str]:
    """What differs, a line each, by key path: "~ path: old → new", "- path: old", "+ path: new".

    Entries of arrays of tables are matched by what identifies them (rule, SAP, name …); the index in a
    path is that of b, for a removed entry that of a."""
    trees = [tomllib.loads(profile.octets.decode("utf-8")) for profile in (a, b)]
    found = map(printable, _differences("$", trees[0], trees[1]))
    return [line for line in found if not line[2:].startswith(ignored)] if ignored else list(found)


def _differences(path: str, a: Any, b: Any) -> Iterator[str]:
    if isinstance(a, dict) and isinstance(b, dict):
        for key in (*a, *(key for key in b if key not in a)):
            below = f"{path}.{key}"
            if key not in b:
                yield f"- {below}: {_show(a[key])}"
            elif key not in a:
                yield f"+ {below}: {_show(b[key])}"
            else:
                yield from _differences(below, a[key], b[key])
    elif _tables(a) and _tables(b):
        yield from _entries(path, a, b)
    elif a != b or type(a) is not type(b):
        yield f"~ {path}: {_show(a)} → {_show(b)}"


def _entries(path: str, a: list[dict[str, Any]], b: list[dict[str, Any]]) -> Iterator[str]:
    places: dict[str, list[int]] = {}
    for index, entry in enumerate(a):
        places.setdefault(_identity(entry), []).append(index)
    for index, entry in enumerate(b):
        same = places.get(_identity(entry))
        if same:
            yield from _differences(f"{path}[{index}]", a[same.pop(0)], entry)
        else:
            yield f"+ {path}[{index}]: {_show(entry)}"
    for index in sorted(index for rest in places.values() for index in rest):
        yield f"- {path}[{index}]: {_show(a[index])}"


def _identity(entry: dict[str, Any]) -> str:
    found = {key: entry[key] for key in IDENTITY if key in entry}
    return repr(found or {"name": entry.get("name")})


def _tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, dict) for entry in value)


def _show(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_show(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_show(entry) for entry in value) + "]"
    return str(value)
