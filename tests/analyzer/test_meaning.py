"""Meaning: what the capture taught, in words; every value is asked for after its lesson and before it."""

from typing import Any

import talk
from hypothesis import given
from hypothesis import strategies as st
from talk import Talk, arr, captured, clock, enum, i8, os, scaler, u8, u16, u32

from analyzer.known_objects import parse
from analyzer.meaning import Meaning, scaled_text, server_of
from analyzer.model import Message
from dissectors.cosem import units
from dissectors.data_types import Data
from dissectors.record import Path

IMPORT, VOLTAGE, LOAD = "1-0:1.8.0*255", "1-0:32.7.0*255", "1-0:99.1.0*255"


def learned(talk_: Talk, **more: Any) -> tuple[Meaning, list[Message]]:
    """All messages learned, as for a view of the whole capture."""
    meaning = Meaning({}, **more)
    messages = talk_.messages
    for m in messages:
        meaning.learn(m)
    return meaning, messages


def texts(talk_: Talk) -> list[str | None]:
    """In order, as a stream is shown."""
    meaning = Meaning({})
    return [meaning.text(m) for m in talk_.messages]


@given(st.integers(-(2**63), 2**64), st.integers(-20, 20), st.sampled_from([27, 30, 35, 44, 58, 255]))
def test_scaled_text_equals_units_scaled(raw: int, power: int, unit: int) -> None:
    assert scaled_text(raw, power, unit) == units.scaled(raw, power, unit)


def test_a_register_is_unscaled_until_its_scaler_was_read() -> None:
    t = Talk().get(3, VOLTAGE, 2, u16(2304)).get(3, VOLTAGE, 3, scaler(-1, 35)).get(3, VOLTAGE, 2, u16(2304))
    assert texts(t) == [None, "2304 unscaled", None, "scaler -1, unit V", None, "230.4 V"]
    meaning, messages = learned(t)
    assert meaning.text(messages[1]) == "230.4 V"


def test_a_scaler_belongs_to_its_server_and_object() -> None:
    other = Path(1, "tcp", "10.0.1.8:4059", talk.CLIENT)
    t = Talk().get(3, VOLTAGE, 3, scaler(-1, 35)).get(3, IMPORT, 2, u32(7))
    t.add(t.messages[3].pdu.octets, 1, other)
    meaning, messages = learned(t)
    assert meaning.text(messages[3]) == "7 unscaled"
    assert server_of(messages[4]) == ("10.0.1.8:4059", 1, -1)


def test_the_second_connection_of_a_meter_knows_what_the_first_taught() -> None:
    t = Talk().get(3, VOLTAGE, 3, scaler(-1, 35))
    again = Talk().get(3, VOLTAGE, 2, u16(2304)).messages
    later = (Path(9, "tcp", "10.0.0.1:50001", talk.SERVER), Path(9, "tcp", talk.SERVER, "10.0.0.1:50001"))
    for direction, m in enumerate(again):
        t.add(m.pdu.octets, direction, later[direction])
    assert texts(t)[-1] == "230.4 V"


def test_a_refused_read_teaches_nothing() -> None:
    assert texts(Talk().get(3, VOLTAGE, 3, 3).get(3, VOLTAGE, 2, u16(1)))[-1] == "1 unscaled"


def test_a_scaler_that_was_written_holds_once_it_was_accepted() -> None:
    assert texts(Talk().set(3, VOLTAGE, 3, scaler(-1, 35)).get(3, VOLTAGE, 2, u16(5)))[-1] == "0.5 V"
    assert texts(Talk().set(3, VOLTAGE, 3, scaler(-1, 35), 3).get(3, VOLTAGE, 2, u16(5)))[-1] == "5 unscaled"


def test_scalers_from_a_sidecar_come_second() -> None:
    known = parse(f'[[object]]\nobis = "{VOLTAGE}"\nscaler = -2\nunit = "V"\nname = "mains"')
    meaning, messages = learned(Talk().get(3, VOLTAGE, 2, u16(2304)), known=known)
    assert meaning.text(messages[1]) == "23.04 V"
    t = Talk().get(3, VOLTAGE, 3, scaler(-1, 35)).get(3, VOLTAGE, 2, u16(2304))
    meaning, messages = learned(t, known=known)
    assert meaning.text(messages[3]) == "230.4 V"


def profile(rows: Data, select: tuple[int, Data] | None = None) -> Talk:
    columns = arr(captured(8, "0-0:1.0.0*255"), captured(3, IMPORT), captured(3, VOLTAGE))
    t = Talk().get(7, LOAD, 3, columns).get(7, LOAD, 4, u32(900)).get(3, VOLTAGE, 3, scaler(-1, 35))
    return t.get(7, LOAD, 2, rows, select)


ROWS = arr(*[talk.st(clock(6 + i), u32(100 + i), u16(2300 + i)) for i in range(3)])


def test_a_profile_buffer_in_one_line_and_as_a_table() -> None:
    meaning, messages = learned(profile(ROWS))
    text = meaning.text(messages[-1])
    assert text is not None
    assert text.startswith("3 rows from 2026-11-01 06:00:00.00 UTC+00:00 to 2026-11-01 08:00:00.00 UTC+00:00: Clock; ")
    assert text.endswith("Voltage L1: Instantaneous value (V)")
    table = meaning.table(messages[-1])
    assert table is not None
    assert [(c.name, c.unit, c.obis) for c in table.columns] == [
        ("Clock", "", "0-0:1.0.0*255"),
        ("Active energy import: Time integral 1", "", IMPORT),
        ("Voltage L1: Instantaneous value", "V", VOLTAGE),
    ]
    assert table.rows[1] == ("2026-11-01 07:00:00.00 UTC+00:00", 101, 230.1)


def test_a_buffer_before_its_columns_has_numbered_ones() -> None:
    meaning, messages = learned(Talk().get(7, LOAD, 2, ROWS))
    assert meaning.text(messages[1]) == (
        "3 rows from 2026-11-01 06:00:00.00 UTC+00:00 to 2026-11-01 08:00:00.00 UTC+00:00 of 3 columns "
        "(capture objects not seen)"
    )
    table = meaning.table(messages[1])
    assert table is not None and [c.name for c in table.columns] == ["column 1", "column 2", "column 3"]


def test_entries_and_their_columns() -> None:
    chosen = (2, talk.st(u32(1), u32(0), u16(2), u16(3)))
    meaning, messages = learned(profile(arr(talk.st(u32(100), u16(2300))), chosen))
    assert meaning.text(messages[-2]) == "entries 1 to the last, columns 2 to 3"
    assert meaning.request_text(messages[-2]) == meaning.text(messages[-2])
    table = meaning.table(messages[-1])
    assert table is not None and [c.obis for c in table.columns] == [IMPORT, VOLTAGE]
    assert table.rows == ((100, 230.0),)


def test_a_range_with_columns() -> None:
    chosen = (1, talk.st(captured(8, "0-0:1.0.0*255"), clock(0), clock(12), arr(captured(3, VOLTAGE))))
    meaning, messages = learned(profile(arr(talk.st(u16(2300))), chosen))
    assert meaning.text(messages[-2]) == (
        "from 2026-11-01 00:00:00.00 UTC+00:00 to 2026-11-01 12:00:00.00 UTC+00:00, "
        "columns Voltage L1: Instantaneous value"
    )
    table = meaning.table(messages[-1])
    assert table is not None and table.rows == ((230.0,),)


def test_compact_data_by_its_template() -> None:
    name = "0-0:66.0.1*255"
    template = os(bytes.fromhex("02020612"))
    columns = arr(captured(3, IMPORT), captured(3, VOLTAGE))
    buffer = os(bytes.fromhex("05" + "000001C8" + "08FC"))
    t = Talk().get(62, name, 2, buffer).get(62, name, 5, template).get(62, name, 3, columns)
    t.get(3, VOLTAGE, 3, scaler(-1, 35)).get(62, name, 2, buffer)
    meaning, messages = learned(t)
    assert texts(t)[1] == "template 5, 6 octets (template description not seen)"
    assert meaning.text(messages[-1]) == (
        "template 5, 1 row: Active energy import: Time integral 1 456 unscaled; Voltage L1: Instantaneous value 230.0 V"
    )
    table = meaning.table(messages[-1])
    assert table is not None and table.rows == ((456, 230.0),)


def test_a_list_in_words_and_as_a_table() -> None:
    t = Talk().get(3, VOLTAGE, 3, scaler(-1, 35))
    t.get_list([(3, VOLTAGE, 2, u16(2304)), (70, "0-0:96.3.10*255", 3, enum(2)), (1, "0-0:96.1.0*255", 2, 4)])
    meaning, messages = learned(t)
    assert meaning.text(messages[-1]) == (
        "3 objects: Voltage L1: Instantaneous value 230.4 V; Disconnect control, control_state ready for reconnection; "
        "object-undefined"
    )
    table = meaning.table(messages[-1])
    assert table is not None
    assert [row[-2:] for row in table.rows] == [
        ("success", "230.4 V"), ("success", "ready for reconnection"), ("object-undefined", None),
    ]  # fmt: skip


def test_lists_teach_too() -> None:
    t = Talk().get_list([(3, VOLTAGE, 3, scaler(-1, 35)), (3, VOLTAGE, 2, u16(2304))])
    assert texts(t)[1].startswith("2 objects: ") and "230.4 V" in str(texts(t)[1])


def test_a_push_by_the_list_that_was_read_before() -> None:
    setup = arr(captured(8, "0-0:1.0.0*255"), captured(3, VOLTAGE))
    t = Talk().get(40, "0-0:25.9.0*255", 2, setup).get(3, VOLTAGE, 3, scaler(-1, 35))
    t.push(talk.st(clock(6), u16(2304)), Path(7, "tcp", "10.0.1.7:61234", "10.0.0.1:4059"))
    assert texts(t)[-1] == "2 values: Clock 2026-11-01 06:00:00.00 UTC+00:00; Voltage L1: Instantaneous value 230.4 V"


def test_the_states_of_a_relay_and_the_parameters_of_methods() -> None:
    t = Talk().get(70, "0-0:96.3.10*255", 4, enum(4)).get(70, "0-0:96.3.10*255", 2, Data("boolean", False))
    t.action(9, "0-0:10.0.106*255", 1, u16(3)).action(70, "0-0:96.3.10*255", 1, i8(0))
    assert [x for x in texts(t) if x] == [
        "disconnect remote and local; reconnect remote", "disconnected", "execute script 3", "open the relay",
    ]  # fmt: skip


def test_a_security_policy_by_the_version_of_its_class() -> None:
    entry = talk.st(u16(64), u8(1), os("0-0:43.0.0*255"))
    t = Talk().get(15, "0-0:40.0.0*255", 2, arr(entry, talk.st(u16(15), u8(1), os("0-0:40.0.0*255"))))
    t.get(64, "0-0:43.0.0*255", 2, enum(0x0C))
    assert texts(t)[-1] == "authenticated request, encrypted request"
    assert texts(Talk().get(64, "0-0:43.0.0*255", 2, enum(3)))[-1] == "all messages authenticated and encrypted"


def test_secrets_are_not_shown() -> None:
    t = Talk().set(15, "0-0:40.0.0*255", 7, os(b"Password")).action(15, "0-0:40.0.0*255", 2, os(b"0123456789ABCDEF"))
    t.get(19, "0-0:20.0.0*255", 7, os(b"Password"))
    t.get_list([(19, "0-0:20.0.0*255", 8, os(b"Password"))])
    meaning, messages = learned(t)
    said = " ".join(str(meaning.text(m)) + str(meaning.table(m)) for m in messages)
    assert "Passw" not in said and b"Password".hex().upper() not in said and "ABCDEF" not in said
    assert meaning.text(messages[0]) == "secret, 10 octets"


def test_image_transfer_with_progress_and_rate() -> None:
    name = "0-0:44.0.0*255"
    t = Talk().get(18, name, 2, u32(64)).action(18, name, 1, talk.st(os(b"FW1"), u32(200)))
    for number in (0, 1, 1, 3):
        t.action(18, name, 2, talk.st(u32(number), os(bytes(8 if number == 3 else 64))))
    t.get(18, name, 6, enum(1))
    meaning, messages = learned(t)
    said = [meaning.text(m) for m in messages if m.apdu.role == "request"]
    assert said[1:6] == [
        "image FW1, 200 octets",
        "image block 0 (1 of 4), 64 octets, 32 %, 64.0 kB/s",
        "image block 1 (2 of 4), 64 octets, 64 %, 637 B/s",
        "image block 1 (2 of 4), 64 octets, 64 %, 637 B/s",
        "image block 3 (3 of 4), 8 octets, 68 %, 226 B/s",
    ]
    assert meaning.text(messages[-1]) == "initiated"
    image = meaning.device(messages[0]).images[talk.code(name)]
    assert image.missing() == [(2, 2)]
    assert image.summary() == "image FW1: 3 of 4 blocks, 136 of 200 octets, 226 B/s, blocks 2 not sent"


def test_an_old_lesson_is_not_learned_again() -> None:
    t = Talk().get(3, VOLTAGE, 3, scaler(-1, 35)).get(3, VOLTAGE, 3, scaler(-2, 35)).get(3, VOLTAGE, 2, u16(2304))
    meaning, messages = learned(t)
    meaning.table(messages[1])
    meaning.problems(messages[1])
    meaning.learn(messages[1])
    assert meaning.text(messages[5]) == "23.04 V"


def test_asking_again_changes_nothing() -> None:
    t = profile(ROWS)
    meaning, messages = learned(t)
    first = [meaning.text(m) for m in messages]
    assert [meaning.text(m) for m in reversed(messages)][::-1] == first
