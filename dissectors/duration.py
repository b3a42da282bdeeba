"""Duration: the limit language of profiles, sums of unit terms such as "330 bit + 50 ms".

Units: us, ms, s, min, h (time), bit and char (depend on the line's baud rate), slot and symbol
(depend on the medium), count and percent (no time at all, alone in their sum).
"""

import re
from decimal import Decimal
from typing import Final, final

NS: Final = {"us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "min": 60_000_000_000, "h": 3_600_000_000_000}
LINE_UNITS: Final = ("bit", "char", "slot", "symbol")
PURE_UNITS: Final = ("count", "percent")
UNITS: Final = (*NS, *LINE_UNITS, *PURE_UNITS)
TERM: Final = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?([a-z]+)")
EXPECTED: Final = 'a sum of terms like "330 bit + 50 ms", units ' + ", ".join(UNITS)


@final
class Duration:
    """A parsed limit: fixed_ns and the numbers of bits, chars, slots, symbols; or a pure number.

    count is the number of a "3 count" or "80 percent", None for every time."""

    __slots__ = ("bits", "chars", "count", "fixed_ns", "slots", "symbols", "text", "unit")

    def __init__(self, text: str) -> None:
        """Raises ValueError, whose text says what was expected."""
        sums: dict[str, Decimal] = {}
        for term in text.split("+"):
            match = TERM.fullmatch(term.strip())
            if match is None or match[2] not in UNITS:
                raise ValueError(f"expected {EXPECTED}, found {text!r}")
            sums[match[2]] = sums.get(match[2], Decimal(0)) + Decimal(match[1])
        pure = [unit for unit in PURE_UNITS if unit in sums]
        if pure and len(sums) > 1:
            raise ValueError(f"{pure[0]} cannot be added to a time: {text!r}")
        self.text = text
        self.unit = pure[0] if pure else "ns"
        self.count = float(sums[pure[0]]) if pure else None
        self.fixed_ns = int(sum((sums.get(unit, Decimal(0)) * ns for unit, ns in NS.items()), Decimal(0)))
        self.bits, self.chars, self.slots, self.symbols = (float(sums.get(unit, 0)) for unit in LINE_UNITS)

    @property
    def needs_line(self) -> bool:
        """Whether the value depends on a baud rate, slot or symbol length."""
        return bool(self.bits or self.chars or self.slots or self.symbols)

    def ns(
        self,
        bit_ns: float | None,
        char_bits: int = 10,
        slot_ns: float | None = None,
        symbol_ns: float | None = None,
    ) -> int | None:
        """Nanoseconds; None when a term needs what is not known (baud rate, slot, symbol), or for a pure number."""
        if self.count is not None:
            return None
        total = float(self.fixed_ns) if self.needs_line else self.fixed_ns
        for number, unit_ns in (
            (self.bits + self.chars * char_bits, bit_ns),
            (self.slots, slot_ns),
            (self.symbols, symbol_ns),
        ):
            if number:
                if unit_ns is None:
                    return None
                total += number * unit_ns
        return round(total)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Duration) and other._key() == self._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[object, ...]:
        return (self.unit, self.count, self.fixed_ns, self.bits, self.chars, self.slots, self.symbols)

    def __repr__(self) -> str:
        return f"Duration({self.text!r})"

    def __str__(self) -> str:
        return self.text
