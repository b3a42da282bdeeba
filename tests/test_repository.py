"""The repository's own promises: tests mirror sources, start-up stays light, no traces of one machine in it."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Sources without a test file of their own: what they hold is types or tables, checked where they are used.
UNTESTED = {
    "tui/capture_base.py",
    "analyzer/model.py",
    "dissectors/apdu.py",
    "dissectors/context.py",
    "dissectors/link/framing.py",
    "dissectors/record.py",
}
# Sources that are tested with others, where the name does not say it.
TESTED_BY: dict[str, list[Path]] = {"tui/follow_text.py": [Path("tests/tui/test_follow_view.py")]}
# Found in the program only where a user asks for them: each costs 0.1 to 1.5 s at start.
HEAVY = ("textual", "pandas", "matplotlib", "scapy", "pyshark", "numpy", "jinja2", "cryptography", "serial", "pyarrow")
# Files of dissectors/ that may read a file: profiles, and the tables beside the code.
MAY_OPEN = {"dissectors/profile.py"}
BUILTINS = {"open", "print", "input", "eval", "exec"}


def tracked() -> list[Path]:
    """Every file that git tracks, or would track; every file of the checkout where there is no git."""
    if shutil.which("git") and (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
        return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not path.relative_to(ROOT).parts[0].startswith(".")]


def sources(*folders: str) -> list[str]:
    """Paths, relative to the checkout, of the Python sources in folders; the demo's scripts are no package."""
    found = (path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(str(path) for path in found if path.name != "__init__.py" and "demo" not in path.parts)


def homes(name: str) -> list[Path]:
    """Where a source may have its tests: hdlc_rules.py in test_hdlc_rules.py, or with its whole in test_hdlc.py."""
    path = Path(name)
    words = path.stem.split("_")
    stems = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    return [Path("tests") / path.parent / f"test_{stem}.py" for stem in stems] + TESTED_BY.get(name, [])


def test_each_source_has_its_test_file() -> None:
    missing = [
        f"{name} wants {homes(name)[0]}"
        for name in sources("analyzer", "captures", "dissectors", "tui")
        if name not in UNTESTED and not any((ROOT / test).is_file() for test in homes(name))
    ]
    assert not missing, "\n".join(missing)


def test_the_list_of_untested_sources_is_true() -> None:
    assert [name for name in sorted(UNTESTED | set(TESTED_BY)) if not (ROOT / name).is_file()] == []


def test_help_loads_nothing_heavy() -> None:
    if not (ROOT / "analyzer" / "cli.py").is_file():
        pytest.fail("analyzer/cli.py is missing")
    code = (
        "import sys\n"
        "from analyzer.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit as done:\n    assert not done.code, done.code\n"
        "print('\\n'.join(sorted(name.partition('.')[0] for name in sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage" in done.stdout.lower()
    loaded = set(done.stderr.split())
    assert "analyzer" in loaded
    assert loaded.isdisjoint(HEAVY), sorted(loaded.intersection(HEAVY))


def test_dissectors_open_and_print_nothing() -> None:
    """Sans-IO: the imports are checked by import-linter, the builtins here."""
    found = []
    for name in sources("dissectors"):
        if name in MAY_OPEN:
            continue
        nodes = ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8")))
        calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
        found += [
            f"{name}:{call.lineno} calls {ast.unparse(call.func)}"
            for call in calls
            if ast.unparse(call.func) in BUILTINS
        ]
    assert not found, "\n".join(found)


# Written so that this file does not match itself.
FOREIGN = re.compile(
    r"/(?:w[o]rk|f[a]rm|r[o]ot|h[o]me)/[a-z.]|/opt/(?:py[p]i|wh[e]els)|ind[e]x-url|/sim[p]le/|fi[l]es\.pythonhosted"
    r"|--h[a]sh|//[^/\s]*@[^/\s]*/"
)


def test_no_machine_path_and_no_registry_in_tracked_files() -> None:
    found = []
    for path in tracked():
        octets = path.read_bytes()
        if b"\0" in octets:
            continue
        for number, line in enumerate(octets.decode("utf-8", "replace").splitlines(), 1):
            if FOREIGN.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_constraints_are_exact_and_bare() -> None:
    lines = (ROOT / "requirements" / "constraints.txt").read_text(encoding="ascii").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert len(pins) > 30
    assert [line for line in pins if not re.fullmatch(r"[A-Za-z0-9_.-]+==[0-9][A-Za-z0-9.]*", line)] == []


def test_constraints_cover_what_pyproject_names() -> None:
    def name(requirement: str) -> str:
        found = re.match(r"[A-Za-z0-9_.-]+", requirement)
        assert found is not None, requirement
        return re.sub(r"[-_.]+", "-", found[0]).lower()

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {name(item) for item in project["dependencies"]}
    for extra in ("dev", "parquet", "xlsx"):
        wanted |= {name(item) for item in project["optional-dependencies"][extra]}
    lines = (ROOT / "requirements" / "constraints.txt").read_text(encoding="ascii").splitlines()
    assert wanted - {name(line) for line in lines if line and not line.startswith("#")} == set()


def test_licence_is_the_full_text() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2, June 1991" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert "any later version" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("script", ["tools/set-up", ".ci/run"])
def test_scripts_run_and_parse(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & 0o111, f"{script} is not executable"
    shell = path.read_text(encoding="utf-8").splitlines()[0].rpartition("/")[2].split()[-1]
    subprocess.run([shell, "-n", str(path)], check=True, stdin=subprocess.DEVNULL)
