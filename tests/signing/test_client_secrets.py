"""Client secrets that are kept sealed: opened for their own place alone, and each once."""

from dataclasses import replace

import pytest

from ostiary.domain.client import ClientSecret
from ostiary.signing.client_secrets import ClientSecrets, seal_client_secret
from ostiary.signing.master_key import MasterKey, MasterKeyError

MASTER_KEY = MasterKey(bytes(range(32)))
SECRET = "a sécret of a client"
PLAIN = ClientSecret(secret_id="1", sha256="0" * 64, created_at=0)
SEALED = replace(PLAIN, sealed=seal_client_secret("main", "app", "1", SECRET, MASTER_KEY))


def test_a_sealed_secret_is_opened() -> None:
    assert ClientSecrets("main", MASTER_KEY).open("app", SEALED) == SECRET.encode()


def test_one_that_is_kept_as_its_hash_is_not_to_be_had() -> None:
    assert ClientSecrets("main", MASTER_KEY).open("app", PLAIN) is None


@pytest.mark.parametrize(
    ("issuer_id", "client_id", "secret_id", "key"),
    [
        ("other", "app", "1", MASTER_KEY),
        ("main", "other", "1", MASTER_KEY),
        ("main", "app", "2", MASTER_KEY),
        ("main", "app", "1", MasterKey(bytes(32))),
    ],
)
def test_a_sealed_secret_does_not_open_elsewhere(
    issuer_id: str, client_id: str, secret_id: str, key: MasterKey
) -> None:
    with pytest.raises(MasterKeyError):
        ClientSecrets(issuer_id, key).open(client_id, replace(SEALED, secret_id=secret_id))


def test_each_is_opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    unseal = MasterKey.open

    def counted(self: MasterKey, sealed: bytes, context: str) -> bytes:
        opened.append(context)
        return unseal(self, sealed, context)

    monkeypatch.setattr(MasterKey, "open", counted)
    secrets = ClientSecrets("main", MASTER_KEY)
    for _ in range(3):
        assert secrets.open("app", SEALED) == SECRET.encode()
    assert len(opened) == 1


def test_the_secret_is_in_neither_text() -> None:
    assert SECRET not in repr(SEALED)
    assert SECRET not in repr(vars(ClientSecrets("main", MASTER_KEY)))
