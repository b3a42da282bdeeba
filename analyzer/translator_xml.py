"""An APDU as the XML of translators: <GetRequest><GetRequestNormal><InvokeIdAndPriority Value="C1" />…

Made from our own dissected tree; element names as the "simple" output of Gurux's translator has them, so that people
can compare. Numbers are hex as on the wire. A test compares with that translator: AARQ, AARE, RLRQ, RLRE, GET, SET,
ACTION, notifications, exceptions and every data type that it reads. The others (ACCESS, short names, the lists and
blocks that it does not read) have the names of their ASN.1 components in the same spelling.

Differences, on purpose: a password or another secret is "•"; a list keeps its selective access and its errors; a
compact-array has its octets; a damaged APDU has the elements up to the damage and a comment; markup is escaped.
"""

from collections.abc import Iterable, Iterator
from html import escape

from analyzer import trees, words
from analyzer.analysis import Analysis
from analyzer.secrets import DOT
from dissectors.acse_fields import MECHANISMS
from dissectors.cursor import Node
from dissectors.data_types import Data
from dissectors.field import json_value, name_of
from dissectors.layer import walk
from dissectors.layers import LAYERS
from dissectors.problem import Severity
from dissectors.tags import TAGS

# APDUs and their choices; others: their ASN.1 name in the same spelling
APDUS = {
    "aarq": "AssociationRequest",
    "aare": "AssociationResponse",
    "rlrq": "ReleaseRequest",
    "rlre": "ReleaseResponse",
    "get-request-next": "GetRequestForNextDataBlock",
    "get-response-with-datablock": "GetResponsewithDataBlock",
    "set-request-with-first-datablock": "SetRequestFirstDataBlock",
    "set-request-with-datablock": "SetRequestWithDataBlock",
    "set-response-datablock": "SetResponseDataBlock",
    "set-response-last-datablock": "SetResponseWithLastDataBlock",
    "action-response-next-pblock": "ActionResponseNextBlock",
}
ELEMENTS = {
    "apdu.cosem-attribute-descriptor": "AttributeDescriptor",
    "apdu.cosem-attribute-descriptor-with-selection": "AttributeDescriptorWithSelection",
    "apdu.cosem-method-descriptor": "MethodDescriptor",
    "set.datablock": "DataBlock",
    "aarq.sender-acse-requirements": "SenderACSERequirements",
    "aarq.calling-AP-title": "CallingAPTitle",
    "aarq.calling-authentication-value": "CallingAuthentication",
    "aare.responder-acse-requirements": "ResponderACSERequirement",
    "aare.responding-AP-title": "RespondingAPTitle",
    "aare.responding-authentication-value": "RespondingAuthentication",
    "aare.result": "AssociationResult",
    "aare.result-source-diagnostic.acse-service-user": "ACSEServiceUser",
    "aare.result-source-diagnostic.acse-service-provider": "ACSEServiceProvider",
    "initiate-request.client-max-receive-pdu-size": "ProposedMaxPduSize",
    "initiate-response.server-max-receive-pdu-size": "NegotiatedMaxPduSize",
}
TYPES = {
    "null-data": "None", "boolean": "Boolean", "bit-string": "BitString", "double-long": "Int32",
    "double-long-unsigned": "UInt32", "octet-string": "OctetString", "visible-string": "String",
    "utf8-string": "StringUTF8", "bcd": "BCD", "integer": "Int8", "long": "Int16", "unsigned": "UInt8",
    "long-unsigned": "UInt16", "long64": "Int64", "long64-unsigned": "UInt64", "enum": "Enum", "float32": "Float32",
    "float64": "Float64", "date-time": "DateTime", "date": "Date", "time": "Time", "array": "Array",
    "structure": "Structure", "compact-array": "CompactArray",
}  # fmt: skip
# results that it calls otherwise than the standard does
RESULTS = {
    "object-undefined": "UndefinedObject", "object-class-inconsistent": "InconsistentClass",
    "object-unavailable": "UnavailableObject", "type-unmatched": "UnmatchedType",
    "scope-of-access-violated": "AccessViolated", "long-get-aborted": "LongGetOrReadAborted",
    "no-long-get-in-progress": "NoLongGetOrReadInProgress", "long-set-aborted": "LongSetOrWriteAborted",
    "no-long-set-in-progress": "NoLongSetOrWriteInProgress",
}  # fmt: skip
CONTEXTS = {1: "LN", 2: "SN", 3: "LN_WITH_CIPHERING", 4: "SN_WITH_CIPHERING"}
MECHANISM_NAMES = dict(
    zip(MECHANISMS, ("None", "Low", "High", "HighMd5", "HighSha1", "HighGmac", "HighSha256", "HighEcdsa"))
)
# the last octet of an object identifier as a word
IDENTIFIERS = {
    "aarq.application-context-name": CONTEXTS,
    "aare.application-context-name": CONTEXTS,
    "aarq.mechanism-name": MECHANISM_NAMES,
    "aare.mechanism-name": MECHANISM_NAMES,
}
CIPHERED = ("ciphering.ciphered-service", "ciphering.ciphered-content")
# containers that stand as their octets
WHOLE = frozenset(
    (
        *CIPHERED,
        "apdu.invoke-id-and-priority",
        "apdu.long-invoke-id-and-priority",
        "general-block-transfer.block-control",
    )
)
FLAT = frozenset({"action.single-response", "get.get-data-result"})  # containers without an element of their own
HEX = frozenset({"aare.result", "aare.result-source-diagnostic.acse-service-user", "confirmed-service-error.service"})
USER_INFORMATION = "user-information"
AUTHENTICATION = frozenset({"aarq.calling-authentication-value", "aare.responding-authentication-value"})
DATA_RESULTS = frozenset(
    {"get.result", "get.get-data-result", "action.return-parameters"}
)  # CHOICE of Data or an error


def as_xml(analysis: Analysis, no: int) -> str:
    """The APDU of message no (from 1), deciphered and joined where that could be done."""
    m = analysis.message(no)
    context = analysis.run.associations.contexts[m.context]
    found = walk(m.octets, "apdu", LAYERS, context, trace=True)[-1]
    wrong = next((p.text for p in found.problems if p.severity == Severity.ERROR), None)
    made = _Xml(m.octets, trees.hidden(m, analysis.run))
    lines = [*made.apdu(found.tree, m.apdu.name)]
    if wrong is not None:
        lines.append(f"<!-- {words.printable(wrong).replace('--', '- -')} -->")
    return "\n".join(lines) + "\n"


def spelled(name: str) -> str:
    """ "read-write-denied" as ReadWriteDenied."""
    return "".join(part[:1].upper() + part[1:] for part in name.replace("_", "-").replace(".", "-").split("-"))


class _Xml:
    """Lines of one APDU. octets: what the ranges of its nodes refer to."""

    def __init__(self, octets: bytes, mask: bool) -> None:
        self.octets = octets
        self.mask = mask

    def apdu(self, nodes: Iterable[Node], name: str) -> Iterator[str]:
        tree = list(nodes)
        tag = TAGS.get(self.octets[0], name) if self.octets else name
        if tag.startswith(("glo-", "ded-")):
            prefix, _, service = tag.partition("-")
            yield f'<{prefix}_{spelled(service)} Value="{self._content(tree)}" />'
            return
        outer = APDUS.get(tag, spelled(tag))
        inner = APDUS.get(name, spelled(name))
        body = [line for node in tree for line in self.element(node, "")]
        if inner != outer and name != tag:
            body = [f"<{inner}>", *_deeper(body), f"</{inner}>"]
        yield from (f"<{outer}>", *_deeper(body), f"</{outer}>")

    def _content(self, tree: list[Node]) -> str:
        return next((self._value_octets(node).hex().upper() for node in tree if node.field.code in WHOLE), "")

    def element(self, node: Node, parent: str) -> Iterator[str]:
        """The lines of one node."""
        field, code = node.field, node.field.code
        name = ELEMENTS.get(code) or spelled(field.key)
        if field.type == "encoding":
            return
        if code in WHOLE:
            yield _leaf(name, self._value_octets(node).hex().upper())
        elif code in FLAT:
            yield from self._children(node)
        elif code in IDENTIFIERS:
            last = self.octets[node.end - 1] if node.end > node.start else -1
            yield _leaf(name, IDENTIFIERS[code].get(last, str(last)))
        elif field.key == USER_INFORMATION:
            tag = next((child for child in node.children if child.field.code == "apdu.tag"), None)
            inner = spelled(TAGS.get(tag.value, field.key)) if tag is not None else name
            yield from _container(inner, self._children(node))
        elif code in AUTHENTICATION:
            value = next((child.value for child in node.children), b"")
            yield _leaf(name, value if isinstance(value, str) else value.hex().upper())
        elif field.type == "data":
            yield from self._data_field(node, name)
        elif field.type == "list":
            children = [child for child in node.children if child.field.type != "encoding"]
            lines = [line for child in children for line in self.element(child, code)]
            yield from _container(name, lines, len(children))
        elif field.type == "node" or node.children:
            if node.children:
                yield from _container(name, self._children(node))
        elif node.value is not None:
            yield from self._leaf(node, name, parent)

    def _children(self, node: Node) -> Iterator[str]:
        for child in node.children:
            yield from self.element(child, node.field.code)

    def _leaf(self, node: Node, name: str, parent: str) -> Iterator[str]:
        field, value = node.field, node.value
        if field.bits is not None and field.key.endswith("conformance"):
            bits = json_value(field, value)
            yield from _container(name, [f'<ConformanceBit Name="{spelled(bit)}" />' for bit in bits])
        elif field.bits is not None:
            yield _leaf(name, f"{value:X}")
        elif field.names is not None and field.code not in HEX:
            error = field.key == "data-access-result" and parent in DATA_RESULTS
            word = name_of(field, value)
            yield _leaf("DataAccessError" if error else name, RESULTS.get(word) or spelled(word))
        elif field.key == "dedicated-key":
            yield _leaf(name, value)
        elif field.key == "response-allowed":
            if node.end - node.start > 1:  # else the default
                yield _leaf(name, str(bool(value)))
        elif isinstance(value, (bytes, bytearray)):
            hidden = self.mask and field.key == "raw-data"
            yield _leaf(name, DOT * len(value) if hidden else value.hex().upper())
        elif field.type == "text":
            yield _leaf(name, str(value))
        else:  # a number: its last octets, where a tag and a length stand before it
            octets = self.octets[node.start : node.end]
            yield _leaf(name, f"{value:02X}" if field.code in HEX else octets.hex().upper())

    def _value_octets(self, node: Node) -> bytes:
        """The octets of a whole node, those of ciphered ones without their length."""
        inner = node.field.code in CIPHERED and node.children
        return self.octets[node.children[0].start if inner else node.start : node.end]

    # -- Data --------------------------------------------------------------------------------------------

    def _data_field(self, node: Node, name: str) -> Iterator[str]:
        """A component that is a Data: elements of lists stand alone, others in an element of their own."""
        body = list(self.data(node))
        if body:
            yield from body if node.field.code == "data.element" else _container(name, body)

    def data(self, node: Node) -> Iterator[str]:
        """One Data."""
        found = node.value
        if not isinstance(found, Data):
            return
        name = TYPES.get(found.type) or spelled(found.type)
        if isinstance(found.value, list) and found.type != "compact-array":
            parts = [line for child in node.children for line in self.data(child)]
            yield from _container(name, parts, len(found.value))
        elif found.type == "null-data":
            yield f"<{name} />"
        else:
            yield _leaf(name, DOT if self.mask else self._scalar(found, node))

    def _scalar(self, found: Data, node: Node) -> str:
        value = found.value
        if found.type == "boolean":
            return str(value)
        if found.type == "utf8-string":
            return str(value).encode("utf-8", "replace").hex(" ").upper()
        if isinstance(value, str) and not found.type.startswith("float"):
            return value
        return self.octets[node.start + 1 : node.end].hex().upper()


def _leaf(name: str, value: str) -> str:
    return f'<{name} Value="{escape(words.printable(value))}" />'


def _container(name: str, lines: Iterable[str], quantity: int = -1) -> Iterator[str]:
    yield f'<{name} Qty="{quantity:02X}" >' if quantity >= 0 else f"<{name}>"
    yield from _deeper(lines)
    yield f"</{name}>"


def _deeper(lines: Iterable[str]) -> Iterator[str]:
    return ("  " + line for line in lines)
