"""check: runs the examples of a profile (Annex A) through the dissectors and says what differs.

`run_examples` takes any decoder; `by_layers` is the plain one: dissectors.layer.walk, no memory of
earlier steps. A session (agreed sizes, segments, verdicts) is compared with `compare_session`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from dissectors.context import Context
from dissectors.cursor import Cursor, Stop
from dissectors.data import build
from dissectors.layer import walk
from dissectors.layers import LAYERS
from dissectors.problem import KINDS, Severity
from dissectors.profile import Profile
from dissectors.profile_types import Example, Expect
from dissectors.record import DIRECTION_NAMES

Decode = Callable[[bytes, str, str], Mapping[str, Any]]
"""(octets, name of the first layer, direction in words) to {"layers": [...], "frames": [frame objects],
"messages": [message objects], "problems": [problem objects or codes]}, as `decode --format json`."""

Judge = Callable[[Profile, Example], Mapping[str, str]]
"""Verdict by timing rule of a whole example."""


class Failure(msgspec.Struct, frozen=True):
    """One difference. key: where the descriptor states it ("$.example[0].step[2].expect.apdu")."""

    example: str
    key: str
    expected: str
    found: str

    @property
    def text(self) -> str:
        return f"{self.key}: expected {self.expected}, found {self.found} (example {self.example!r})"


def check(profile: Profile) -> list[str]:
    """What is wrong with a profile whose types are right: examples that decode to something else."""
    return [failure.text for failure in run_examples(profile, by_layers)]


def run_examples(profile: Profile, decode: Decode, judge: Judge | None = None) -> list[Failure]:
    """Every example, step by step. Verdicts are compared where a judge is given."""
    failures: list[Failure] = []
    for index, example in enumerate(profile.examples):
        layer = profile.example_layer(example)
        found = [decode(step.data, layer, step.direction) for step in example.step]
        failures += compare_session(example, f"$.example[{index}]", found, judge(profile, example) if judge else None)
    return failures


def compare_session(
    example: Example, key: str, found: Sequence[Mapping[str, Any]], verdicts: Mapping[str, str] | None = None
) -> list[Failure]:
    """Compares what each step decoded to; verdicts are of the whole example."""
    failures: list[Failure] = []
    for index, (step, result) in enumerate(zip(example.step, found, strict=True)):
        at = f"{key}.step[{index}].expect"
        failures += (
            Failure(example.title, f"{at}.{part}", want, got) for part, want, got in compare(step.expect, result)
        )
        if verdicts is not None:
            failures += (
                Failure(example.title, f"{at}.verdicts", f"{rule} {verdict}", str(verdicts.get(rule, "not-observed")))
                for rule, verdict in step.expect.verdicts.items()
                if verdicts.get(rule, "not-observed") != verdict
            )
    return failures


def compare(expect: Expect, found: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(key, expected, found) of each difference.

    layers are the lowest ones in order, more may follow. Notes need not be listed among the problems."""
    out: list[tuple[str, str, str]] = []
    layers = tuple(found.get("layers", ()))
    if expect.layers is not None and layers[: len(expect.layers)] != expect.layers:
        out.append(("layers", " / ".join(expect.layers), " / ".join(layers) or "none"))
    frame: Mapping[str, Any] = next(iter(found.get("frames", ())), {})
    message: Mapping[str, Any] = next(iter(found.get("messages", ())), {})
    for part, wanted, name in (("kind", expect.kind, frame.get("kind")), ("apdu", expect.apdu, message.get("apdu"))):
        if wanted is not None and (name or "") != wanted:
            out.append((part, wanted or "none", name or "none"))
    for path, value in expect.values.items():
        place = frame if path.startswith("frame.") else message
        got = _at(place, path.removeprefix("frame."))
        if got != value:
            out.append((f"values.{path}", repr(value), repr(got)))
    codes = {_code(problem) for problem in found.get("problems", ())}
    missing = [code for code in expect.problems if code not in codes]
    unexpected = sorted(code for code in codes.difference(expect.problems) if not _is_note(code))
    if missing or unexpected:
        out.append(("problems", ", ".join(expect.problems) or "none", ", ".join(sorted(codes)) or "none"))
    return out


def _at(place: Any, path: str) -> Any:
    """The value at a dotted path of mappings and, by number, lists; None where there is none."""
    for name in path.split("."):
        if isinstance(place, Mapping):
            place = place.get(name)
        elif isinstance(place, (list, tuple)) and name.isdigit() and int(name) < len(place):
            place = place[int(name)]
        else:
            return None
    return place


def _code(problem: Any) -> str:
    return str(problem["code"]) if isinstance(problem, Mapping) else str(problem)


def _is_note(code: str) -> bool:
    return code in KINDS and KINDS[code].severity == Severity.NOTE


def by_layers(octets: bytes, layer: str, direction: str) -> Mapping[str, Any]:
    """One step by itself: layers, the link's kind and addresses, the APDU with its data, problems.

    The APDU of a segment is not dissected: only a session joins segments."""
    context = Context(direction=DIRECTION_NAMES.index(direction))
    parts = walk(octets, layer, LAYERS, context)
    if parts and getattr(parts[0].value, "segmented", False):
        parts = tuple(part for part in parts if part.layer in ("hdlc", "llc"))
    frame: dict[str, Any] = {}
    messages: list[dict[str, Any]] = []
    for part in parts:
        value = part.value
        if value is not None and part.layer == layer:
            frame = {"layer": layer, "kind": getattr(value, "kind", layer)}
            frame |= {
                name: _address(getattr(value, name)) for name in ("source", "destination") if hasattr(value, name)
            }
        if value is not None and hasattr(value, "service"):
            messages.append(_message(octets, value))
    return {
        "layers": [part.layer for part in parts],
        "frames": [frame],
        "messages": messages,
        "problems": [problem.kind.code for part in parts for problem in part.problems],
    }


def _address(value: Any) -> Any:
    return getattr(value, "upper", value)


def _message(octets: bytes, apdu: Any) -> dict[str, Any]:
    data = None
    if apdu.data is not None:
        try:
            data = msgspec.to_builtins(build(Cursor(octets, *apdu.data)))
        except Stop:
            data = None
    a, b, c, d, e, f = apdu.obis if len(apdu.obis) == 6 else (0,) * 6
    return {
        "apdu": apdu.name,
        "invoke_id": None if apdu.invoke_id < 0 else apdu.invoke_id,
        "class_id": None if apdu.class_id < 0 else apdu.class_id,
        "obis": f"{a}-{b}:{c}.{d}.{e}*{f}" if apdu.obis else None,
        "attribute": apdu.attribute,
        "method": apdu.method,
        "result": apdu.result,
        "data": data,
    }
