"""Vectors: octets in, layers, values and problems out; one file a case under tests/vectors/<layer>/.

    title = "…"; source = "where it is from"; octets = "hex"
    direction = "client-to-server" | "server-to-client" | "unknown" (default)
    layers = ["hdlc", "llc", "xdlms"]; problems = ["hdlc.fcs"]        (codes, in order; notes too)
    [values] "hdlc.length" = 25                                       (field code = value or text)

A new case needs no Python.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dissectors.context import Context
from dissectors.cursor import Node
from dissectors.field import json_value, text_value
from dissectors.layer import walk
from dissectors.layers import LAYERS
from dissectors.record import DIRECTION_NAMES

FOLDER = Path(__file__).parent / "vectors"
CASES = sorted(FOLDER.glob("*/*.toml"))
KEYS = {"title", "source", "octets", "direction", "layers", "problems", "values"}


def flat(nodes: tuple[Node, ...] | list[Node]) -> list[Node]:
    return [found for node in nodes for found in (node, *flat(node.children))]


@pytest.mark.parametrize("path", CASES, ids=[f"{p.parent.name}/{p.stem}" for p in CASES])
def test_vector(path: Path) -> None:
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    assert set(case) <= KEYS and {"title", "source", "octets", "layers"} <= set(case)
    octets = bytes.fromhex(case["octets"])
    context = Context(direction=DIRECTION_NAMES.index(case.get("direction", "unknown")))
    found = walk(octets, path.parent.name, LAYERS, context, trace=True)
    assert [layer.layer for layer in found] == case["layers"]
    assert [p.kind.code for layer in found for p in layer.problems] == case.get("problems", [])
    nodes = flat([node for layer in found for node in layer.tree])
    for code, wanted in case.get("values", {}).items():
        seen: list[Any] = []
        for node in nodes:
            if node.field.code == code:
                text = node.text if node.text is not None else text_value(node.field, node.value)
                seen += [node.value, json_value(node.field, node.value), text]
        assert wanted in seen, f"{code}: {seen}"


def test_every_layer_of_the_two_profiles_has_a_vector() -> None:
    assert {path.parent.name for path in CASES} >= {"wrapper", "hdlc", "llc", "acse", "xdlms", "mbus"}
