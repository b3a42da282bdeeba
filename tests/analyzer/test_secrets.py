"""What counts as a secret, and that its mask keeps types and sizes and nothing else."""

import msgspec
import pytest
from talk import arr, os, st, u32

from analyzer.model import Target
from analyzer.secrets import mask, mask_builtins, secret
from dissectors.data_types import Data

CODE = bytes(6)


@pytest.mark.parametrize(
    ("class_id", "attribute", "method"),
    [
        (15, 7, None), (15, None, 2), (12, None, 5), (12, None, 6), (19, 7, None), (19, 8, None), (19, 9, None),
        (64, None, 2), (64, None, 3), (72, None, 7), (72, None, 8), (45, 3, None),
    ],
)  # fmt: skip
def test_secret_members(class_id: int, attribute: int | None, method: int | None) -> None:
    assert secret(Target(class_id, CODE, attribute, method))


@pytest.mark.parametrize(
    ("class_id", "attribute", "method"),
    [
        (3, 2, None),
        (15, 2, None),
        (15, 6, None),
        (64, 2, None),
        (64, None, 1),
        (72, 14, None),
        (70, None, 1),
        (-1, 2, None),
    ],
)
def test_open_members(class_id: int, attribute: int | None, method: int | None) -> None:
    assert not secret(Target(class_id, CODE, attribute, method))


def test_no_target_is_no_secret() -> None:
    assert not secret(None)


def test_the_mask() -> None:
    data = arr(st(u32(7), os(b"key!"), Data("visible-string", "pass"), Data("boolean", True), Data("null-data", None)))
    masked = mask(data)
    assert masked == arr(
        st(
            Data("double-long-unsigned", None), Data("octet-string", "••••"), Data("visible-string", "••••"),
            Data("boolean", None), Data("null-data", None),
        )
    )  # fmt: skip
    assert mask_builtins(msgspec.to_builtins(data)) == msgspec.to_builtins(masked)
    assert mask_builtins(None) is None
