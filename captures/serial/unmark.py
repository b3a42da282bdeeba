"""Octets and their errors out of what a terminal with PARMRK and INPCK delivers (POSIX termios, input modes).

| delivered | meaning |
|---|---|
| FF FF | a true FF |
| FF 00 xx | xx came with a framing or parity error |
| FF 00 00 | a break (or 00 with a framing error: the same on the wire, but for its length) |
| anything else | itself |
"""

from dissectors.record import Flag

MARK = 0xFF


class Unmarker:
    """State across reads of one wire. error: what an error octet has (framing on a line without parity)."""

    def __init__(self, error: Flag = Flag.FRAMING_ERROR) -> None:
        self.error = error
        self._held = b""

    def feed(self, data: bytes) -> tuple[bytes, tuple[tuple[int, Flag], ...]]:
        """(octets of the wire, (index of an octet with an error, which) …). An escape cut by the end waits."""
        if not self._held and MARK not in data:
            return data, ()
        data, self._held = self._held + data, b""
        out = bytearray()
        errors: list[tuple[int, Flag]] = []
        at = 0
        while True:
            mark = data.find(MARK, at)
            if mark < 0:
                out += data[at:]
                break
            out += data[at:mark]
            escape = data[mark : mark + 3]
            if len(escape) < 2 or (len(escape) < 3 and escape[1] == 0):
                self._held = escape
                break
            if escape[1] == MARK:
                out.append(MARK)
                at = mark + 2
            elif escape[1] == 0:
                errors.append((len(out), Flag.BREAK if escape[2] == 0 else self.error))
                out.append(escape[2])
                at = mark + 3
            else:  # no driver sends this; kept as it is
                out.append(MARK)
                at = mark + 1
        return bytes(out), tuple(errors)
