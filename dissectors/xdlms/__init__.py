"""xDLMS services, one file each; `dissect`, `APDUS` and the layers over all of them live in dissectors/apdus.py.

They can be taken from here too, on first use: ACSE carries xDLMS APDUs and apdus.py carries ACSE, so
an import at the top would go round in a circle.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dissectors.apdus import ACSE_LAYER, APDUS, LAYER, dissect

__all__ = ["ACSE_LAYER", "APDUS", "LAYER", "dissect"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dissectors import apdus

    return getattr(apdus, name)
