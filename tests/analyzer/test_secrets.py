"""What counts as a secret, and that its mask keeps types and sizes and nothing else."""

import msgspec
import pytest
from talk import arr, os, st, u32

from analyzer.model import Target
from analyzer.secrets import carries, mask, mask_builtins, masked_text, secret
from dissectors.apdu import Apdu, Item
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


def test_masked_text_keeps_type_and_size() -> None:
    assert masked_text(os(b"key!"), 6) == "octet-string ••••"
    assert masked_text(u32(7), 5) == "double-long-unsigned"
    assert masked_text(arr(u32(7), u32(8)), 12) == "array of 2"
    assert masked_text(None, 3) == "•••" and masked_text(None, 9000) == "•" * 64
    assert masked_text(os(bytes(900)), 904) == "octet-string " + "•" * 64


def test_a_request_says_that_it_carries_a_secret() -> None:
    plain = Apdu(0xC1, "set-request-normal", "set", "request", class_id=15, obis=CODE, attribute=2)
    assert not carries(plain) and carries(msgspec.structs.replace(plain, attribute=7))
    assert carries(msgspec.structs.replace(plain, items=(Item(3, CODE, 2), Item(15, CODE, 7))))
    assert not carries(None) and not carries(Data("unsigned", 5))
