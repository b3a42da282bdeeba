"""Meaning: values in words, with what the capture has told so far (scalers and units).

A scaler is known once attribute 3 (4 for a demand register) of the same object of the same server
was read; before that the raw value stands and nothing is guessed.
"""

from collections.abc import Mapping

from analyzer.model import Message, Target
from dissectors.cosem import classes, meaning
from dissectors.cursor import Cursor, Stop
from dissectors.data import Data, build
from dissectors.profile import Profile

LONGEST = 64  # octets of a Data that may have a text: a clock, a name, a scaled value

Server = tuple[int, int, int]


class Meaning:
    """Learns scalers from the messages it is asked about, in order."""

    def __init__(self, profiles: Mapping[str, Profile]) -> None:
        self.profiles = profiles
        self._scalers: dict[tuple[Server, bytes, int], tuple[int, int]] = {}

    def learn(self, m: Message) -> None:
        """Remembers the scaler and unit that this message carries."""
        t = m.target
        if t is None or t.attribute is None or m.apdu.data is None:
            return
        if t.attribute in (3, 4) and m.apdu.role == "response":
            data = data_of(m)
            found = meaning.scaler_unit(data) if data is not None else None
            if found is not None:
                self._scalers[server_of(m), t.obis, t.attribute] = found

    def scaler(self, m: Message, target: Target) -> tuple[int, int] | None:
        """(scaler, unit) of the object, None where they were not seen."""
        if target.attribute is None:
            return None
        at = classes.scaler_attribute(target.class_id, target.attribute)
        return None if at is None else self._scalers.get((server_of(m), target.obis, at))

    def text(self, m: Message) -> str | None:
        """The meaning of the message's value, None where it has none beyond the value itself."""
        t = m.target
        where = m.apdu.data
        if where is None or t is None:
            return None
        self.learn(m)
        if where[1] - where[0] > LONGEST:
            return None
        data = data_of(m)
        if data is None:
            return None
        return meaning.text(t, data, self.scaler(m, t))


def server_of(m: Message) -> Server:
    return (m.pdu.path.number, m.pdu.server, m.pdu.physical)


def data_of(m: Message) -> Data | None:
    """The message's Data, None without or where it cannot be built."""
    where = m.apdu.data
    if where is None:
        return None
    try:
        return build(Cursor(m.values, where[0], where[1], buffer="apdu"))
    except Stop:
        return None
