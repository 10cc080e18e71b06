"""`ostiary client`: the applications that may ask people to sign in."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli import client_listing
from ostiary.cli.client_keys import AuthMethodName, JwksUri, KeyFiles
from ostiary.cli.options import (
    AsJson,
    Config,
    HolderId,
    InstitutionId,
    IssuerId,
    examples,
    faults_named,
)
from ostiary.cli.output import say, show, show_json
from ostiary.domain.client import ApplicationType, Client

if TYPE_CHECKING:
    from typing import TextIO

    from ostiary.management.clients import IssuedSecret
    from ostiary.protocol.tokens import Json

commands = typer.Typer(help="Applications that may ask people to sign in.", no_args_is_help=True)
commands.add_typer(client_listing.commands)

ClientId = Annotated[str, typer.Argument(help="See: ostiary client list")]
RedirectUris = Annotated[
    list[str] | None, typer.Option(metavar="URI", help="To the letter; may be repeated.")
]
Public = Annotated[
    bool, typer.Option("--public", help="It cannot keep a secret: PKCE alone proves it.")
]
Native = Annotated[
    bool, typer.Option("--native", help="It runs on a device; any port on loopback will do.")
]
GrantTypes = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TYPE", help="May be repeated. Default: authorization_code, refresh_token"
    ),
]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME",
        help="May be repeated. Default: all scopes of the issuer's face, and none of its API scopes",
    ),
]
NewClientId = Annotated[str | None, typer.Option(metavar="ID", help="Default: a new UUID")]
SecretFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the secret into a new file of mode 600 instead."),
]

# key of the file -> what is typed for it
_OPTIONS = {
    "client_id": "--client-id",
    "name": "NAME",
    "redirect_uris": "--redirect-uri",
    "auth_method": "--auth-method",
    "public_keys": "--public-key",
    "jwks_uri": "--jwks-uri",
    "grant_types": "--grant-type",
    "scopes": "--scope",
}


@commands.command(
    epilog=examples(
        'ostiary client create "Budget Buddy" --redirect-uri https://budget.example.com/auth/cb',
        'ostiary client create "Phone App" --public --native --redirect-uri com.example.app:/cb',
        'ostiary client create "Nightly Report" --grant-type client_credentials --public-key key.pem',
        'ostiary client create "Ledger" --grant-type client_credentials'
        " --jwks-uri https://ledger.example.com/jwks",
    )
)
@faults_named(_OPTIONS)
def create(  # noqa: PLR0913  the command's options
    name: Annotated[str, typer.Argument(help="What people read on the consent page.")],
    *,
    redirect_uri: RedirectUris = None,
    public: Public = False,
    auth_method: AuthMethodName = None,
    public_key: KeyFiles = None,
    jwks_uri: JwksUri = None,
    native: Native = False,
    grant_type: GrantTypes = None,
    scope: Scopes = None,
    client_id: NewClientId = None,
    institution: InstitutionId = None,
    issuer: IssuerId = None,
    secret_file: SecretFile = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Register a client. It gets a secret, shown once, unless it is public or has keys."""
    from ostiary.cli.client_keys import choose_method, read_key_files
    from ostiary.cli.database import open_store
    from ostiary.cli.secrets import opened_secret_file
    from ostiary.management.clients import create_client, default_scopes, new_client_id
    from ostiary.management.institutions import find_institution
    from ostiary.management.issuers import find_issuer

    keys = read_key_files(public_key or [])
    method = choose_method(auth_method, public=public, has_keys=bool(keys or jwks_uri))

    async def made() -> "IssuedSecret":
        chosen = await find_issuer(opened.store, issuer)
        owner = await find_institution(opened.store, chosen, institution)
        client = Client(
            client_id=client_id or new_client_id(),
            name=name,
            institution_id=owner.institution_id,
            auth_method=method,
            public_keys=keys,
            jwks_uri=jwks_uri,
            application_type=ApplicationType.NATIVE if native else ApplicationType.WEB,
            redirect_uris=tuple(redirect_uri or ()),
            grant_types=frozenset(grant_type or ("authorization_code", "refresh_token")),
            scopes=frozenset(scope) if scope else default_scopes(chosen),
        )
        return await create_client(
            opened.store, chosen, client, opened.now, master_key=opened.master_key
        )

    with open_store(config) as opened, opened_secret_file(secret_file) as file:
        _show_issued(asyncio.run(made()), file, as_json=as_json)


@commands.command(epilog=examples("ostiary client disable budget-buddy"))
def disable(client_id: ClientId, issuer: HolderId = None, config: Config = None) -> None:
    """Switch a client off: it is refused everywhere until it is enabled."""
    _set_enabled(client_id, issuer, config, enabled=False)
    say(f"{client_id} is disabled. To undo it: ostiary client enable {client_id}")


@commands.command(epilog=examples("ostiary client enable budget-buddy"))
def enable(client_id: ClientId, issuer: HolderId = None, config: Config = None) -> None:
    """Switch a client on again."""
    _set_enabled(client_id, issuer, config, enabled=True)
    say(f"{client_id} is enabled.")


def _set_enabled(client_id: str, issuer: str | None, config: Path | None, *, enabled: bool) -> None:
    from ostiary.cli.database import open_store
    from ostiary.management.clients import find_client_issuer, set_client_enabled

    async def change() -> None:
        chosen = await find_client_issuer(opened.store, issuer, client_id)
        await set_client_enabled(opened.store, chosen, client_id, opened.now, enabled=enabled)

    with open_store(config) as opened:
        asyncio.run(change())


@commands.command(
    epilog=examples(
        "ostiary client secret budget-buddy                          # the old one stays valid",
        "ostiary client secret budget-buddy --expire-others-in 7d",
        "ostiary client secret budget-buddy --secret-file new.secret",
    )
)
def secret(
    client_id: ClientId,
    expire_others_in: Annotated[
        str | None,
        typer.Option(metavar="TIME", help='When the present ones end, such as "7d"; 0 is now.'),
    ] = None,
    issuer: HolderId = None,
    secret_file: SecretFile = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Give a client a further secret, shown once. At most two are valid at a time."""
    from ostiary.cli.database import open_store
    from ostiary.cli.parameters import seconds
    from ostiary.cli.secrets import opened_secret_file
    from ostiary.management.clients import add_secret, find_client_issuer

    delay = None if expire_others_in is None else seconds(expire_others_in)

    async def issued() -> "IssuedSecret":
        chosen = await find_client_issuer(opened.store, issuer, client_id)
        ends = None if delay is None else opened.now + delay
        return await add_secret(
            opened.store,
            chosen,
            client_id,
            opened.now,
            master_key=opened.master_key,
            others_expire_at=ends,
        )

    with open_store(config) as opened, opened_secret_file(secret_file) as file:
        _show_issued(asyncio.run(issued()), file, as_json=as_json)


def _show_issued(issued: "IssuedSecret", file: "TextIO | None", *, as_json: bool) -> None:
    shown: dict[str, Json] = {"client_id": issued.client.client_id}
    if issued.secret is not None and file is not None:
        file.write(issued.secret + "\n")
        shown["secret_file"] = file.name
    elif issued.secret is not None:
        shown["client_secret"] = issued.secret
        say("The secret is shown this once.")
    if as_json:
        show_json(shown)
        return
    for name, value in shown.items():
        show(f"{name}: {value}")
