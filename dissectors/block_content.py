"""What joined blocks hold: one Data, lists of results or values, by the service that sent them."""

from dissectors.apdu import Apdu, Item
from dissectors.problem import Problem


def list_items(joined: bytes, content: str, request: Apdu | None = None) -> tuple[tuple[Item, ...], tuple[Problem, ...]]:
    """Items of Step.joined with results and ranges of their Data in it; content and request: those of the Step.

    One item for what is no list. Objects come from the request's items. Problems have the buffer "joined"."""
