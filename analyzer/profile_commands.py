"""profiles list | show | check | doc | new | diff: text for the command line."""

import argparse

from analyzer import profile_doc
from dissectors import profile
from dissectors.errors import UsageError


def run(args: argparse.Namespace) -> tuple[str, bool]:
    """(what to print, whether all is well)."""
    action = args.action
    if action == "list":
        lines = [f"{p.name:<14} {p.title}  ({p.head.standard})" for p in profile.builtin().values()]
        return "\n".join(lines), True
    if action == "show":
        return profile_doc.summary(profile.find(args.name)), True
    if action == "doc":
        return profile_doc.document(profile.find(args.name)), True
    if action == "new":
        return profile_doc.new(args.name, profile.find(args.base)), True
    if action == "diff":
        lines = profile_doc.diff(profile.find(args.name), profile.find(args.other))
        return "\n".join(lines) if lines else "no difference", True
    if not args.all and not args.name:
        raise UsageError("profiles check: expected FILE or --all")
    found = list(profile.builtin().values()) if args.all else [profile.find(args.name)]
    out: list[str] = []
    good = True
    for each in found:
        wrong = profile_doc.check(each)
        good = good and not wrong
        steps = sum(len(example.step) for example in each.examples)
        out.append(
            f"{each.name}: " + ("ok" if not wrong else f"{len(wrong)} problems") + f", {steps} example steps run"
        )
        out += [f"  {line}" for line in wrong]
    return "\n".join(out), good
