"""Layer: one protocol layer as a table entry; walk: octets through layers, each caught on its own."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from dissectors.context import Context
from dissectors.cursor import Cursor, Node, Stop, Trace
from dissectors.field import Field
from dissectors.problem import INTERNAL, Kind, Problem

LOG = logging.getLogger(__name__)
MAX_LAYERS = 16


class Layer(msgspec.Struct, frozen=True):
    """name; the standard's clause; dissect(cursor, context) -> value; inner(value) -> (next layer's
    name, (start, end)) or None; short: the problem kind of a read past the end; fields: every
    Field of the layer, for `cosemscope fields`."""

    name: str
    clause: str
    dissect: Callable[[Cursor, Context], Any]
    short: Kind
    fields: tuple[Field, ...] = ()
    inner: Callable[[Any], tuple[str, tuple[int, int]] | None] = lambda value: None
    parameters: type | None = None  # msgspec struct of the layer's parameters in a profile, [layers.NAME]
    called: Callable[[bytes], str] | None = None  # the name to report, from the layer's octets (ACSE or xDLMS)


class Dissected(msgspec.Struct, frozen=True):
    """One layer's result. value is None when the layer stopped; tree is empty without trace."""

    layer: str
    start: int
    end: int
    value: Any
    problems: tuple[Problem, ...]
    tree: tuple[Node, ...] = ()


def walk(
    octets: bytes,
    first: str,
    layers: Mapping[str, Layer],
    context: Context,
    trace: bool = False,
    start: int = 0,
    end: int | None = None,
    buffer: str = "frame",
) -> tuple[Dissected, ...]:
    """Dissects octets layer by layer. Never raises for any octets: a stop ends its own layer, an
    error of ours becomes the problem `internal` and is logged. The rest shows as undissected."""
    out: list[Dissected] = []
    name: str | None = first
    stop = len(octets) if end is None else end
    while name is not None and len(out) < MAX_LAYERS:
        layer = layers.get(name)
        if layer is None:
            break
        c = (Trace if trace else Cursor)(octets, start, stop, layer.short, buffer)
        value = None
        try:
            value = layer.dissect(c, context)
        except Stop as stopped:
            c.problems += (stopped.problem,)
        except Exception as error:
            LOG.exception("layer %s", name)
            c.problems += (Problem(INTERNAL, c.pos, stop, (name, type(error).__name__), buffer),)
        tree = tuple(c.finish()) if isinstance(c, Trace) else ()
        called = name if layer.called is None else layer.called(octets[start : start + 1])
        out.append(Dissected(called, start, stop, value, c.problems, tree))
        following = layer.inner(value) if value is not None else None
        if following is None:
            break
        name, (start, stop) = following
    return tuple(out)
