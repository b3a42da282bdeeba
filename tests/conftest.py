"""Fixtures for all tests: the corpus of recorded frames, and what CI requires to be there."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# A shell without job control starts jobs with Control-C ignored; programs that the tests start must not inherit that.
with contextlib.suppress(ValueError):  # not the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _missing(what: str, why: str) -> None:
    """Skips with a clear message, or fails where COSEMSCOPE_REQUIRE names it (as in CI)."""
    if what in os.environ.get("COSEMSCOPE_REQUIRE", "").split(","):
        pytest.fail(f"{what} is required here: {why}")
    pytest.skip(f"{what} is not here: {why}")


@pytest.fixture(autouse=True)
def no_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person has set, and what the program remembers of one, is not for tests."""
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path_factory.getbasetemp() / "nobody" / name.lower()))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of the corpus: COSEMSCOPE_CORPUS, or shared/corpus beside the checkout."""
    found = Path(os.environ.get("COSEMSCOPE_CORPUS") or ROOT.parent / "shared" / "corpus")
    if not (found / "index.json").is_file():
        _missing("corpus", f"no index.json in {found} (set COSEMSCOPE_CORPUS)")
    return found


@pytest.fixture(scope="session")
def tshark() -> str:
    """Path of tshark."""
    found = shutil.which("tshark")
    if found is None:
        _missing("tshark", "install it (Debian: apt-get install tshark)")
    return str(found)


@pytest.fixture(scope="session")
def tmux() -> str:
    """Path of tmux, the terminal that tests type in."""
    found = shutil.which("tmux")
    if found is None:
        _missing("tmux", "install it (Debian: apt-get install tmux)")
    return str(found)


@pytest.fixture(scope="session")
def loopback() -> None:
    """The right to capture on the loopback interface, by dumpcap and by a raw socket."""
    dumpcap = shutil.which("dumpcap")
    if dumpcap is None:
        _missing("capture", "dumpcap comes with tshark (Debian: apt-get install tshark)")
    done = subprocess.run(
        [str(dumpcap), "-q", "-i", "lo", "-a", "duration:0", "-w", os.devnull],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        _missing("capture", f"no right to capture on the loopback interface ({done.stderr.strip()[:100]})")
    try:
        socket.socket(getattr(socket, "AF_PACKET", -1), socket.SOCK_RAW).close()
    except OSError as error:
        _missing("capture", f"no raw socket ({error})")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False) if shutil.which("mount") else None
    if done is None or done.returncode:
        _missing("mount", "a small tmpfs cannot be mounted (it wants root)")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", choices=("check", "update"), default="check", help="update: rewrite tests/data/golden")


@pytest.fixture(scope="session")
def golden(request: pytest.FixtureRequest) -> Callable[[str, list[str]], None]:
    """golden(name, lines): the lines are those of tests/data/golden/NAME.txt, reviewed when they were written."""
    update = request.config.getoption("--golden") == "update"

    def check(name: str, lines: list[str]) -> None:
        path = ROOT / "tests" / "data" / "golden" / f"{name}.txt"
        text = "\n".join(lines).rstrip("\n") + "\n"
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path.name} is missing: pytest --golden=update, then review it"
        assert text == path.read_text(encoding="utf-8")

    return check
