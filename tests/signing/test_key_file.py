"""The demo client's private key: made once, in a file of its owner's."""

from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ostiary.signing.key_file import read_public_pem, write_key_file
from ostiary.signing.private_file import write_private_file


def test_a_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "below" / "key.pem"
    assert write_key_file(path)
    text = path.read_text()
    assert not write_key_file(path)
    assert path.read_text() == text
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_it_signs_what_its_public_half_verifies(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_key_file(path)
    assert "BEGIN PRIVATE KEY" in path.read_text(), "PKCS#8, which every library reads"
    key = load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)
    assert key.key_size == 2048
    for algorithm in ("RS256", "PS256"):
        token = jwt.encode({"a": 1}, path.read_text(), algorithm=algorithm)
        assert jwt.decode(token, read_public_pem(path), algorithms=[algorithm]) == {"a": 1}


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    assert not write_private_file(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
