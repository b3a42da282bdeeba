"""Keys without Enter, on a terminal of our own; nothing where there is none."""

import sys
import time

import pexpect
from live import ROOT

from captures.serial.keys import pressed

PROGRAM = """
import time
from captures.serial.keys import pressed
with pressed(lambda key: print("key", key, flush=True)) as listening:
    print("listening", listening, flush=True)
    time.sleep(1.5)
print("line", input(), flush=True)
"""


def test_keys_come_one_by_one_and_the_terminal_is_as_before() -> None:
    child = pexpect.spawn(sys.executable, ["-c", PROGRAM], cwd=str(ROOT), timeout=30, encoding="utf-8")
    child.expect("listening True")
    child.send("p")
    child.expect("key p")
    child.send("é")
    child.expect("key é")
    time.sleep(2)
    child.send("hello\r")
    child.expect("line hello")
    child.expect(pexpect.EOF)


def test_no_terminal_no_keys() -> None:
    with pressed(lambda key: None) as listening:
        assert not listening
