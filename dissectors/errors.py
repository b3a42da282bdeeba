"""The two errors that a person can cause or meet; everything else about the traffic is a Problem.

Their text is one line that names what was met and what was expected, fit to print as it is.
"""

from typing import ClassVar


class UsageError(Exception):
    """Wrong usage, source specification, profile, key file or filter."""

    exit_code: ClassVar[int] = 2


class CaptureError(Exception):
    """The source could not be read, or a device failed; what was analyzed before it stands."""

    exit_code: ClassVar[int] = 3
