import pytest

from dissectors.cosem import classes, obis
from dissectors.cosem.classes import Attribute, Extra, InterfaceClass, Method
from dissectors.profile_types import ClassAttribute, ClassMethod, ObisName
from dissectors.profile_types import InterfaceClass as InterfaceTable


def test_catalogue() -> None:
    register = classes.find(3)
    assert register is not None and register.name == "Register" and register.sn_method_base == 0x28
    assert classes.attribute(3, 3) == Attribute(3, "scaler_unit", "structure", "scal_unit_type")
    assert classes.method(70, 1) == Method(1, "remote_disconnect")
    assert classes.attribute(3, 9) is None and classes.find(2) is None


def test_every_class_is_whole() -> None:
    for entry in classes._tables().classes:
        assert [a.index for a in entry.attributes] == list(range(1, len(entry.attributes) + 1)), entry.class_id
        assert entry.attributes_known == (len(entry.attributes) > 1), entry.class_id
        for a in entry.attributes:
            for name in (a.structure, a.element):
                assert not name or classes.structure(name), (entry.class_id, a)
            assert not a.enum or classes.values(a.enum) or classes.bits(a.enum), (entry.class_id, a)


@pytest.mark.parametrize(
    ("class_id", "attribute", "method", "name"),
    [
        (3, 2, None, "value"),
        (70, None, 2, "remote_reconnect"),
        (3, -1, None, "attribute -1"),
        (3, 0, None, "all attributes"),
        (3, None, 9, "method 9"),
        (3, None, None, ""),
    ],
)
def test_member_name(class_id: int, attribute: int | None, method: int | None, name: str) -> None:
    assert classes.member_name(class_id, attribute, method) == name


def test_class_name() -> None:
    assert classes.class_name(8) == "Clock"
    assert classes.class_name(999) == "class 999"
    assert classes.class_name(9000) == "manufacturer class 9000"
    assert classes.class_name(40000) == "user group class 40000"


def test_secrets() -> None:
    for class_id, attribute, method in ((15, 7, None), (15, None, 2), (12, None, 5), (64, None, 2), (19, 7, None)):
        assert classes.is_secret(class_id, attribute, method), (class_id, attribute, method)
    for class_id, attribute, method in ((15, 2, None), (64, 2, None), (3, 2, None), (70, None, 1), (3, None, None)):
        assert not classes.is_secret(class_id, attribute, method), (class_id, attribute, method)


def test_extra_of_a_profile() -> None:
    extra = classes.extra_of(
        (
            InterfaceTable(
                class_id=8200,
                version=1,
                name="Ours",
                attribute=(ClassAttribute(id=2, name="reading", type="unsigned"),),
                method=(ClassMethod(id=1, name="reset"),),
            ),
        ),
        (ObisName(code="1-0:1.8.x*255", name="Our energy", class_id=(8200,)),),
    )
    assert classes.member_name(8200, 1, None, extra) == "logical_name"
    assert classes.member_name(8200, 2, None, extra) == "reading"
    assert classes.member_name(8200, None, 1, extra) == "reset"
    assert obis.name(bytes((1, 0, 1, 8, 200, 255)), extra).class_ids == (8200,)


def test_scaler_attributes_are_scaler_units() -> None:
    for (class_id, value), scaler in classes.SCALER_UNIT.items():
        found = classes.attribute(class_id, scaler)
        assert found is not None and found.structure == "scal_unit_type"
        assert classes.attribute(class_id, value) is not None
        assert classes.scaler_attribute(class_id, value) == scaler
    assert classes.scaler_attribute(3, 1) is None


def test_a_profile_wins() -> None:
    own = InterfaceClass(
        3, "Our register", 9, True, (Attribute(1, "logical_name"), Attribute(2, "reading", "unsigned"))
    )
    new = InterfaceClass(8200, "Ours")
    extra = Extra((own, new))
    assert classes.class_name(3, extra) == "Our register" and classes.class_name(8200, extra) == "Ours"
    assert classes.attribute(3, 2, extra) == Attribute(2, "reading", "unsigned")
    assert classes.attribute(3, 3, extra) is None and classes.attribute(3, 3) is not None
    assert classes.class_name(4, extra) == "Extended register"
