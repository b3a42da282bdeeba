"""document: a profile descriptor as a Markdown document with the clauses of IEC TS 62056-1-1.

`summary` is the short form of `profiles show`. Every clause of the template is there, also where a
profile says nothing of it, so that a reader sees what it leaves open.
"""

from collections.abc import Iterator, Mapping

from analyzer.profile_examples import Failure, check, run_examples
from analyzer.profile_markdown import (
    cell,
    condition,
    facts,
    limit,
    per,
    plain,
    printable,
    prose,
    share,
    span,
    table,
    widths,
    words,
)
from analyzer.profile_text import diff, new
from dissectors.profile import Profile
from dissectors.profile_parameters import Parameter
from dissectors.profile_rules import BANDWIDTH_RULES, RULES

__all__ = ["Failure", "check", "diff", "document", "new", "run_examples", "summary"]

NOTHING = "The profile states nothing here."
TEMPLATE = (
    ("1", "Scope"),
    ("2", "Normative references"),
    ("3", "Terms, definitions and abbreviations"),
    ("4", "Targeted communication environments"),
    ("5", "Use of the communication layers for this profile"),
    ("5.1", "Information related to the use of the standards specifying the lower layers"),
    ("5.2", "Structure of the communication profiles"),
    ("5.3", "Lower protocol layers and their use"),
    ("5.4", "Service mapping and adaptation layers"),
    ("5.5", "Registration and connection management"),
    ("6", "Identification and addressing scheme"),
    ("7", "Specific considerations for the application layer services"),
    ("7.1", "Overview"),
    ("7.2", "Application association establishment and release: ACSE services"),
    ("7.3", "xDLMS services"),
    ("7.4", "Security mechanisms"),
    ("7.5", "Transferring long application messages"),
    ("7.6", "Media access, bandwidth and timing considerations"),
    ("7.7", "Other considerations"),
    ("8", "Communication configuration and management"),
    ("9", "The COSEM application process"),
    ("10", "Additional considerations for the use of this profile"),
    ("A", "Annex A (informative): examples"),
    ("B", "Annex B (normative): new interface classes and OBIS codes"),
)
"""The clauses of the template in order; the headings of every document."""

Lines = Iterator[str]


def document(profile: Profile, results: Mapping[str, str] | None = None) -> str:
    """The whole descriptor as Markdown. results: verdict of a run by the check of a statement (rule or
    problem code); it fills the column of the conformance statement, else "not-observed"."""
    head = profile.head
    lines = [f"# {head.title}", ""]
    about: list[tuple[str, object]] = [
        ("Standard", " ".join(part for part in (head.standard, head.edition) if part)),
        ("Technology", head.technology),
        ("Networks", head.networks),
        ("Use cases", head.use_cases),
        ("Descriptor", f"{profile.name}, SHA-256 {profile.sha256}"),
    ]
    if head.based_on is not None:
        about.append(("Based on", f"{head.based_on.name}, SHA-256 {head.based_on.sha256}"))
    lines += facts(about)
    if head.introduction or "introduction" in profile.text:
        lines += ["## Introduction", "", *prose(head.introduction, profile.text.get("introduction", ""))]
    for number, title in TEMPLATE:
        level = "###" if "." in number else "##"
        lines += [f"{level} {title}" if number.isalpha() else f"{level} {number} {title}", ""]
        body = list(CLAUSES[number](profile)) if number in CLAUSES else []
        remarks = list(prose(profile.text.get(number, "")))
        parent = any(other.startswith(number + ".") for other, _ in TEMPLATE)
        lines += [*body, *remarks] if body or remarks or parent else [NOTHING, ""]
        lines += [line for key, text in profile.text.items() if _below(key, number) for line in _sub(key, text)]
    lines += ["## Conformance statement", "", *(list(_statements(profile, results or {})) or [NOTHING, ""])]
    return printable("\n".join(lines).rstrip()) + "\n"


def summary(profile: Profile) -> str:
    """What `profiles show` prints: a page of plain text."""
    head = profile.head
    lines = [
        f"{profile.name}: {head.title}",
        f"  {' '.join(part for part in (head.standard, head.edition, head.technology) if part)}",
        f"  file {profile.path}",
        f"  SHA-256 {profile.sha256}",
    ]
    if head.based_on is not None:
        lines.append(f"  based on {head.based_on.name} ({head.based_on.sha256[:12]})")
    lines += ["stacks"]
    lines += [f"  {stack.name}: {' / '.join(stack.layers)}" for stack in profile.stacks]
    for side, saps in (("clients", profile.clients), ("servers", profile.servers), ("physical", profile.physicals)):
        if saps:
            lines += [side, *(f"  {span(sap):<16} {sap.name} ({sap.use}){widths(sap)}" for sap in saps)]
    lines += ["timing"]
    lines += [f"  {t.rule:<24} {t.kind:<8} {t.subject:<8} {limit(t)}" for t in profile.timing]
    lines += [
        f"{len(profile.roles)} roles, {len(profile.management.object)} management objects, "
        f"{len(profile.process.object)} process objects, {len(profile.examples)} examples, "
        f"{len(profile.statements)} statements"
    ]
    return printable("\n".join(lines)) + "\n"


# --- clauses --------------------------------------------------------------------------------------


def _scope(p: Profile) -> Lines:
    yield from prose(p.head.scope)


def _references(p: Profile) -> Lines:
    for reference in p.references:
        dated = f":{reference.dated}" if reference.dated else ""
        title = f", *{cell(reference.title)}*" if reference.title else ""
        yield f"- {cell(reference.designation)}{dated}{title}"
    if p.references:
        yield ""


def _terms(p: Profile) -> Lines:
    yield from table(("Term", "Definition"), [(t.term, t.definition) for t in p.terms])
    yield from table(("Abbreviation", "Meaning"), [(a.short, a.long) for a in p.abbreviations])


def _environment(p: Profile) -> Lines:
    e = p.environment
    yield from facts(
        [
            ("Networks", e.networks),
            ("Media", e.media),
            ("Interfaces", e.interfaces),
            ("Roles of the devices", e.roles),
            ("Topology", e.topology),
        ]
    )
    yield from prose(e.text)


def _uses(p: Profile) -> Lines:
    rows = [(use.standard, use.clause, use.layer, use.use, use.text) for use in p.layers.use]
    yield from table(("Standard", "Clause", "Layer", "Use", "Remark"), rows)


def _stacks(p: Profile) -> Lines:
    rows = []
    for stack in p.stacks:
        r = stack.recognition
        hints = [f"transport {', '.join(r.transports)}"]
        hints += [f"link types {', '.join(map(str, r.link_types))}"] if r.link_types else []
        hints += [f"ports {', '.join(map(str, r.ports))} (a hint only)"] if r.ports else []
        hints += [f"first octets {' or '.join(r.first_octets)}"] if r.first_octets else []
        hints += [f"commits on {r.check}, else within {r.wait_frames} frames"]
        rows.append((stack.name, stack.title, " / ".join(stack.layers), "; ".join(hints), r.text))
    yield from table(("Stack", "Title", "Layers, lowest first", "Recognition", "Remark"), rows)


def _parameters(p: Profile) -> Lines:
    for layer, stated in p.parameters.items():
        yield f"#### {layer}"
        yield ""
        rows = [(name, *_parameter(parameter)) for name, parameter in stated.items()]
        yield from table(("Parameter", "Default", "Permitted", "Unit", "Negotiated by", "Attribute", "Remark"), rows)


def _parameter(p: Parameter) -> tuple[object, ...]:
    permitted = ", ".join(map(str, p.values))
    if not permitted and (p.min is not None or p.max is not None):
        permitted = f"{'' if p.min is None else p.min} to {'' if p.max is None else p.max}".strip()
    return (plain(p.default), permitted, p.unit, p.negotiated_by, p.mirrors, p.text)


def _adaptation(p: Profile) -> Lines:
    a = p.layers.adaptation
    yield from facts([("Carrier", a.carrier)])
    yield from table(("Service", "Carried by"), list(a.mapping.items()))
    yield from prose(a.text)


def _connection(p: Profile) -> Lines:
    c = p.layers.connection
    yield from facts([("Opened by", c.opens), ("Kept by", c.keeps), ("Ended by", c.ends), ("Visible", c.visible)])
    yield from prose(c.text)


def _addressing(p: Profile) -> Lines:
    a = p.addressing
    yield from facts(
        [
            ("Client address, octets", a.client_octets),
            ("Server address, octets", a.server_octets),
            ("Form", a.form),
            ("Broadcast", a.broadcast),
            ("Calling", a.calling),
        ]
    )
    for side, saps in (("Client", a.client), ("Server", a.server), ("Physical device", a.physical)):
        rows = [(span(s), s.name, s.use, words(s.width), words(s.stacks), s.text) for s in saps]
        yield from table((f"{side} address", "Name", "Use", "Form, octets", "Stacks", "Remark"), rows)
    identifiers = [(i.name, i.octets, i.structure, i.bound_to, i.text) for i in a.identifier]
    yield from table(("Identifier", "Octets", "Structure", "Bound to", "Remark"), identifiers)
    yield from prose(a.text)


def _association(p: Profile) -> Lines:
    a = p.association
    yield from facts(
        [
            ("ACSE", a.acse),
            ("Release", a.release),
            ("Application contexts", a.contexts),
            ("Authentication mechanisms", a.mechanisms),
            ("Associations", a.per_link),
        ]
    )
    yield from prose(a.text)
    rows = [
        (r.client, r.name, words(r.servers) or "any", words(r.context), words(r.mechanism), words(r.suite),
         words(r.policy), words(r.services) or "any", words(r.conformance) or "any", r.max_pdu or "",
         "yes" if r.pre_established else "", r.clause, r.text)
        for r in p.roles
    ]  # fmt: skip
    yield from table(
        ("Client", "Name", "Servers", "Context", "Mechanism", "Suite", "Policy", "Services", "Conformance", "Max PDU",
         "Pre-established", "Clause", "Remark"), rows,
    )  # fmt: skip


def _services(p: Profile) -> Lines:
    s = p.services
    yield from facts(
        [("Confirmed", s.confirmed), ("Unconfirmed", s.unconfirmed), ("Referencing", s.referencing), ("Push", s.push)]
    )
    yield from prose(s.text)


def _security(p: Profile) -> Lines:
    s = p.security
    yield from facts([("Suites", s.suites), ("Policies", s.policies), ("Protected", s.protection)])
    yield from prose(s.text)


def _long_messages(p: Profile) -> Lines:
    m = p.long_messages
    limit = f"{m.max_apdu} octets" if m.max_apdu else ""
    yield from facts([("Methods", m.methods), ("Link segmentation", m.link_segmentation), ("Largest APDU", limit)])
    yield from prose(m.text)


def _timing(p: Profile) -> Lines:
    m = p.media_access
    yield from facts([("Media access", m.method), ("Retries", m.retries), ("Back-off", m.back_off)])
    yield from prose(m.text)
    shares = [
        (b.rule, share(b.min_percent), share(b.max_percent), b.window, b.subject, words(b.stacks), b.clause,
         b.confidence, b.text)
        for b in p.bandwidth
    ]  # fmt: skip
    columns = ("Bandwidth rule", "Min", "Max", "Window", "Subject", "Stacks", "Clause", "Confidence", "Remark")
    yield from table(columns, shares)
    rows = [
        (t.rule, t.kind, t.subject, words(t.stacks), condition(t.when), t.min or "", t.max or "", per(t),
         t.parameter or "", t.clause, t.severity, t.confidence, t.text)
        for t in p.timing
    ]  # fmt: skip
    yield from table(
        ("Timing rule", "Kind", "Subject", "Stacks", "When", "Min", "Max", "Per", "Attribute", "Clause", "Severity",
         "Confidence", "Remark"), rows,
    )  # fmt: skip
    named = dict.fromkeys([t.rule for t in p.timing] + [BANDWIDTH_RULES[b.rule] for b in p.bandwidth])
    events = [(name, RULES[name].start, RULES[name].end, RULES[name].decidable) for name in named]
    yield from table(("Rule", "Starts at", "Ends at", "Decidable with"), events)


def _other(p: Profile) -> Lines:
    yield from table(("Fact", ""), list(p.application.other.facts.items()))
    yield from prose(p.application.other.text)


def _management(p: Profile) -> Lines:
    yield from prose(p.management.text)
    rows = [
        (o.class_id, plain(o.version), o.obis or "", plain(o.attribute), o.name, o.mirrors or "", o.text)
        for o in p.management.object
    ]
    yield from table(("Class", "Version", "Logical name", "Attribute", "Name", "Configures", "Remark"), rows)


def _process(p: Profile) -> Lines:
    yield from prose(p.process.text)
    rows = [
        ("any" if o.ld is None else o.ld, o.class_id, plain(o.version), o.obis, o.use, o.name,
         ", ".join(f"{client}: {rights}" for client, rights in o.access.items()), o.text)
        for o in p.process.object
    ]  # fmt: skip
    columns = ("Logical device", "Class", "Version", "Logical name", "Use", "Name", "Access by client", "Remark")
    yield from table(columns, rows)


def _additional(p: Profile) -> Lines:
    yield from prose(p.additional.text)
    yield from table(("Fact", ""), list(p.additional.facts.items()))


def _examples(p: Profile) -> Lines:
    for number, example in enumerate(p.examples, 1):
        yield f"### A.{number} {example.title}"
        yield ""
        yield from facts(
            [("Origin", example.origin), ("Stack", p.stack(example.stack).name), ("Baud", example.baud or "")]
        )
        rows = []
        for step in example.step:
            e = step.expect
            expected = [e.kind or "", e.apdu or "", *(f"{path} = {value}" for path, value in e.values.items())]
            expected += [f"problem {code}" for code in e.problems]
            expected += [f"{rule}: {verdict}" for rule, verdict in e.verdicts.items()]
            octets = " ".join(f"{octet:02X}" for octet in step.data)
            rows.append(
                (f"{step.at_us / 1000:.3f} ms", step.direction, f"`{octets}`", "; ".join(filter(None, expected)))
            )
        yield from table(("Time", "Direction", "Octets", "Expected"), rows)
        yield from prose(example.text)


def _annex_b(p: Profile) -> Lines:
    for found in p.interface_classes:
        yield f"### Class {found.class_id}, version {found.version}: {cell(found.name)}"
        yield ""
        attributes = [
            (a.id, a.name, a.type, plain(a.min), plain(a.max), plain(a.default), "static" if a.static else "dynamic",
             plain(a.short_name), a.unit)
            for a in found.attribute
        ]  # fmt: skip
        columns = ("Attribute", "Name", "Type", "Min", "Max", "Default", "Kind", "Short name", "Unit")
        yield from table(columns, attributes)
        methods = [
            (m.id, m.name, "mandatory" if m.mandatory else "optional", plain(m.short_name)) for m in found.method
        ]
        yield from table(("Method", "Name", "Use", "Short name"), methods)
        yield from prose(found.text)
    yield from table(
        ("OBIS code", "Name", "Classes", "Unit"), [(o.code, o.name, words(o.class_id), o.unit) for o in p.obis]
    )


CLAUSES = {
    "1": _scope, "2": _references, "3": _terms, "4": _environment, "5.1": _uses, "5.2": _stacks, "5.3": _parameters,
    "5.4": _adaptation, "5.5": _connection, "6": _addressing, "7.2": _association, "7.3": _services, "7.4": _security,
    "7.5": _long_messages, "7.6": _timing, "7.7": _other, "8": _management, "9": _process, "10": _additional,
    "A": _examples, "B": _annex_b,
}  # fmt: skip


def _statements(p: Profile, results: Mapping[str, str]) -> Lines:
    rows = [
        (
            s.id,
            s.clause,
            s.verb,
            s.text,
            s.check,
            "" if s.check == "not-observable" else results.get(s.check, "not-observed"),
        )
        for s in p.statements
    ]
    yield from table(("Id", "Clause", "Verb", "Statement", "Check", "Result"), rows)


def _below(key: str, number: str) -> bool:
    """Whether prose of a sub-clause that the template does not have belongs behind this clause."""
    return key.rpartition(".")[0] == number and all(key != known for known, _ in TEMPLATE)


def _sub(key: str, text: str) -> Lines:
    yield f"#### {key}"
    yield ""
    yield from prose(text)
