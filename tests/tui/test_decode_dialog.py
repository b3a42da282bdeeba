"""A key as typed: masked, checked, never repeated; and what it says of a profile."""

from pathlib import Path

import pytest
from dialogs import NOTHING, DialogApp
from screens import DEMO, SERIAL, screen_text

from dissectors.errors import UsageError
from tui import decode_dialog
from tui.decode_dialog import KeyDialog

EK = "000102030405060708090A0B0C0D0E0F"


def test_what_is_typed_becomes_an_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert decode_dialog.changes(f" 4353430000000001:{EK} ") == ("key", f"4353430000000001:{EK}")
    assert decode_dialog.changes(EK) == ("key", f":{EK}")
    assert decode_dialog.changes(str(DEMO / "keys.toml")) == ("keys", str(DEMO / "keys.toml"))
    monkeypatch.setenv("HOME", str(DEMO))
    assert decode_dialog.changes("~/keys.toml") == ("keys", str(DEMO / "keys.toml"))


@pytest.mark.parametrize(
    "typed", [EK[:-2], f"00:{EK}", f"4353430000000001:{EK}:{EK[:10]}", f"/tmp/{EK}x", f"a:b:c:{EK}", "x" + EK]
)
def test_a_key_that_is_none_is_never_repeated(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        decode_dialog.changes(typed)
    assert EK[:10] not in str(caught.value)


def test_what_is_no_key() -> None:
    for typed, words in (("", "expected TITLE:EK"), ("keys.tomb", "no such file, and no key"), (SERIAL, "hdlc-serial")):
        with pytest.raises(UsageError, match=words):
            decode_dialog.changes(typed)


@pytest.mark.asyncio
async def test_nobody_sees_the_key() -> None:
    shown = DialogApp(KeyDialog(str(DEMO / "wrapper-tcp-ciphered.pcapng")))
    async with shown.run_test(size=(80, 24)) as pilot:
        assert "key file beside this capture" in screen_text(shown)
        await pilot.press(*EK[:-1], "enter")
        assert shown.got == NOTHING
        assert "32 or 64 hex digits" in screen_text(shown) and EK[:8] not in screen_text(shown)
        await pilot.press("F", "enter")
        assert shown.got == EK


@pytest.mark.asyncio
async def test_no_hint_where_there_is_no_key_file(tmp_path: Path) -> None:
    shown = DialogApp(KeyDialog(str(tmp_path / "a.pcapng")))
    async with shown.run_test(size=(80, 24)) as pilot:
        assert "beside" not in screen_text(shown)
        await pilot.press("escape")
        assert shown.got is None


@pytest.mark.asyncio
async def test_profiles_to_choose() -> None:
    shown = DialogApp(decode_dialog.profile_dialog(["hdlc"]))
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.press("enter")
        assert shown.got == "hdlc"
    shown = DialogApp(decode_dialog.profile_dialog(None))
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.press("f")
        assert shown.got == decode_dialog.FILE


@pytest.mark.asyncio
async def test_the_path_of_a_descriptor() -> None:
    shown = DialogApp(decode_dialog.file_dialog())
    async with shown.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"nowhere", "enter")
        assert "expected a profile file" in screen_text(shown)
        await pilot.press("escape")
        assert shown.got is None
