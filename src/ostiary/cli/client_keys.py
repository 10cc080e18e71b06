"""Options by which a new client proves who it is."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ostiary.domain.client import AuthMethod

AuthMethodName: TypeAlias = Annotated[
    AuthMethod | None,
    typer.Option(
        metavar="METHOD",
        help="client_secret, private_key_jwt, client_secret_jwt or none. "
        "Default: private_key_jwt with keys, otherwise client_secret",
    ),
]
KeyFiles: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--public-key",
        "--jwks-file",
        metavar="FILE",
        help="Its public keys: PEM, a JWK or a JWK Set; may be repeated.",
    ),
]
JwksUri: TypeAlias = Annotated[
    str | None, typer.Option(metavar="URL", help="Where it publishes its public keys.")
]


def read_key_files(paths: Sequence[Path]) -> tuple[Mapping[str, str], ...]:
    """The keys of all files, as they are stored."""
    from ostiary.management.client_keys import read_public_keys
    from ostiary.management.errors import ManagementError
    from ostiary.management.file_faults import read_text
    from ostiary.protocol.malformed import Malformed

    found: list[Mapping[str, str]] = []
    for path in paths:
        try:
            found += read_public_keys(read_text(path))
        except Malformed as error:
            raise ManagementError(
                f"{path} holds no public key that can be used", f"give {error.expected}"
            ) from error
    return tuple(found)


def choose_method(named: AuthMethod | None, *, public: bool, has_keys: bool) -> AuthMethod:
    if public and named not in {None, AuthMethod.NONE}:
        raise typer.BadParameter(f"a client is either --public or uses {named}")
    if public:
        return AuthMethod.NONE
    return named or (AuthMethod.PRIVATE_KEY_JWT if has_keys else AuthMethod.CLIENT_SECRET)
