from dissectors import acse_fields as names
from dissectors.tags import TAGS


def test_codes_are_unique_and_keys_are_asn1_names() -> None:
    for fields in (names.AARQ, names.AARE, names.RLRQ, names.RLRE):
        keys = [field.key for field in fields.values()]
        assert len(keys) == len(set(keys))
    assert names.AARQ["ae-invocation"].key == "calling-AE-invocation-id"
    assert names.AARE["requirements"].key == "responder-acse-requirements"


def test_tables_are_complete() -> None:
    assert list(names.CONTEXTS) == [1, 2, 3, 4] and list(names.MECHANISMS) == list(range(8))
    assert list(names.USER_DIAGNOSTICS) == list(range(15)) and list(names.PROVIDER_DIAGNOSTICS) == [0, 1, 2]
    assert names.USER_DIAGNOSTICS[14] == "authentication-required"
    assert set(names.CIPHERED_FIELDS) == set(names.CIPHERED)


def test_names_are_those_of_the_table_of_tags() -> None:
    for tag, name in (names.PLAIN | names.CIPHERED).items():
        assert TAGS[tag] == name
