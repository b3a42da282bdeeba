"""A capture is read by a thread of its own; whoever takes the turn sees it standing still."""

import os
import threading
import time
from pathlib import Path

import pytest
from screens import DEMO, SERIAL, read
from terminals import terminal

import analyzer
from dissectors.errors import CaptureError, UsageError
from dissectors.record import Record
from tui.loader import Turns, open_capture


def test_it_finds_what_open_finds() -> None:
    capture = read(open_capture(SERIAL))
    plain = analyzer.open(SERIAL)
    counts = capture.counts()
    assert (counts.frame, counts.message, counts.exchange) == tuple(
        map(len, (plain.frames, plain.messages, plain.exchanges))
    )
    assert capture.state == "ended"
    assert counts.progress == 1.0
    assert any(a.failed for a in capture.attempts())
    assert any(row["count"] for row in capture.timing.rows(SERIAL))
    capture.close()


def test_who_has_the_turn_sees_it_standing_still() -> None:
    capture = open_capture(str(DEMO / "wrapper-tcp.pcapng"))
    capture.start()
    seen = []
    while capture.running:
        with capture.turn():
            before = len(capture.analysis.frames)
            time.sleep(0.002)
            assert len(capture.analysis.frames) == before
            for no in range(max(1, before - 2), before + 1):
                assert capture.analysis.frame(no).octets or capture.analysis.frame(no).carrier
        seen.append(before)
    assert seen == sorted(seen)


def test_a_turn_within_a_turn_is_the_same() -> None:
    turns = Turns()
    with turns.turn(), turns.turn():
        pass
    with turns.turn():
        pass


def test_whoever_waits_gets_the_turn_before_the_loader_takes_it_again() -> None:
    turns, got = Turns(), []
    record = Record(1, 0, 2, None, None, None, b"")

    def load() -> None:
        with turns.turn():
            for n, _ in enumerate(turns.between(iter([record] * 2000), waits=False)):
                time.sleep(0.0005)
                if len(got) > 20:
                    break
                assert n < 1999, "nobody else had a turn"

    thread = threading.Thread(target=load)
    thread.start()
    while thread.is_alive():
        with turns.turn():
            got.append(1)
    thread.join()
    assert len(got) > 20


def test_what_cannot_be_opened_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="no such file"):
        open_capture(str(tmp_path / "none.pcap"))
    with pytest.raises(UsageError, match="nosuch"):
        open_capture(SERIAL, profile=["nosuch"])


def test_a_fault_of_our_own_leaves_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer.explain import Autopsy

    def broken(self: Autopsy, messages: object) -> object:
        for n, message in enumerate(messages):  # type: ignore[arg-type, var-annotated]
            if n == 5:
                raise RuntimeError("boom")
            yield message

    monkeypatch.setattr(Autopsy, "messages", broken)
    capture = read(open_capture(SERIAL))
    assert capture.state == "failed"
    assert capture.error == "internal error: RuntimeError: boom"
    assert "Traceback" in capture.crash
    assert capture.counts().message >= 5


def test_decoded_anew_with_a_key() -> None:
    first = read(open_capture(str(DEMO / "wrapper-tcp-ciphered.pcapng")))
    with pytest.raises(UsageError):
        first.again(keys=["/nowhere/keys.toml"])
    second = read(first.again(keys=[str(DEMO / "keys.toml")]))
    names = [{c.analysis.message(n).apdu.name for n in range(1, c.counts().message + 1)} for c in (first, second)]
    assert "general-glo-ciphering" in names[0] - names[1]
    assert "get-response-normal" in names[1]


def test_live_and_read_again_while_it_goes_on(tmp_path: Path) -> None:
    with terminal() as (fd, name):
        capture = open_capture(f"serial:{name}?write={tmp_path / 'a.pcapng'}")
        capture.start()
        os.write(fd, bytes.fromhex("7EA0070321930F017E"))
        for _ in range(500):
            if capture.facts.records:
                break
            time.sleep(0.01)
        assert capture.state == "live"
        other = capture.again(assume=["swap=yes"])
        other.start()
        capture._thread.join(5)
        assert not capture.running
        os.write(fd, bytes.fromhex("7EA0070321930F017E"))
        for _ in range(500):
            if other.facts.octets >= 18:
                break
            time.sleep(0.01)
        other.stop()
        while other.running:
            time.sleep(0.01)
        assert other.facts.octets == 18
        assert other.state == "ended"
        other.close()
