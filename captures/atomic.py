"""A file that is there whole or not at all: written beside its name, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from captures.stream import reason
from dissectors.errors import UsageError


@contextmanager
def written(path: str | Path, overwrite: bool = False) -> Iterator[BinaryIO]:
    """An open file that becomes path when the block ends; after an error, or in a generator that is closed, nothing
    stays.

    UsageError: it exists (unless overwrite), or cannot be written."""
    target = Path(path)
    if target.exists() and not overwrite:
        raise UsageError(f"{path}: exists already, expected another name, or the wish to overwrite it")
    if target.is_dir():
        raise UsageError(f"{path}: is a directory, expected the name of a file")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        os.replace(part, target)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({reason(error)})") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
