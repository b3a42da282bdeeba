"""The tables of COSEM knowledge in JSON beside this file: read on first use, a few milliseconds in all.

They are made by tools/make_cosem_tables.py.
"""

from importlib import resources
from typing import TypeVar

import msgspec

T = TypeVar("T")


def load(name: str, type: type[T]) -> T:
    """The table dissectors/cosem/NAME.json as a value of type. The caller keeps it."""
    text = resources.files("dissectors.cosem").joinpath(f"{name}.json").read_bytes()
    return msgspec.json.decode(text, type=type)
