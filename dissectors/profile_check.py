"""What the types of a profile cannot say: cross checks, each fault with its key path.

`faults` yields (key path, what was expected) in the order of the file's clauses.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from dissectors.duration import Duration
from dissectors.problem import KINDS
from dissectors.profile_parameters import Parameter
from dissectors.profile_rules import RULES
from dissectors.profile_types import Document, Example, Sap, Timing

Fault = tuple[str, str]
TITLE = re.compile(r"\S.* communication profile for \S.* networks")
FIRST_OCTETS = re.compile(r"([0-9A-F.]{2})( [0-9A-F.]{2})*")
VERDICTS = ("pass", "fail", "undecidable", "not-observed", "not-applicable", "unjudged")
MARKED = ("app.first-push", "app.first-response")  # rules that start from a marker of the recorder
COMPARE_BAUD = (300, 2400, 9600, 115200)
"""Rates at which a minimum with bit times is compared with a maximum in ms."""


def faults(
    document: Document, parameters: Mapping[str, Mapping[str, Parameter]], layer_names: frozenset[str]
) -> Iterator[Fault]:
    """Every fault of a document whose types are right."""
    if not TITLE.fullmatch(document.profile.title):
        yield "$.profile.title", 'expected "XXXX communication profile for YYYY networks"'
    yield from _layers(document, parameters, layer_names)
    yield from _saps("client", document.addressing.client)
    yield from _saps("server", document.addressing.server)
    yield from _saps("physical", document.addressing.physical)
    yield from _stacks_named(document)
    yield from _roles(document)
    for index, timing in enumerate(document.application.timing):
        yield from _timing(document, timing, f"$.application.timing[{index}]")
    yield from _timing_twice(document)
    for index, band in enumerate(document.application.bandwidth):
        if band.min_percent is not None and band.max_percent is not None and band.min_percent > band.max_percent:
            yield f"$.application.bandwidth[{index}].max_percent", f"expected at least min_percent {band.min_percent}"
    yield from _objects(document, parameters)
    for index, example in enumerate(document.example):
        yield from _example(document, example, f"$.example[{index}]", layer_names)
    yield from _statements(document)


def _layers(
    document: Document, parameters: Mapping[str, Mapping[str, Parameter]], layer_names: frozenset[str]
) -> Iterator[Fault]:
    known = ", ".join(sorted(layer_names))
    for index, use in enumerate(document.layers.use):
        if use.layer and use.layer not in layer_names and use.layer != "physical":
            yield f"$.layers.use[{index}].layer", f"expected a layer ({known}), found {use.layer!r}"
    names: set[str] = set()
    for index, stack in enumerate(document.stack):
        if stack.name in names:
            yield f"$.stack[{index}].name", f"{stack.name!r} names two stacks"
        names.add(stack.name)
        for at, layer in enumerate(stack.layers):
            if layer not in layer_names:
                yield f"$.stack[{index}].layers[{at}]", f"expected a layer ({known}), found {layer!r}"
        for at, pattern in enumerate(stack.recognition.first_octets):
            if not FIRST_OCTETS.fullmatch(pattern):
                key = f"$.stack[{index}].recognition.first_octets[{at}]"
                yield key, f'expected hexadecimal octets, "." for any digit ("7E A."), found {pattern!r}'
    for layer, stated in parameters.items():
        for name, parameter in stated.items():
            yield from _parameter(parameter, f"$.layers.{layer}.{name}")


def _parameter(parameter: Parameter, key: str) -> Iterator[Fault]:
    if parameter.min is not None and parameter.max is not None and parameter.min > parameter.max:
        yield f"{key}.max", f"expected at least min {parameter.min}, found {parameter.max}"
    elif parameter.default is not None and not parameter.permits(parameter.default):
        yield f"{key}.default", f"{parameter.default!r} is outside the range that the parameter itself permits"


def _saps(side: str, saps: Sequence[Sap]) -> Iterator[Fault]:
    for index, sap in enumerate(saps):
        key = f"$.addressing.{side}[{index}]"
        if (sap.sap is None) == (sap.first is None or sap.last is None) or (sap.first is None) != (sap.last is None):
            yield f"{key}.sap", "expected either sap, or both from and to"
        elif sap.low > sap.high:
            yield f"{key}.to", f"expected at least from {sap.low}, found {sap.high}"
        else:
            for other, earlier in enumerate(saps[:index]):
                if _overlap(sap, earlier):
                    at = "sap" if sap.sap is not None else "from"
                    yield f"{key}.{at}", f"overlaps {side}[{other}] ({earlier.name!r}, {_range(earlier)})"


def _overlap(a: Sap, b: Sap) -> bool:
    return (
        a.low <= b.high
        and b.low <= a.high
        and (not a.width or not b.width or not set(a.width).isdisjoint(b.width))
        and (not a.stacks or not b.stacks or not set(a.stacks).isdisjoint(b.stacks))
    )


def _range(sap: Sap) -> str:
    return str(sap.low) if sap.low == sap.high else f"{sap.low} to {sap.high}"


def _stacks_named(document: Document) -> Iterator[Fault]:
    names = [stack.name for stack in document.stack]
    tables: tuple[tuple[str, Sequence[object]], ...] = (
        ("addressing.client", document.addressing.client),
        ("addressing.server", document.addressing.server),
        ("addressing.physical", document.addressing.physical),
        ("application.role", document.application.role),
        ("application.bandwidth", document.application.bandwidth),
        ("application.timing", document.application.timing),
    )
    for table, rows in tables:
        for index, row in enumerate(rows):
            for at, name in enumerate(getattr(row, "stacks", ())):
                if name not in names:
                    key = f"$.{table}[{index}].stacks[{at}]"
                    yield key, f"expected a stack of this profile ({', '.join(names)}), found {name!r}"


def _roles(document: Document) -> Iterator[Fault]:
    for index, role in enumerate(document.application.role):
        key = f"$.application.role[{index}]"
        if not _named(document.addressing.client, role.client):
            yield f"{key}.client", f"expected a SAP of [[addressing.client]], found {role.client}"
        for at, server in enumerate(role.servers):
            if not _named(document.addressing.server, server):
                yield f"{key}.servers[{at}]", f"expected a SAP of [[addressing.server]], found {server}"


def _named(saps: Sequence[Sap], value: int) -> bool:
    return any(sap.low <= value <= sap.high for sap in saps)


def _timing(document: Document, timing: Timing, key: str) -> Iterator[Fault]:
    rule = RULES.get(timing.rule)
    if rule is None:
        yield f"{key}.rule", f"expected a rule of the vocabulary ({', '.join(RULES)}), found {timing.rule!r}"
        return
    if timing.kind not in rule.kinds:
        yield f"{key}.kind", f"{timing.rule} may be {' or '.join(rule.kinds)}, found {timing.kind!r}"
    for side in ("min", "max"):
        limit: Duration | None = getattr(timing, side)
        if limit is not None and limit.unit != rule.unit:
            wanted = "a time" if rule.unit == "ns" else f'a number like "3 {rule.unit}"'
            yield f"{key}.{side}", f"{timing.rule} expects {wanted}, found {limit.text!r}"
            return
    if timing.min is not None and timing.max is not None and _greater(timing.min, timing.max):
        yield f"{key}.max", f"expected at least min {timing.min.text!r}, found {timing.max.text!r}"
    if timing.per != "each" and timing.min_samples < 2:
        yield f"{key}.min_samples", f"per = {timing.per!r} expects min_samples of 2 or more"
    if timing.parameter and timing.parameter not in _attributes(document):
        yield f"{key}.parameter", f"expected a [[management.object]] with attribute {timing.parameter}"


def _attributes(document: Document) -> set[str]:
    return {f"{item.class_id}.{item.attribute}" for item in document.management.object}


def _greater(low: Duration, high: Duration) -> bool:
    if low.count is not None and high.count is not None:
        return low.count > high.count
    for baud in COMPARE_BAUD:
        bit_ns = 1e9 / baud
        a, b = low.ns(bit_ns), high.ns(bit_ns)
        if a is not None and b is not None and a > b:
            return True
    return False


def _timing_twice(document: Document) -> Iterator[Fault]:
    rules = document.application.timing
    for index, timing in enumerate(rules):
        if timing.rule in MARKED and timing.when.marker is None:
            yield (
                f"$.application.timing[{index}].when",
                f"{timing.rule} starts from a marker: expected its name in marker",
            )
        for other, earlier in enumerate(rules[:index]):
            same = (timing.rule, timing.kind, timing.subject, timing.when, timing.per) == (
                earlier.rule, earlier.kind, earlier.subject, earlier.when, earlier.per,
            )  # fmt: skip
            disjoint = timing.stacks and earlier.stacks and set(timing.stacks).isdisjoint(earlier.stacks)
            if same and not disjoint:
                yield f"$.application.timing[{index}].rule", f"the same rule, subject and condition as timing[{other}]"


def _objects(document: Document, parameters: Mapping[str, Mapping[str, Parameter]]) -> Iterator[Fault]:
    for index, item in enumerate(document.management.object):
        if item.mirrors is None:
            continue
        key = f"$.management.object[{index}]"
        _, layer, name = item.mirrors.split(".")
        parameter = parameters.get(layer, {}).get(name)
        if parameter is None:
            yield f"{key}.mirrors", f"expected a parameter that this profile states, found {item.mirrors!r}"
        elif item.attribute is None:
            yield f"{key}.attribute", f"expected the attribute that configures {item.mirrors}"
        elif parameter.mirrors and parameter.mirrors != f"{item.class_id}.{item.attribute}":
            yield f"{key}.mirrors", f"{item.mirrors} itself names attribute {parameter.mirrors}"
    attributes = _attributes(document)
    for layer, stated in parameters.items():
        for name, parameter in stated.items():
            if parameter.mirrors and parameter.mirrors not in attributes:
                key = f"$.layers.{layer}.{name}.mirrors"
                yield key, f"expected a [[management.object]] with attribute {parameter.mirrors}"
    classes: set[tuple[int, int]] = set()
    for index, found in enumerate(document.interface_class):
        if (found.class_id, found.version) in classes:
            yield f"$.interface_class[{index}].class_id", f"class {found.class_id} version {found.version} stands twice"
        classes.add((found.class_id, found.version))
    codes: set[str] = set()
    for index, obis in enumerate(document.obis):
        if obis.code in codes:
            yield f"$.obis[{index}].code", f"{obis.code} stands twice"
        codes.add(obis.code)


def _example(document: Document, example: Example, key: str, layer_names: frozenset[str]) -> Iterator[Fault]:
    names = [stack.name for stack in document.stack]
    if example.stack is not None and example.stack not in names:
        yield f"{key}.stack", f"expected a stack of this profile ({', '.join(names)}), found {example.stack!r}"
    if example.layer is not None and example.layer not in layer_names:
        yield f"{key}.layer", f"expected a layer ({', '.join(sorted(layer_names))}), found {example.layer!r}"
    last = 0
    for index, step in enumerate(example.step):
        at = f"{key}.step[{index}]"
        try:
            empty = not step.data
        except ValueError:
            empty = True
        if empty:
            yield f"{at}.octets", f'expected hexadecimal octets ("7E A0 07 ..."), found {step.octets[:40]!r}'
        if step.at_us < last:
            yield f"{at}.at_us", f"expected at least {last}, the time of the step before"
        last = max(last, step.at_us)
        for number, code in enumerate(step.expect.problems):
            if code not in KINDS:
                yield f"{at}.expect.problems[{number}]", f"expected a problem code, found {code!r}"
        for rule, verdict in step.expect.verdicts.items():
            if rule not in RULES:
                yield f"{at}.expect.verdicts", f"expected a rule of the vocabulary, found {rule!r}"
            elif verdict not in VERDICTS:
                yield f"{at}.expect.verdicts", f"expected one of {', '.join(VERDICTS)}, found {verdict!r}"


def _statements(document: Document) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, statement in enumerate(document.statement):
        key = f"$.statement[{index}]"
        if statement.id in seen:
            yield f"{key}.id", f"{statement.id} stands twice"
        seen.add(statement.id)
        if statement.check != "not-observable" and statement.check not in RULES and statement.check not in KINDS:
            yield (
                f"{key}.check",
                f'expected a timing rule, a problem code or "not-observable", found {statement.check!r}',
            )
