from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import analyzer
from analyzer.analysis import Analysis
from analyzer.load import BINS, BINS_MAX, WIDTHS, finer, load, wider

DEMO = Path(__file__).resolve().parents[2] / "captures" / "demo"
CAPTURES = sorted(DEMO.glob("*.pcapng"))


@pytest.fixture(params=CAPTURES, ids=lambda p: p.stem)
def a(request: Any) -> Analysis:
    return analyzer.open(str(request.param))


@pytest.mark.parametrize("width", (0, 1_000_000, 50_000_000, 10_000_000_000, 86_400_000_000_000))
def test_nothing_is_lost_in_bins_of_any_width(a: Analysis, width: int) -> None:
    found = load(a, width)
    frames = a.frames.array()
    octets = int(frames["size"].sum() + frames["carrier"].sum())
    assert found.all.total_frames == found.all.frames.sum() == len(frames)
    assert found.all.total_octets == octets
    assert found.all.octets.sum() == pytest.approx(octets)
    assert found.all.requests.sum() == sum(e.request > 0 for e in a.rows("exchange"))  # type: ignore[union-attr]
    assert found.bins == len(found.all.octets) <= (BINS_MAX if width else BINS)
    assert sum(c.total_frames for c in found.channels) == found.all.total_frames
    assert found.all.to_server + found.all.to_client <= octets


def test_a_bin_counts_what_starts_in_it(a: Analysis) -> None:
    found = load(a)
    assert found.first_ns is not None
    for n, no in enumerate(found.all.frame):
        begin = found.first_ns + n * found.width_ns
        inside = [f.no for f in a.rows("frame") if begin <= (f.first_ns or 0) < begin + found.width_ns]  # type: ignore[union-attr]
        assert found.all.frames[n] == len(inside)
        assert no == (inside[0] if inside else 0)


def test_a_serial_line_is_busy_as_long_as_its_octets_take() -> None:
    a = analyzer.open(str(DEMO / "hdlc-serial.pcapng"))
    found = load(a, 1_000_000_000)
    assert [c.channel.name for c in found.channels if c.channel] == ["client", "meter"]
    client = found.channels[0]
    assert client.busy is not None and found.all.busy is not None
    assert client.busy.sum() == pytest.approx(client.total_octets * 10 / 9600)
    assert found.all.busy.sum() == pytest.approx(found.all.total_octets * 10 / 9600)  # two wires of one line
    assert found.all.busy.max() <= 1
    assert found.all.errors.sum() == 2
    assert client.to_client == 0 and client.to_server == client.total_octets


def test_a_network_has_no_busy_share() -> None:
    found = load(analyzer.open(str(DEMO / "wrapper-tcp.pcapng")))
    assert found.all.busy is None and all(c.busy is None for c in found.channels)


def test_a_frame_is_spread_over_the_bins_that_it_lasts_through() -> None:
    a = analyzer.open(str(DEMO / "hdlc-serial.pcapng"))
    short, long = load(a, 2_000_000), load(a, 1_000_000_000)
    assert short.all.busy is not None and short.all.busy.max() <= 1.05  # a whole frame in one bin would be far above
    whole = short.all.octets[: short.bins - short.bins % 500]
    assert short.first_ns is not None and long.first_ns is not None
    skip = (short.first_ns - long.first_ns) // 2_000_000
    sums = np.concatenate([np.zeros(skip), whole])
    sums = sums[: len(sums) - len(sums) % 500].reshape(-1, 500).sum(axis=1)
    assert sums == pytest.approx(long.all.octets[: len(sums)])


def test_without_a_clock_there_are_totals_alone(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    path.write_text("7E A0 07 03 21 93 0F 01 7E\n")
    found = load(analyzer.open(str(path)))
    assert found.first_ns is None and found.bins == 0
    assert found.all.total_frames == found.all.loose == 1
    assert found.all.total_octets == 9


def test_widths_go_up_and_down() -> None:
    assert wider(finer(1_000_000_000)) == 1_000_000_000
    assert finer(WIDTHS[0]) == WIDTHS[0] and wider(WIDTHS[-1]) == WIDTHS[-1]


def test_it_reads_within_turns() -> None:
    a = analyzer.open(str(DEMO / "hdlc-serial.pcapng"))
    turns = []

    @contextmanager
    def turn() -> Any:
        turns.append(len(a.frames))
        yield

    load(a, turn=turn)
    assert len(turns) == 4
