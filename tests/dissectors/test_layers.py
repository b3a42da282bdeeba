"""LAYERS: complete, and every field that filters may name is declared once."""

from dissectors import profile
from dissectors.layers import LAYERS

CONTAINERS = {"ip", "internet", "physical"}  # words of descriptors for what several layers do


def test_names() -> None:
    for name, layer in LAYERS.items():
        assert layer.name and layer.dissect is not None and layer.short.code.endswith(".trunc"), name
    assert {"ethernet", "ipv4", "ipv6", "udp", "tcp", "wrapper", "hdlc", "llc", "mbus", "apdu", "xdlms", "acse"} <= set(
        LAYERS
    )


def test_every_layer_of_a_shipped_stack_is_known() -> None:
    for each in profile.builtin().values():
        for stack in each.stacks:
            assert set(stack.layers) - set(LAYERS) <= CONTAINERS | {"iec62056-21"}, each.name


def test_a_field_code_means_one_thing() -> None:
    seen: dict[str, object] = {}
    for layer in LAYERS.values():
        for field in layer.fields:
            assert seen.setdefault(field.code, (field.type, field.unit)) == (field.type, field.unit), field.code
            assert field.label and field.code == field.code.lower().strip(), field.code


def test_an_apdu_is_called_by_its_tag() -> None:
    called = LAYERS["apdu"].called
    assert called is not None
    assert (called(b"\x60"), called(b"\xc0"), called(b"\x61")) == ("acse", "xdlms", "acse")
