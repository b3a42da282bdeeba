"""JSON lines of messages, fast: the same object as rows.row("message", …), written by templates.

Most messages are one of a few shapes whose parts repeat: who talks (cached by association), which
object (cached by target), short APDUs (their `fields` cached by octets). Everything else goes
through rows.row. A test holds both equal, line by line.
"""

from typing import Any

import msgspec

from analyzer import rows, words
from analyzer.model import Message
from analyzer.run import Run
from analyzer.secrets import secret
from dissectors import quickdata
from dissectors.cursor import Stop
from dissectors.record import DIRECTION_NAMES

encode = msgspec.json.Encoder().encode
SHORT = 160  # octets of the APDUs whose `fields` are cached whole: requests, plain responses, AARQ and AARE
CACHED = 8192
HEAD = b'{"no":%d,"frames":[%s],"time":"%s","time_ns":%d,"end_ns":%s,"uncertainty_ns":%s,'
WHAT = (
    b'"apdu":"%s","invoke_id":%s,%s"items":null,"result":%s,"data":%s,"text":%s,"security":%s,'
    b'"fields":%s,"problems":%s}\n'
)
RESPONSE = "get-response-normal"


class MessageLines:
    """A callable: the JSON line of a message."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._ends: dict[tuple[int, ...], bytes] = {}
        self._objects: dict[int, tuple[Any, bytes]] = {}
        self._fields: dict[tuple[bytes, int], bytes] = {}
        self._invoke: dict[bytes, bytes] = {}

    def __call__(self, m: Message) -> bytes:
        apdu = m.apdu
        p = m.pdu
        octets = m.octets
        name = apdu.name
        where = apdu.data
        valued = name == RESPONSE and where is not None and apdu.invoke_id >= 0
        hidden = where is not None and m.target is not None and secret(m.target)
        if (
            hidden
            or m.joined is not None
            or apdu.items is not None
            or p.first_ns is None
            or not (valued or len(octets) <= SHORT)
        ):
            return encode(rows.row("message", m, self.run)) + b"\n"
        key = (p.path.number, p.direction, m.association, p.client, p.server, p.physical, p.channel)
        ends = self._ends.get(key)
        if ends is None:
            if len(self._ends) > CACHED:
                self._ends.clear()
            ends = self._ends[key] = self._who(m)
        target = m.target
        found = self._objects.get(id(target))
        if found is None:
            if len(self._objects) > CACHED:
                self._objects.clear()
            found = self._objects[id(target)] = (target, self._object(m))
        data = b"null"
        if where is not None:
            try:
                data = quickdata.json(octets[where[0] : where[1]])
            except Stop:
                valued = False
        if valued:
            invoke = self._invoke.get(octets[:4])
            if invoke is None:
                whole = rows.fields_of(m, self.run)
                inner = encode(whole["invoke-id-and-priority"])
                invoke = self._invoke[octets[:4]] = b'{"invoke-id-and-priority":' + inner + b',"result":{"data":'
            fields = invoke + data + b"}}"
        else:
            cached = self._fields.get((octets, m.context))
            if cached is None:
                if len(self._fields) > CACHED:
                    self._fields.clear()
                cached = self._fields[octets, m.context] = encode(rows.fields_of(m, self.run))
            fields = cached
        text = self.run.text(m)
        u = p.uncertainty_ns
        frames = m.frames
        numbers = b"%d" % frames[0] if len(frames) == 1 else ",".join(map(str, frames)).encode()
        head = HEAD % (
            m.no,
            numbers,
            (words.iso(p.first_ns) or "").encode(),
            p.first_ns,
            b"null" if p.last_ns is None else b"%d" % p.last_ns,
            b"null" if u is None else b"%d" % u,
        )
        what = WHAT % (
            name.encode(),
            b"null" if apdu.invoke_id < 0 else b"%d" % apdu.invoke_id,
            found[1],
            encode(apdu.result),
            data,
            b"null" if text is None else encode(text),
            b"null" if m.security is None else encode(self.run.security(m)),
            fields,
            encode(rows.message_problems(m, self.run)) if self.run.problems(m) else b"[]",
        )
        return head + ends + what

    def _who(self, m: Message) -> bytes:
        p = m.pdu
        client, server = rows.message_ends(m)
        shown = {
            "profile": p.profile or None,
            "channel": str(p.channel),
            "direction": DIRECTION_NAMES[p.direction],
            "association": m.association or None,
            "client": rows.none_if(p.client),
            "server": rows.none_if(p.server),
            "physical": rows.none_if(p.physical),
            "client_address": client,
            "server_address": server,
        }
        return encode(shown)[1:-1] + b","

    def _object(self, m: Message) -> bytes:
        class_id, obis, attribute, method = rows.target_of(m)
        shown = {"class_id": class_id, "obis": obis, "attribute": attribute, "method": method}
        return encode(shown)[1:-1] + b","
