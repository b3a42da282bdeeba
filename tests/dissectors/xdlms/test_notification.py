"""DataNotification and EventNotification, with the deviations that meters in the field show."""

import json
from pathlib import Path

import pytest
from encode import xdlms as encode
from encode.generate import datas
from hypothesis import given
from hypothesis import strategies as st

from dissectors import data
from dissectors.context import EMPTY
from dissectors.cursor import Cursor
from dissectors.data_types import Data
from dissectors.xdlms import dissect, notification

BODY = "000100 00610000FF02 1107".replace(" ", "")


@given(st.integers(0, 0xFFFFFFFF), st.sampled_from((b"", encode.CLOCK)), datas)
def test_data_notification(invoke: int, clock: bytes, value: Data) -> None:
    octets = encode.data_notification(invoke, clock, value)
    apdu = notification.data_notification(Cursor(octets), EMPTY)
    assert (apdu.invoke_id, apdu.confirmed) == (invoke & 0xFFFFFF, bool(invoke >> 30 & 1))
    assert apdu.data is not None and data.build(Cursor(octets, *apdu.data)) == value


@pytest.mark.parametrize(
    ("time", "codes"),
    [
        ("00", []),
        ("010C07E70706040A362600FF8880", []),
        ("090C07E70706040A362600FF8880", ["apdu.notification-time"]),
        ("0107E70706040A362600FF8880", ["apdu.datetime"]),  # without the length octet
        ("010507E7070604", ["apdu.datetime"]),
    ],
)
def test_time_of_an_event(time: str, codes: list[str]) -> None:
    octets = bytes.fromhex("C2" + time + BODY)
    c = Cursor(octets)
    apdu = notification.event_notification(c, EMPTY)
    assert [p.kind.code for p in c.problems] == codes
    assert (apdu.class_id, apdu.obis.hex(), apdu.attribute) == (1, "0000610000ff", 2)
    assert apdu.data == (len(octets) - 2, len(octets))
    assert (apdu.invoke_id, apdu.confirmed, apdu.role) == (-1, False, "unsolicited")


def test_last_gasp_of_the_corpus(corpus: Path) -> None:
    seen = 0
    for path in sorted((corpus / "event-notification").glob("*.json")):
        item = json.loads(path.read_text(encoding="utf-8"))
        octets = bytes.fromhex(item["derived_by_us"]["apdus"][0]["hex"])
        apdu = dissect(Cursor(octets), EMPTY)
        assert apdu.data is not None
        made = data.build(Cursor(octets, *apdu.data))
        assert bytes.fromhex(made.value).decode() == item["expected"]["asserted"]["equipment_identifier"]
        seen += 1
    assert seen


def test_pushes_of_the_corpus(corpus: Path) -> None:
    """Every plain push is read to its end; where the source names the meter, so does the push."""
    seen = named = 0
    for path in sorted((corpus / "han-push").glob("*.json")):
        item = json.loads(path.read_text(encoding="utf-8"))
        for stated in item["derived_by_us"].get("apdus", []):
            if stated["tag"] != "data-notification" or "error" in stated.get("data_decoded", {}):
                continue  # ciphered, or damaged before it was published
            octets = bytes.fromhex(stated["hex"])
            c = Cursor(octets)
            apdu = dissect(c, EMPTY)
            assert apdu.name == stated["tag"], path.name
            assert not [p for p in c.problems if p.kind.code not in ("apdu.notification-time", "apdu.datetime")], (
                path.name
            )
            seen += 1
            asserted = item["expected"]["asserted"]
            meter = (asserted.get("golden") or {}).get("meter_id") if isinstance(asserted, dict) else None
            if isinstance(meter, str) and meter and apdu.data is not None:
                text = data.to_json(data.build(Cursor(octets, *apdu.data))).decode()
                named += meter in text or meter.encode().hex().upper() in text
    assert seen >= 50
    assert named >= 20
