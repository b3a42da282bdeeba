"""PDUs of a capture file, by the stages before the association, for tests."""

from collections.abc import Iterator
from pathlib import Path

from captures.source import open_source
from dissectors import profile, reassembly
from dissectors.link.stage import LinkStage
from dissectors.record import Pdu


def pdus(path: Path) -> Iterator[Pdu]:
    """Every PDU, link events included."""
    source = open_source(str(path))
    try:
        stage = LinkStage(source.channels, list(profile.builtin().values()))
        yield from reassembly.join(stage.frames(source))
    finally:
        source.close()
