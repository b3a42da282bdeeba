"""--redact: rows without what tells whose meter it is: addresses, system titles, serial numbers, raw octets.

The same thing gets the same pseudonym within a run ("host-1", "title-2"), so that who talks to whom can
still be followed. Ports, SAPs, times and lengths stay.
"""

import re
from typing import Any

from analyzer.secrets import DOT, mask_builtins

HOSTS = frozenset({"client_address", "server_address", "host", "source", "destination"})
TITLES = frozenset({
    "system_title", "client_title", "server_title", "system-title", "calling-AP-title", "called-AP-title",
    "responding-AP-title", "originator-system-title", "recipient-system-title", "transaction-id",
})  # fmt: skip
OCTETS = frozenset({"octets", "raw-data", "ciphered-content", "ciphered-service"})
# Objects whose value names the device: device IDs, logical device name, metering point, serial numbers of M-Bus.
SERIAL = re.compile(r"^\d+-\d+:(96\.1\.\d+|42\.0\.0|0\.0\.\d+)\*\d+$")
VALUES = frozenset({"data", "value", "text", "data-access-result"})
HEX = re.compile(r"\b(?:[0-9A-F]{2}){6,}\b")


class Redactor:
    """One run's pseudonyms."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, str]] = {"host": {}, "title": {}}

    def name(self, kind: str, real: str) -> str:
        known = self._names[kind]
        return known.setdefault(real, f"{kind}-{len(known) + 1}")

    def address(self, text: str) -> str:
        """ "10.0.0.1:4059" as "host-1:4059"; a SAP or nothing stays."""
        host, colon, port = text.rpartition(":")
        return f"{self.name('host', host)}:{port}" if colon else text

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row of any level, redacted."""
        names_device = isinstance(row.get("obis"), str) and SERIAL.match(row["obis"]) is not None
        return {key: self._value(key, value, names_device) for key, value in row.items()}

    def _value(self, key: str, value: Any, serial: bool) -> Any:
        if value is None:
            return None
        if isinstance(value, dict):
            if serial and {"type", "value"} <= set(value):
                return mask_builtins(value)
            inner = serial or (isinstance(value.get("obis"), str) and SERIAL.match(value["obis"]) is not None)
            return {name: self._value(name, part, inner) for name, part in value.items()}
        if isinstance(value, list):
            return [self._value(key, part, serial) for part in value]
        if isinstance(value, str):
            if key in HOSTS:
                return self.address(value)
            if key in TITLES:
                return self.name("title", value)
            if key in OCTETS:
                return DOT * (len(value) // 2)
            if serial and key in VALUES:
                return DOT
            if key in ("text", "sentence", "evidence"):
                return self.words(value)
        return value

    def words(self, text: str) -> str:
        """Prose without the hosts and titles met so far, and without runs of hex."""
        for known in self._names.values():
            for real, pseudonym in known.items():
                text = text.replace(real, pseudonym)
        return HEX.sub(DOT, text)
