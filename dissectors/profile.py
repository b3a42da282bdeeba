"""Profile: a communication profile descriptor (TOML, the clauses of IEC TS 62056-1-1), loaded and checked.

`load` reads a file, `builtin` the profiles that come with the program, `find` either by name or path.
All faults are UsageErrors of one line: file, key path ("$.addressing.client[0].sap"), what was expected.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from dissectors.duration import Duration
from dissectors.errors import UsageError
from dissectors.link import hdlc
from dissectors.profile_check import faults
from dissectors.profile_parameters import CARRIERS, LAYER_NAMES, PARAMETERS, LayerParameters, Parameter, Scalar
from dissectors.profile_types import Document, Example, Sap, Stack, Timing

AT = re.compile(r"(.*) - at (?:`key` in )?`([^`]*)`$", re.DOTALL)
FIELD = re.compile(r"Object (contains unknown|missing required) field `([^`]*)`(.*)", re.DOTALL)
FIXED_LAYER_TABLES = ("use", "adaptation", "connection")
"""Tables of [layers] that are clauses; every other one holds the parameters of the layer that names it."""

MAX_FILE_OCTETS = 4 << 20
T = TypeVar("T")


class Profile:
    """A checked descriptor. The tables are plain attributes; lookups of addresses are cached.

    document: everything as decoded. path: where the text came from. sha256: of the file's octets.
    parameters: by layer, then by name."""

    def __init__(
        self, document: Document, parameters: dict[str, dict[str, Parameter]], path: str, octets: bytes
    ) -> None:
        self.document = document
        self.parameters = parameters
        self.path = path
        self.octets = octets
        self.sha256 = hashlib.sha256(octets).hexdigest()
        self.name = document.profile.name
        self.title = document.profile.title
        self.head = document.profile
        self.references = document.reference
        self.terms = document.term
        self.abbreviations = document.abbreviation
        self.environment = document.environment
        self.layers = document.layers
        self.stacks = document.stack
        self.addressing = document.addressing
        self.clients = document.addressing.client
        self.servers = document.addressing.server
        self.physicals = document.addressing.physical
        self.identifiers = document.addressing.identifier
        self.application = document.application
        self.association = document.application.association
        self.roles = document.application.role
        self.services = document.application.services
        self.security = document.application.security
        self.long_messages = document.application.long_messages
        self.media_access = document.application.media_access
        self.bandwidth = document.application.bandwidth
        self.timing = document.application.timing
        self.management = document.management
        self.process = document.process
        self.additional = document.additional
        self.examples = document.example
        self.interface_classes = document.interface_class
        self.obis = document.obis
        self.text = document.text
        self.statements = document.statement
        self._found: dict[tuple[str, int, int, str], Sap | None] = {}

    def __repr__(self) -> str:
        return f"Profile({self.name!r}, {self.path!r})"

    def client(self, sap: int, stack: str = "") -> Sap | None:
        """The entry of [[addressing.client]] that a client address falls into."""
        return self._sap("client", self.clients, sap, 0, stack)

    def server(self, sap: int, width: int = 0, stack: str = "") -> Sap | None:
        """The entry of [[addressing.server]]. width: octets of the HDLC server address form (1, 2, 4), 0 unknown."""
        return self._sap("server", self.servers, sap, width, stack)

    def physical(self, lower: int, width: int = 0, stack: str = "") -> Sap | None:
        """The entry of [[addressing.physical]] for an HDLC lower address in the form of width octets (2, 4)."""
        return self._sap("physical", self.physicals, lower, width, stack)

    def _sap(self, side: str, saps: Sequence[Sap], value: int, width: int, stack: str) -> Sap | None:
        key = (side, value, width, stack)
        try:
            return self._found[key]
        except KeyError:
            found = self._found[key] = next((sap for sap in saps if _holds(sap, value, width, stack)), None)
            return found

    def parameter(self, layer: str, name: str) -> Parameter | None:
        """A layer's parameter as this profile states it, None where it does not."""
        return self.parameters.get(layer, {}).get(name)

    def default(self, layer: str, name: str) -> Scalar | None:
        """The value of a layer's parameter until something else is agreed; None where the profile states none."""
        parameter = self.parameter(layer, name)
        return None if parameter is None else parameter.default

    def integer(self, layer: str, name: str, otherwise: int) -> int:
        """The default of a numeric parameter, or `otherwise` where the profile states none."""
        value = self.default(layer, name)
        return value if isinstance(value, int) else otherwise

    def hdlc_parameters(self) -> hdlc.Parameters:
        """[layers.hdlc] as the HDLC layer reads it; what the profile does not state is the layer's own default."""
        standard = hdlc.Parameters()
        found: dict[str, Any] = {}
        for name in standard.__struct_fields__:
            stated, own = self.parameter("hdlc", name), getattr(standard, name)
            if stated is None or not isinstance(stated.default, int):
                continue
            if isinstance(own, hdlc.Limit):
                low = own.min if stated.min is None else stated.min
                high = own.max if stated.max is None else stated.max
                found[name] = hdlc.Limit(stated.default, low, high, stated.unit, stated.negotiated_by, stated.mirrors)
            else:
                found[name] = stated.default
        return msgspec.structs.replace(standard, **found)

    def announced(self, class_id: int, attribute: int) -> tuple[str, str, Parameter] | None:
        """(layer, name, parameter) that a COSEM attribute configures; its range is what may be announced."""
        return self._mirrors.get(f"{class_id}.{attribute}")

    @cached_property
    def _mirrors(self) -> dict[str, tuple[str, str, Parameter]]:
        found: dict[str, tuple[str, str, Parameter]] = {}
        for item in self.management.object:
            if item.mirrors is not None:
                _, layer, name = item.mirrors.split(".")
                found[f"{item.class_id}.{item.attribute}"] = (layer, name, self.parameters[layer][name])
        for layer, stated in self.parameters.items():
            for name, parameter in stated.items():
                if parameter.mirrors:
                    found.setdefault(parameter.mirrors, (layer, name, parameter))
        return found

    def stack(self, name: str | None = None) -> Stack:
        """A stack by name, the first one without a name."""
        return next((stack for stack in self.stacks if stack.name == name), self.stacks[0])

    def timing_of(self, stack: str = "") -> tuple[tuple[int, Timing], ...]:
        """(index into timing, rule) of the rules that hold for a stack; all rules without a name."""
        return tuple(
            (i, rule) for i, rule in enumerate(self.timing) if not stack or not rule.stacks or stack in rule.stacks
        )

    def example_layer(self, example: Example) -> str:
        """The layer of the first octet of an example's steps."""
        if example.layer is not None:
            return example.layer
        layers = self.stack(example.stack).layers
        return next((name for name in layers if name not in CARRIERS), layers[0])


def _holds(sap: Sap, value: int, width: int, stack: str) -> bool:
    return (
        sap.low <= value <= sap.high
        and (not width or not sap.width or width in sap.width)
        and (not stack or not sap.stacks or stack in sap.stacks)
    )


def parse(
    octets: bytes,
    path: str,
    parameters: Mapping[str, type[LayerParameters]] = PARAMETERS,
    layer_names: frozenset[str] = LAYER_NAMES,
) -> Profile:
    """A Profile from the octets of a TOML file; path only names it in errors. Raises UsageError."""
    try:
        tree = tomllib.loads(octets.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: expected UTF-8 text, octet {error.start} is not") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _refuse(path, f"expected TOML, {str(error) or 'nested too deeply'}") from None
    own = _take_layers(tree, parameters, path)
    document = _convert(tree, Document, "", path)
    stated = {name: _convert(table, parameters[name], f".layers.{name}", path).items() for name, table in own.items()}
    found = list(faults(document, stated, layer_names))
    if found:
        (key, expected), more = found[0], len(found) - 1
        raise _refuse(path, f"{key}: {expected}" + (f" (and {more} more)" if more else ""))
    return Profile(document, stated, path, octets)


def _take_layers(tree: dict[str, Any], known: Mapping[str, object], path: str) -> dict[str, Any]:
    """Removes the parameter tables of single layers from the tree, and gives them."""
    layers = tree.get("layers", {})
    if not isinstance(layers, dict):
        return {}
    own = {name: layers.pop(name) for name in list(layers) if name not in FIXED_LAYER_TABLES}
    for name in own:
        if name not in known:
            expected = ", ".join((*FIXED_LAYER_TABLES, *known))
            raise _refuse(path, f"$.layers.{name}: expected one of {expected}")
    return own


def _convert(value: Any, type: type[T], prefix: str, path: str) -> T:
    try:
        return msgspec.convert(value, type, dec_hook=_special)
    except msgspec.ValidationError as error:
        raise _refuse(path, _explain(str(error), prefix)) from None


def _special(type: Any, value: Any) -> Any:
    """Durations, the only type of our own; their ValueError becomes msgspec's error with the key path."""
    if not isinstance(value, str):
        raise ValueError(f'expected a limit as text like "50 ms", found {value!r}')
    return Duration(value)


def _refuse(path: str, fault: str) -> UsageError:
    """The error of one line: what a file says of itself may hold control characters."""
    text = f"{path}: {fault}"
    return UsageError("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text))


def _explain(message: str, prefix: str) -> str:
    """msgspec's message with the key path in front: "$.stack[0].name: Expected `str`, got `int`"."""
    match = AT.fullmatch(message)
    what, key = (match[1], match[2]) if match else (message, "$")
    key = "$" + prefix + key.removeprefix("$")
    field = FIELD.fullmatch(what)
    if field is not None:
        fault = "unknown key" if field[1].startswith("contains") else "required key is missing"
        return f"{key}.{field[2]}: {fault}"
    return f"{key}: {what}"


def load(path: str | Path) -> Profile:
    """A Profile from a file. UsageError when it cannot be read or is wrong."""
    try:
        octets = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path}: expected a communication profile (TOML): {reason}") from None
    if len(octets) > MAX_FILE_OCTETS:
        raise UsageError(f"{path}: expected a communication profile of at most {MAX_FILE_OCTETS} octets")
    return parse(octets, str(path))


class Builtin(Mapping[str, Profile]):
    """The profiles that come with the program by name, each loaded when first asked for."""

    def __init__(self) -> None:
        folder = resources.files("dissectors") / "profiles"
        self._files = {
            file.name.removesuffix(".toml"): file
            for file in sorted(folder.iterdir(), key=lambda file: file.name)
            if file.name.endswith(".toml")
        }
        self._loaded: dict[str, Profile] = {}

    def __getitem__(self, name: str) -> Profile:
        if name not in self._loaded:
            file = self._files[name]
            self._loaded[name] = parse(file.read_bytes(), str(file))
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


@cache
def builtin() -> Builtin:
    """The shipped profiles, dissectors/profiles/*.toml."""
    return Builtin()


def find(name_or_path: str | Path) -> Profile:
    """A shipped profile by name, or else a file by path. UsageError when it is neither."""
    name = str(name_or_path)
    if name in builtin():
        return builtin()[name]
    if not Path(name).exists():
        raise UsageError(f"{name}: expected a profile file or one of {', '.join(builtin())}")
    return load(name_or_path)
