"""The objects of the demo meter, as gurux-dlms holds them: identification, clock, registers, load profile, relay."""

from datetime import datetime, timedelta
from typing import Any

from gurux_dlms import GXDateTime
from gurux_dlms.enums import DataType, Unit
from gurux_dlms.objects import (
    GXDLMSCaptureObject,
    GXDLMSClock,
    GXDLMSData,
    GXDLMSDisconnectControl,
    GXDLMSHdlcSetup,
    GXDLMSProfileGeneric,
    GXDLMSRegister,
)

NAME, CLOCK, RELAY, LOAD = "0.0.42.0.0.255", "0.0.1.0.0.255", "0.0.96.3.10.255", "1.0.99.1.0.255"
IMPORT, EXPORT, VOLTAGE, FREQUENCY = "1.0.1.8.0.255", "1.0.2.8.0.255", "1.0.32.7.0.255", "1.0.14.7.0.255"
LABEL, SECRET, THRESHOLD, ASSOCIATION = "0.0.96.1.0.255", "0.0.96.1.4.255", "0.0.96.1.1.255", "0.0.40.0.0.255"
ROWS = 10
START = datetime(2026, 11, 1, 6, 0)


def register(name: str, value: int, scaler: int, unit: Unit, kind: DataType = DataType.UINT32) -> Any:
    """A register of value × 10^scaler unit; gurux keeps the scaler as a factor."""
    made = GXDLMSRegister(name)
    made.value, made.scaler, made.unit = value, 10.0**scaler, unit
    made.setDataType(2, kind)
    return made


def data(name: str, value: object, kind: DataType) -> Any:
    made = GXDLMSData(name)
    made.value = value
    made.setDataType(2, kind)
    return made


def objects() -> list[Any]:
    clock = GXDLMSClock(CLOCK)
    clock.time = GXDateTime(START)
    imported = register(IMPORT, 1234567, 0, Unit.ACTIVE_ENERGY)
    exported = register(EXPORT, 4321, 0, Unit.ACTIVE_ENERGY)
    relay = GXDLMSDisconnectControl(RELAY)
    relay.outputState, relay.controlState, relay.controlMode = True, 1, 2
    load = GXDLMSProfileGeneric(LOAD)
    load.capturePeriod, load.profileEntries, load.entriesInUse = 900, 2880, ROWS
    load.captureObjects = [(column, GXDLMSCaptureObject(2, 0)) for column in (clock, imported, exported)]
    quarters = [GXDateTime(START + timedelta(minutes=15 * row)) for row in range(ROWS)]
    load.buffer = [[quarters[row], 1234567 + 137 * row, 4321 + row] for row in range(ROWS)]
    return [
        data(NAME, b"CSC0000000000001", DataType.OCTET_STRING),
        clock,
        imported,
        exported,
        register(VOLTAGE, 2304, -1, Unit.VOLTAGE, DataType.UINT16),
        register(FREQUENCY, 5001, -2, Unit.FREQUENCY, DataType.UINT16),
        data(LABEL, "DEMO-METER-1", DataType.STRING),
        data(SECRET, 42, DataType.UINT32),
        data(THRESHOLD, 7, DataType.UINT16),
        relay,
        load,
        GXDLMSHdlcSetup("0.0.22.0.0.255"),
    ]
