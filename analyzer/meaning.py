"""Meaning: values in words and tables, with what the capture has told so far and what a person gave.

Learned per server, in the order of messages: scalers and units, columns of profiles, templates of compact
data, object lists, push lists, names, image transfers. What was not seen is never guessed: a register
without its scaler is "unscaled". A message is learned once; asking again in any order gives words with
what is known then.
"""

from collections.abc import Mapping

from analyzer import selection, short_names, value_table
from analyzer.known_objects import KnownObjects
from analyzer.learned import TEACHES, Device, Server, learn_action
from analyzer.model import Message, Target
from analyzer.object_checks import Checks
from analyzer.secrets import secret
from analyzer.selection import Selection
from analyzer.table import Table
from analyzer.value_text import LISTED, build_at, element_text, long_text, push_text, value_text
from dissectors.apdu import Item
from dissectors.cosem import classes, obis, parameters, pushed, units
from dissectors.cosem.classes import Extra
from dissectors.cosem.pushed import Element
from dissectors.data import Data
from dissectors.data_types import ARRAY, COMPACT_ARRAY, SIGNED, STRUCTURE, WIDTHS
from dissectors.data_types import INTEGERS as INTEGER_TAGS
from dissectors.problem import APDU_NOTIFICATION_TIME, Problem
from dissectors.profile import Profile
from dissectors.record import Direction

LONGEST = 64  # octets of a value whose words are kept for the next time
KEPT = 256  # words kept of one attribute
MAX_WAITING = 4096  # requests remembered for their responses
NESTED = frozenset((ARRAY, STRUCTURE, COMPACT_ARRAY))
TO_SERVER = int(Direction.TO_SERVER)
_INTEGER = {tag: (1 + WIDTHS[tag], tag in SIGNED) for tag in INTEGER_TAGS}
_SCALED: dict[tuple[int, int], tuple[int, int, str]] = {}  # (scaler, unit) → divisor, digits, suffix

__all__ = ["Meaning", "Server", "data_of", "server_of"]


def scaled_text(raw: int, scaler: int, unit: int) -> str:
    """The same as units.scaled for integers, several times faster."""
    form = _SCALED.get((scaler, unit))
    if form is None:
        sign = units.symbol(unit)
        kilo = scaler == 3 and unit in units.KILO
        digits = 0 if kilo else -scaler
        suffix = f" {'k' if kilo else ''}{sign}" if sign else ""
        form = _SCALED[scaler, unit] = (10 ** min(abs(digits), units.LONGEST), digits, suffix)
    power, digits, suffix = form
    if not digits:
        return f"{raw}{suffix}"
    if not 0 < digits <= units.LONGEST:
        return units.scaled(raw, scaler, unit)
    whole, rest = divmod(-raw if raw < 0 else raw, power)
    return f"{'-' if raw < 0 else ''}{whole}.{rest:0{digits}d}{suffix}"


class Plan:
    """What is known of one attribute or method before any value: how its values are read. met: servers seen with it."""

    __slots__ = ("extra", "met", "scaler_at", "secret", "target", "teaches", "texts")

    def __init__(self, target: Target, extra: Extra) -> None:
        self.target = target  # kept, so that its id stays its own
        self.extra = extra
        attribute = target.attribute
        self.scaler_at = classes.scaler_attribute(target.class_id, attribute) if attribute is not None else None
        self.secret = secret(target, extra)
        place = (target.class_id, attribute or 0)
        self.teaches = place in TEACHES if attribute is not None else target.class_id == 18 and target.method in (1, 2)
        self.texts: dict[bytes, str | None] = {}
        self.met: set[tuple[int, int, int]] = set()


class Meaning:
    """Learns from the messages it is shown, in order; text, table and problems may be asked for at any time."""

    def __init__(self, profiles: Mapping[str, Profile], known: KnownObjects | None = None) -> None:
        self.profiles = profiles
        self.known = known if known is not None else KnownObjects()
        self.devices: dict[Server, Device] = {}
        self._at: dict[tuple[int, int, int], Device] = {}
        self._extras: dict[str, Extra] = {}
        self._plans: dict[str, dict[int, Plan]] = {}
        self._last = 0  # messages up to here were learned
        self._selections: dict[int, tuple[Selection, ...]] = {}
        self._waiting: dict[int, Message] = {}  # SET requests that teach once they succeed
        self._asked: dict[int, tuple[Item, ...]] = {}  # items of requests with short names
        self._pushed: tuple[int, tuple[Element, ...]] = (0, ())
        self._checks = Checks()

    # -- who and what ----------------------------------------------------------------------------------

    def extra(self, profile: str) -> Extra:
        """Classes and codes that a profile adds (its Annex B)."""
        found = self._extras.get(profile)
        if found is None:
            p = self.profiles.get(profile)
            adds = p is not None and (p.interface_classes or p.obis)
            found = classes.extra_of(p.interface_classes, p.obis) if p is not None and adds else classes.EMPTY
            self._extras[profile] = found
        return found

    def device(self, m: Message) -> Device:
        """What is known of the message's server."""
        pdu = m.pdu
        place = (pdu.path.number, pdu.server, pdu.physical)
        found = self._at.get(place)
        if found is None:
            server = server_of(m)
            found = self.devices.get(server)
            if found is None and m.apdu.role == "unsolicited":
                found = self._same_host(server)
            if found is None:
                found = self.devices[server] = Device(server, self.known)
            self._at[place] = found
        return found

    def _same_host(self, server: Server) -> Device | None:
        """A push comes from a port of its own: the one device of this host with the same logical device."""
        host = server[0].rpartition(":")[0]
        near = [d for s, d in self.devices.items() if s[1] == server[1] and host and s[0].rpartition(":")[0] == host]
        return near[0] if len(near) == 1 else None

    def _plan(self, profile: str, target: Target) -> Plan:
        plans = self._plans.get(profile)
        if plans is None:
            plans = self._plans[profile] = {}
        plan = plans.get(id(target))
        if plan is None:
            if len(plans) > 65536:
                plans.clear()
            plan = plans[id(target)] = Plan(target, self.extra(profile))
        return plan

    # -- learning --------------------------------------------------------------------------------------

    def learn(self, m: Message) -> None:
        """Takes what this message tells; a message that was learned (or came before one) is passed over."""
        if m.no <= self._last:
            return
        self._last = m.no
        target = m.target
        apdu = m.apdu
        if target is None or apdu.items is not None:
            if apdu.items is not None:
                self._learn_items(m)
            elif apdu.data is not None and apdu.service == "data-notification":
                self._learn_push(m)
            return
        plan = self._plan(m.pdu.profile, target)
        pdu = m.pdu
        place = (pdu.path.number, pdu.server, pdu.physical)
        if place not in plan.met:
            plan.met.add(place)
            self.device(m).classes.setdefault(target.obis, target.class_id)
        if apdu.role == "request":
            if selection.there(m):
                self._remember(m)
            if plan.teaches and apdu.data is not None:
                self._learn_request(m, target)
        elif plan.teaches:
            self._learn_answer(m, target)

    def _remember(self, m: Message) -> None:
        found = selection.selections(m)
        if found:
            if len(self._selections) >= MAX_WAITING:
                del self._selections[next(iter(self._selections))]
            self._selections[m.no] = found

    def _learn_request(self, m: Message, target: Target) -> None:
        if m.apdu.service == "action" and target.method is not None:
            data = data_of(m)
            if data is not None:
                times = (m.pdu.first_ns, m.pdu.last_ns)
                learn_action(self.device(m), target.class_id, target.obis, target.method, data, times)
        elif m.apdu.service == "set":
            if len(self._waiting) >= MAX_WAITING:
                del self._waiting[next(iter(self._waiting))]
            self._waiting[m.request if m.joined is not None and m.request else m.no] = m

    def _learn_answer(self, m: Message, target: Target) -> None:
        asked = self._waiting.pop(m.request, None)
        said = asked if m.apdu.data is None else m
        if said is None or m.apdu.result not in ("success", None) or target.attribute is None:
            return
        data = data_of(said)
        if data is not None:
            whole = m.request not in self._selections
            device = self.device(m)
            if device.learn(target.class_id, target.obis, target.attribute, data, m.pdu.client, whole):
                self._plan(m.pdu.profile, target).texts.clear()

    def items(self, m: Message) -> tuple[Item, ...]:
        """The items of a list or short-name service, with their objects as far as they are known."""
        return short_names.items(m, self.device(m).short_names, self._asked.get(m.request, ()))

    def _learn_items(self, m: Message) -> None:
        if m.apdu.role == "request":
            if selection.there(m):
                self._remember(m)
            if m.apdu.service in ("read", "write") and m.apdu.items and m.no not in self._asked:
                if len(self._asked) >= MAX_WAITING:
                    del self._asked[next(iter(self._asked))]
                self._asked[m.no] = m.apdu.items
            return
        device = self.device(m)
        for item in self.items(m):
            if item.class_id >= 0:
                device.classes.setdefault(item.obis, item.class_id)
            if item.attribute is None or (item.class_id, item.attribute) not in TEACHES or item.data is None:
                continue
            data = build_at(m.values, *item.data) if item.result in ("success", None) else None
            if data is not None:
                device.learn(item.class_id, item.obis, item.attribute, data, m.pdu.client)

    def _learn_push(self, m: Message) -> None:
        device = self.device(m)
        data = data_of(m)
        if data is None:
            return
        own = pushed.head(data)
        setup = next((one.obis for one in own if one.class_id == 40), b"")
        if own:
            device.pushes[setup] = own
        for one in self._elements(m, data):
            if one.class_id >= 0 and one.attribute is not None and not one.index:
                device.learn(one.class_id, one.obis, one.attribute, one.data, m.pdu.client)
            elif one.scaling is not None and not one.source:
                device.scalers.setdefault((one.obis, 3), one.scaling)

    def _elements(self, m: Message, data: Data | None = None) -> tuple[Element, ...]:
        """The elements of a data-notification; those of the last one asked for are kept."""
        if self._pushed[0] != m.no:
            data = data if data is not None else data_of(m)
            kaifa = any(p.kind is APDU_NOTIFICATION_TIME for p in m.problems)
            lists = self.device(m).pushes.values()
            self._pushed = (m.no, () if data is None else pushed.elements(data, lists, kaifa))
        return self._pushed[1]

    def elements(self, m: Message) -> tuple[Element, ...]:
        """What a data-notification carries, named as far as it is known; () for other messages."""
        if m.apdu.service != "data-notification" or m.apdu.data is None:
            return ()
        self.learn(m)
        return self._elements(m)

    def scaler(self, m: Message, target: Target) -> tuple[int, int] | None:
        """(scaler, unit) of the object, None where they were neither seen nor given."""
        return self.device(m).scaling(target.class_id, target.obis, target.attribute)

    # -- words -----------------------------------------------------------------------------------------

    def text(self, m: Message) -> str | None:
        """The meaning of a message's value in one line, None where it has none beyond the value itself."""
        if m.no > self._last:
            self.learn(m)
        apdu = m.apdu
        where = apdu.data
        target = m.target
        if where is None or target is None or apdu.items is not None:
            return self._other_text(m)
        pdu = m.pdu
        try:
            plan = self._plans[pdu.profile][id(target)]
        except KeyError:
            plan = self._plan(pdu.profile, target)
        if plan.secret:
            return f"secret, {where[1] - where[0]} octets"
        octets = pdu.octets if m.plain is None and m.joined is None else m.values
        start, end = where
        tag = octets[start] if start < end else 0
        if plan.scaler_at is not None:
            number = _INTEGER.get(tag)
            if number is not None and end - start == number[0]:
                raw = int.from_bytes(octets[start + 1 : end], "big", signed=number[1])
                device = self._at.get((pdu.path.number, pdu.server, pdu.physical)) or self.device(m)
                found = device.scalers.get((target.obis, plan.scaler_at))
                if found is None and self.known:
                    found = self.known.scaling(target.obis, target.class_id, pdu.server)
                return f"{raw} unscaled" if found is None else scaled_text(raw, *found)
        if end - start > LONGEST or tag in NESTED or target.attribute is None or target.class_id in (62, 64):
            return self._long_text(m, target, plan)
        value = octets[start:end]
        texts = plan.texts
        if value in texts:
            return texts[value]
        data = build_at(octets, start, end)
        words = None if data is None else value_text(target, data, self.device(m), plan.extra)
        if plan.scaler_at is None:  # with a scaler it depends on what is learned
            if len(texts) >= KEPT:
                texts.clear()
            texts[value] = words
        return words

    def _long_text(self, m: Message, target: Target, plan: Plan) -> str | None:
        where = m.apdu.data
        assert where is not None
        if target.method is None:
            chosen = self._chosen(m)
            words = long_text(m.values, where, target, self.device(m), plan.extra, chosen)
            if m.apdu.role == "request" and chosen is not None:
                return f"{selection.text(target.class_id, target.attribute, chosen)}: {words or 'a value'}"
            return words
        if m.apdu.role != "request":
            return None
        data = build_at(m.values, *where)
        if data is None:
            return None
        if target.class_id == 18 and target.method == 2:
            block = parameters.block(data)
            image = self.device(m).images.get(target.obis)
            if block is not None and image is not None:
                return image.text(*block)
        return parameters.text(target.class_id, target.method, data, plan.extra)

    def _chosen(self, m: Message, place: int = 0) -> Selection | None:
        """The selection of the request that this message is, or answers."""
        found = self._selections.get(m.request) or self._selections.get(m.no)
        return next((one for one in found if one.place == place), None) if found else None

    def _other_text(self, m: Message) -> str | None:
        apdu = m.apdu
        if apdu.items is not None:
            return self._items_text(m, self.items(m))
        if apdu.service == "data-notification":
            found = self._elements(m) if apdu.data is not None else ()
            return push_text(found, self.device(m), self.extra(m.pdu.profile)) if found else None
        return self.request_text(m) if apdu.role == "request" and m.no in self._selections else None

    def request_text(self, m: Message) -> str | None:
        """The selective access of a request in words, None without."""
        self.learn(m)
        found = self._selections.get(m.no) or selection.selections(m)
        extra = self.extra(m.pdu.profile)
        items = m.apdu.items
        shown = []
        for one in found:
            if items is None:
                class_id, attribute, name = m.apdu.class_id, m.apdu.attribute, ""
            elif one.place < len(items):
                item = items[one.place]
                class_id, attribute, name = item.class_id, item.attribute, obis.text(item.obis) + " "
            else:
                continue
            shown.append(name + selection.text(class_id, attribute, one, extra))
        return "; ".join(shown) or None

    def _items_text(self, m: Message, items: tuple[Item, ...]) -> str | None:
        device = self.device(m)
        extra = self.extra(m.pdu.profile)
        shown = []
        for item in items[:LISTED]:
            if item.data is None:
                shown.append(item.result or "")
                continue
            data = None if secret(item, extra) else build_at(m.values, *item.data)
            if data is None:
                shown.append("secret" if secret(item, extra) else "")
            elif item.class_id >= 0 and item.attribute is not None and isinstance(data.value, list):
                named = Target(item.class_id, item.obis, item.attribute, None)
                assert item.data is not None
                words = long_text(m.values, item.data, named, device, extra, None)
                shown.append(f"{obis.name(item.obis, extra).text}: {words or data.type}")
            elif item.class_id >= 0 and item.attribute is not None:
                one = Element(0, data, item.obis, item.class_id, item.attribute)
                shown.append(element_text(one, device, extra))
            else:
                shown.append(str(data.value) if not isinstance(data.value, list) else f"{data.type}")
        chosen = self.request_text(m) if m.apdu.role == "request" and m.no in self._selections else None
        if not any(item.data is not None for item in items):
            return chosen
        words = f"{len(items)} objects: {'; '.join(shown)}" if len(items) > 1 else shown[0]
        return f"{words}; {chosen}" if chosen else words

    # -- tables ----------------------------------------------------------------------------------------

    def table(self, m: Message) -> Table | None:
        """The value as a table, None where it is single, absent or secret."""
        self.learn(m)
        device = self.device(m)
        extra = self.extra(m.pdu.profile)
        apdu = m.apdu
        if apdu.items is not None:
            return self._items_table(m, device, extra)
        if apdu.data is None:
            return None
        if apdu.service == "data-notification":
            return value_table.of_elements("data-notification", self._elements(m), device, extra)
        target = m.target
        if target is None or target.attribute is None or secret(target, extra):
            return None
        data = data_of(m)
        return None if data is None else value_table.of_value(target, data, device, extra, self._chosen(m))

    def _items_table(self, m: Message, device: Device, extra: Extra) -> Table | None:
        """A list as a table; a single long value as its own."""
        items = self.items(m)
        hidden = [secret(item, extra) for item in items]
        if len(items) == 1 and items[0].data is not None and items[0].attribute is not None and not hidden[0]:
            data = build_at(m.values, *items[0].data)
            return None if data is None else value_table.of_value(items[0], data, device, extra, self._chosen(m))
        return value_table.of_items(m, items, device, extra, hidden)

    # -- problems --------------------------------------------------------------------------------------

    def problems(self, m: Message) -> tuple[Problem, ...]:
        """What is wrong with the objects of a message as far as the catalogue and the capture tell (cosem.*)."""
        self.learn(m)
        items = self.items(m) if m.apdu.items is not None else None
        return self._checks.problems(m, items, self.device(m), self.extra(m.pdu.profile))


def server_of(m: Message) -> Server:
    """Where the server is (host and port, or its line), its SAP and its HDLC lower address."""
    path = m.pdu.path
    asked = m.apdu.role == "request" if m.apdu.role else m.pdu.direction == TO_SERVER
    place = path.destination if asked else path.source
    return (place or f"line {path.number}", m.pdu.server, m.pdu.physical)


def data_of(m: Message) -> Data | None:
    """The message's Data, None without or where it cannot be built."""
    where = m.apdu.data
    return None if where is None else build_at(m.values, *where)
