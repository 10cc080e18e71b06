"""A client's private key in a file: what `ostiary dev` makes for the demo client that signs."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization

from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.signing.private_file import write_private_file
from ostiary.signing.software import generate_private_key


def write_key_file(path: Path) -> bool:
    """A new RSA key in PEM (PKCS#8); False when the file is there already.

    RSA, because every library signs with it: RS256 and PS256, which the contract's own tool uses.
    """
    if path.exists():
        return False
    key = generate_private_key(Algorithm.PS256)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return write_private_file(path, pem.decode("ascii"))


def read_public_pem(path: Path) -> str:
    """The public half of the key in the file. Raises ValueError when there is none to be read."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except TypeError as error:  # it wants a password
        raise ValueError("the key is encrypted") from error
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode("ascii")
    )
