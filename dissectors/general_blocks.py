"""General block transfer: the blocks of E0 APDUs become one inner APDU (IEC 62056-5-3, 7.3.13).

One GeneralBlocks per conversation of a client and a server (association, or push without one); it
follows both directions, since each acknowledges the other. Before deciphering: the joined octets are
a complete APDU, protected or not.

    apdu.service == "block"                       step = general.add(apdu, octets, direction, frames, context)
    step.joined is not None                       dissect step.joined as the next APDU of that direction
    association or link ended, end of capture     step = general.abandon("the association ended")
"""

from dissectors.apdu import Apdu
from dissectors.blocks import Step
from dissectors.context import EMPTY, Context


class GeneralBlocks:
    """The general block transfer of one client and one server, both directions."""

    @property
    def active(self) -> bool:
        """A message has begun and its last block has not come."""

    def add(
        self, apdu: Apdu, octets: bytes, direction: int, frames: tuple[int, ...], context: Context = EMPTY
    ) -> Step:
        """Takes one general-block-transfer APDU (apdu.detail is its BlockTransfer)."""

    def abandon(self, why: str) -> Step | None:
        """Ends what is unfinished: what was seen and what is missing; None where nothing is."""
