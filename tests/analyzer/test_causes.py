"""Causes: what the meter said comes first, silence is ranked by what else was heard."""

import pytest

from analyzer.causes import SAID, Cause, causes
from analyzer.explain import LADDER, Attempt, Autopsy, Step


def attempt(failed: str, text: str, ok: tuple[str, ...] = (), physical: int | None = None) -> Attempt:
    steps = [Step(name, "ok" if name in ok else "not-seen") for name in LADDER]
    steps[LADDER.index(failed)] = Step(failed, "failed", text)
    return Attempt(1, "hdlc", 0, 16, 1, physical, None, None, 1, None, steps, failed=failed)


def line(**facts: object) -> Autopsy:
    made = Autopsy()
    for name, value in {"heard": [5, 5, 0], "good_frames": 10, "octets": 100, **facts}.items():
        setattr(made, name, value)
    return made


def texts(found: list[Cause]) -> list[str]:
    return [cause.text for cause in found]


@pytest.mark.parametrize(("word", "text", "weight"), SAID)
def test_what_the_meter_said(word: str, text: str, weight: int) -> None:
    found = causes(attempt("value", f"get X: {word}"), line())
    earlier = [t for w, t, _ in SAID if w in word]
    assert found[0].text == earlier[0] and found[0].evidence == f"the meter said: get X: {word}"
    assert all(1 <= cause.weight <= 100 for cause in found) and weight > 0


def test_nothing_failed() -> None:
    good = attempt("value", "")
    good.failed = ""
    assert causes(good, line()) == []


def test_silence_where_others_are_answered() -> None:
    found = causes(attempt("link", "SNRM without answer", physical=18), line(reached=1))
    assert found[0].text == "no device answers at this address (server 1, physical 18): wrong or reserved address"
    assert (found[0].evidence, found[0].weight) == ("other addresses on this line are answered", 85)


def test_silence_of_everything() -> None:
    found = causes(attempt("link", "SNRM without answer"), line(heard=[5, 0, 0]))
    assert texts(found)[0].startswith("meter off, not connected") and texts(found)[1].startswith("no device answers")
    assert found[0].weight > found[1].weight


def test_silence_after_answers() -> None:
    found = causes(attempt("access", "get X: no answer in 5.000 s", ok=("link", "association")), line())
    assert texts(found) == ["the meter is too slow or lost the request"]


def test_hls_that_fails_is_about_the_secret_not_about_rights() -> None:
    found = causes(attempt("authentication", "HLS reply: read-write-denied", ok=("association",)), line())
    assert texts(found)[0].startswith("the HLS secret or key is wrong")
    found = causes(attempt("authentication", "HLS passes 3 and 4 not seen", ok=("association",)), line())
    assert texts(found) == ["the client gave up there, or the capture ends too early"]


def test_a_disturbed_line_weighs_by_its_share() -> None:
    few = causes(attempt("link", "SNRM without answer"), line(bad_frames=1, good_frames=99, reached=1))
    many = causes(attempt("link", "SNRM without answer"), line(bad_frames=99, good_frames=1, reached=1))
    assert texts(few)[0].startswith("no device") and texts(many)[0].startswith("the line is disturbed")
    assert many[0].evidence == "99 frames with a bad check sequence (99 %)"


def test_noise() -> None:
    found = causes(attempt("link", "SNRM without answer"), line(noise_octets=30))
    assert "the line carries something else: wrong baud rate or another protocol" in texts(found)
    assert "30 of 100 octets are outside any frame" in [cause.evidence for cause in found]
    assert len(causes(attempt("link", "SNRM without answer"), line(noise_octets=10))) == len(found) - 1


def test_one_wire_only() -> None:
    found = causes(attempt("line", "only the client is heard"), line())
    assert texts(found) == ["the tap hears one wire only, or the other side is silent"]
