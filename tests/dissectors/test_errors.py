"""The two errors that a person can cause or meet, and the exit codes of the contract."""

from dissectors.errors import CaptureError, UsageError


def test_exit_codes() -> None:
    assert (UsageError.exit_code, CaptureError.exit_code) == (2, 3)
    assert str(UsageError("profile.toml: expected int")) == "profile.toml: expected int"
    assert not issubclass(CaptureError, UsageError) and not issubclass(UsageError, CaptureError)
