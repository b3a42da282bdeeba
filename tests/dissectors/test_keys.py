"""Secrets stay secret; the ring finds what fits, best first."""

import json
import pickle

import msgspec
import pytest

from dissectors.keys import MAX_CANDIDATES, MAX_LEARNED, KeyRing, KeySet, Parties, Secret

HEX = "5EC2E7A1B2C3D4E5F60718293A4B5C6D"
SECRET = Secret(bytes.fromhex(HEX))
A, B, C = (b"MMM\0\0\0\0" + bytes([n]) for n in (1, 2, 3))


def test_a_secret_shows_its_length_only() -> None:
    keys = KeySet(name="k", encryption=SECRET, master=SECRET, secrets=(SECRET,), agreement_private=SECRET)
    ring = KeyRing([keys])
    ring.learn_dedicated(SECRET.reveal())
    raw = repr(SECRET.reveal())[2:-1]
    for shown in (repr(SECRET), str(SECRET), f"{keys}", repr(keys), repr(ring), repr(Parties()), repr(vars(ring))):
        assert HEX.lower() not in shown.lower() and raw not in shown
    assert "16 octets" in repr(SECRET)


def test_a_secret_cannot_be_encoded() -> None:
    for encode in (json.dumps, msgspec.json.encode, msgspec.to_builtins):
        with pytest.raises(TypeError):
            encode(SECRET)
        with pytest.raises(TypeError):
            encode(KeySet(encryption=SECRET))


def test_secrets_equal_by_content() -> None:
    assert Secret(b"a") == Secret(b"a") != Secret(b"b")
    assert len({Secret(b"a"), Secret(b"a")}) == 1
    assert Secret(b"a") != b"a" and len(SECRET) == 16
    assert pickle.loads(pickle.dumps(SECRET)) == SECRET  # for worker processes


def names(ring: KeyRing, who: Parties, title: bytes = b"", **more: object) -> list[str]:
    return [keys.name for keys in ring.find(who, title, **more)]  # type: ignore[arg-type]


RING = [
    KeySet(name="any"),
    KeySet(name="server 1", server=1),
    KeySet(name="server 2", server=2),
    KeySet(name="title A", system_title=A),
    KeySet(name="title B", system_title=B),
    KeySet(name="cellar", meter="Cellar"),
]


def test_the_most_specific_first() -> None:
    ring = KeyRing(RING)
    assert names(ring, Parties(1, 16, 1, C, A)) == ["title A", "server 1", "cellar", "any"]
    assert names(ring, Parties(1, 16, 2, C, A), B) == ["title B", "title A", "server 2", "cellar", "any"]
    assert names(ring, Parties(1, 16, 1, C, A, names=("CELLAR",)))[:3] == ["title A", "cellar", "server 1"]
    assert names(ring, Parties(1, 16, 1, C, C)) == ["server 1", "cellar", "any"]


def test_keys_of_any_title_while_the_servers_is_not_known() -> None:
    ring = KeyRing(RING)
    assert names(ring, Parties(0, 16, 1, C))[-2:] == ["title B", "title A"]
    assert names(ring, Parties(0, 16, 1, C), C)[-2:] == ["title B", "title A"]
    assert "title B" not in names(ring, Parties(0, 16, 1), A)
    assert names(ring, Parties(), A, recipient=B)[:2] == ["title B", "title A"]


def test_time_of_validity() -> None:
    ring = KeyRing([KeySet(name="old", valid_to=100), KeySet(name="new", valid_from=100), KeySet(name="always")])
    assert names(ring, Parties(time_ns=99)) == ["always", "old"]
    assert names(ring, Parties(time_ns=100)) == ["always", "new", "old"]
    assert names(ring, Parties(time_ns=101)) == ["always", "new"]
    assert names(ring, Parties()) == ["always", "new", "old"]
    assert names(ring, Parties(time_ns=101), dated=False) == ["always", "new", "old"]


def test_what_comes_later_is_tried_first_and_found_at_once() -> None:
    ring = KeyRing([KeySet(name="one")])
    assert names(ring, Parties()) == ["one"]
    added = ring.add(KeySet(name="two"))
    assert names(ring, Parties()) == ["two", "one"]
    assert (added.number, ring.get(2), ring.get(3), ring.get(0)) == (2, added, None, None)


def test_candidates_are_bounded() -> None:
    assert len(KeyRing(KeySet() for _ in range(500)).find(Parties())) == MAX_CANDIDATES


def test_dedicated_keys_and_titles_are_bounded() -> None:
    ring = KeyRing()
    first = ring.learn_dedicated(b"1" * 16)
    assert ring.dedicated(first) == Secret(b"1" * 16)
    for n in range(MAX_LEARNED):
        last = ring.learn_dedicated(n.to_bytes(16, "big"))
        assert ring.learn_title(("server", n), A)
    assert ring.dedicated(first) is None and ring.dedicated(last) is not None and ring.dedicated(0) is None
    ring.learn_title("one more", B)
    assert ring.title("one more") == B and ring.title(("server", 0)) == b"" and ring.title(("server", 9)) == A
    assert not ring.learn_title("short", b"abc")


def test_who_sends_and_who_receives() -> None:
    assert Parties(0, client_title=A, server_title=B).sender == A
    assert Parties(1, client_title=A, server_title=B).sender == B
    assert Parties(0, client_title=A, server_title=B).receiver == B
    assert Parties(1, client_title=A, server_title=B).receiver == A
    assert Parties(2, client_title=A, server_title=B).sender == Parties(2, client_title=A).receiver == b""
