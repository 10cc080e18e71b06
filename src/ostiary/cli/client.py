"""`ostiary client`: the applications that may ask people to sign in."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.options import AsJson, Config, InstitutionId, IssuerId, IssuersId, examples
from ostiary.cli.output import optional_instant, say, show, show_json, show_table
from ostiary.domain.client import ApplicationType, AuthMethod

if TYPE_CHECKING:
    from ostiary.domain.client import Client
    from ostiary.management.clients import IssuedSecret
    from ostiary.protocol.tokens import Json

commands = typer.Typer(help="Applications that may ask people to sign in.", no_args_is_help=True)

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


@commands.command(
    epilog=examples(
        'ostiary client create "Budget Buddy" --redirect-uri https://budget.example.com/auth/cb',
        'ostiary client create "Phone App" --public --native --redirect-uri com.example.app:/cb',
        'ostiary client create "Nightly Report" --grant-type client_credentials --json',
    )
)
def create(  # noqa: PLR0913  the command's options
    name: Annotated[str, typer.Argument(help="What people read on the consent page.")],
    *,
    redirect_uri: RedirectUris = None,
    public: Public = False,
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
    """Register a client. Its secret is shown once."""
    from ostiary.cli.database import open_store
    from ostiary.cli.secrets import check_secret_file
    from ostiary.domain.client import Client
    from ostiary.management.clients import create_client, default_scopes, new_client_id
    from ostiary.management.institutions import find_institution
    from ostiary.management.issuers import find_issuer

    async def made() -> "IssuedSecret":
        chosen = await find_issuer(opened.store, issuer)
        owner = await find_institution(opened.store, chosen, institution)
        client = Client(
            client_id=client_id or new_client_id(),
            name=name,
            institution_id=owner.institution_id,
            auth_method=AuthMethod.NONE if public else AuthMethod.CLIENT_SECRET,
            application_type=ApplicationType.NATIVE if native else ApplicationType.WEB,
            redirect_uris=tuple(redirect_uri or ()),
            grant_types=frozenset(grant_type or ("authorization_code", "refresh_token")),
            scopes=frozenset(scope) if scope else default_scopes(chosen),
        )
        return await create_client(opened.store, chosen, client, opened.now)

    check_secret_file(secret_file)
    with open_store(config) as opened:
        issued = asyncio.run(made())
    _show_issued(issued, secret_file, as_json=as_json)


@commands.command("list", epilog=examples("ostiary client list", "ostiary client list --json"))
def list_clients(issuer: IssuersId = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the clients of all issuers, or of one."""
    from ostiary.cli.database import open_store
    from ostiary.management.issuers import find_issuers

    async def found() -> "list[tuple[str, Client]]":
        return [
            (chosen.issuer_id, client)
            for chosen in await find_issuers(opened.store, issuer)
            for client in await opened.store.clients.list(chosen.issuer_id)
        ]

    with open_store(config) as opened:
        clients = asyncio.run(found())
    if as_json:
        show_json([_as_json(issuer_id, client) for issuer_id, client in clients])
        return
    show_table(
        ("ISSUER", "CLIENT ID", "NAME", "AUTHENTICATION", "GRANTS", "STATE"),
        [
            (
                issuer_id,
                client.client_id,
                client.name,
                client.auth_method,
                " ".join(sorted(client.grant_types)),
                "disabled" if client.disabled_at else "enabled",
            )
            for issuer_id, client in clients
        ],
    )


@commands.command(epilog=examples("ostiary client disable budget-buddy"))
def disable(client_id: ClientId, issuer: IssuerId = None, config: Config = None) -> None:
    """Switch a client off: it is refused everywhere until it is enabled."""
    _set_enabled(client_id, issuer, config, enabled=False)
    say(f"{client_id} is disabled. To undo it: ostiary client enable {client_id}")


@commands.command(epilog=examples("ostiary client enable budget-buddy"))
def enable(client_id: ClientId, issuer: IssuerId = None, config: Config = None) -> None:
    """Switch a client on again."""
    _set_enabled(client_id, issuer, config, enabled=True)
    say(f"{client_id} is enabled.")


def _set_enabled(client_id: str, issuer: str | None, config: Path | None, *, enabled: bool) -> None:
    from ostiary.cli.database import open_store
    from ostiary.management.clients import set_client_enabled
    from ostiary.management.issuers import find_issuer

    async def change() -> None:
        chosen = await find_issuer(opened.store, issuer)
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
    issuer: IssuerId = None,
    secret_file: SecretFile = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Give a client a further secret, shown once. At most two are valid at a time."""
    from ostiary.cli.database import open_store
    from ostiary.cli.parameters import seconds
    from ostiary.cli.secrets import check_secret_file
    from ostiary.management.clients import add_secret
    from ostiary.management.issuers import find_issuer

    check_secret_file(secret_file)
    delay = None if expire_others_in is None else seconds(expire_others_in)

    async def issued() -> "IssuedSecret":
        chosen = await find_issuer(opened.store, issuer)
        ends = None if delay is None else opened.now + delay
        return await add_secret(opened.store, chosen, client_id, opened.now, others_expire_at=ends)

    with open_store(config) as opened:
        answer = asyncio.run(issued())
    _show_issued(answer, secret_file, as_json=as_json)


def _show_issued(issued: "IssuedSecret", secret_file: Path | None, *, as_json: bool) -> None:
    from ostiary.cli.secrets import write_secret

    shown: dict[str, Json] = {"client_id": issued.client.client_id}
    if issued.secret is not None and secret_file is not None:
        write_secret(secret_file, issued.secret)
        shown["secret_file"] = str(secret_file)
    elif issued.secret is not None:
        shown["client_secret"] = issued.secret
        say("The secret is shown this once; only its hash is kept.")
    if as_json:
        show_json(shown)
        return
    for name, value in shown.items():
        show(f"{name}: {value}")


def _as_json(issuer_id: str, client: "Client") -> "Json":
    secrets: list[Json] = [
        {"secret_id": each.secret_id, "expires_at": optional_instant(each.expires_at)}
        for each in client.secrets
    ]
    return {
        "issuer": issuer_id,
        "client_id": client.client_id,
        "name": client.name,
        "institution": client.institution_id,
        "auth_method": str(client.auth_method),
        "application_type": str(client.application_type),
        "redirect_uris": [*client.redirect_uris],
        "grant_types": [*sorted(client.grant_types)],
        "scopes": [*sorted(client.scopes)],
        "secrets": secrets,
        "disabled": client.disabled_at is not None,
    }
