"""Runs the command line inside the test's process: exit code, stdout and stderr of one call."""

import contextlib
import functools
import io
from typing import NamedTuple
from unittest import mock

from analyzer import cli

parser = functools.cache(cli.build_parser)  # a program builds it once, a test suite a thousand times


class Ran(NamedTuple):
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()


def run(*argv: object) -> Ran:
    """cosemscope ARGV. Whatever escapes main is the test's failure, except the exit of --help and --version."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    stderr = io.StringIO()
    one_parser = mock.patch.object(cli, "build_parser", parser)
    with one_parser, contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(stderr):
        try:
            code = cli.main([str(word) for word in argv])
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
    out = stdout.buffer
    assert isinstance(out, io.BytesIO)
    return Ran(code, out.getvalue(), stderr.getvalue())
