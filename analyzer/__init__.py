"""cosemscope's analyzer: from captured records to associations, exchanges, timing verdicts and findings.

import analyzer
a = analyzer.open("session.pcapng")
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.analysis import Analysis

__all__ = ["open"]


def open(source: str, profiles: Sequence[str] = (), assume: str = "", object_checks: bool = False) -> "Analysis":
    """Reads a whole capture: a path or any SOURCE of the command line. profiles: names or files of
    descriptors, all that ship by default. assume: what the file lacks, as --assume.

    object_checks: findings about COSEM objects too (cosem.*: classes, types, access), a third slower.

    Raises UsageError and CaptureError of dissectors.errors. The file's cut, if any, is in `.cut`."""
    from analyzer.analysis import Analysis
    from captures.assume import NOTHING, parse
    from captures.source import open_source
    from dissectors import profile

    found = [profile.find(name) for name in profiles] or list(profile.builtin().values())
    opened = open_source(source, assume=parse(assume) if assume else NOTHING)
    try:
        analysis = Analysis(opened.channels, found)
        for _ in analysis.load(opened, object_checks=object_checks):
            pass
        analysis.cut = opened.cut
    finally:
        opened.close()
    return analysis
