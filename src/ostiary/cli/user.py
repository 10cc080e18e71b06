"""`ostiary user`: the people who sign in."""

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.options import AsJson, Config, IssuerId, examples
from ostiary.cli.output import say, show, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ostiary.accounts.passwords import Passwords
    from ostiary.domain.user import User
    from ostiary.management.users import ListedUser

commands = typer.Typer(help="The people who sign in.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="The name with which they sign in.")]


@commands.command(
    epilog=examples(
        "ostiary user create alice --claim name='Alice Adams' --claim email=alice@example.com",
        "ostiary user create bob --institution garden --institution harbor",
        "pass show bob | ostiary user create bob --json",
    )
)
def create(
    username: Username,
    *,
    institution: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="May be repeated. Not needed when there is only one."),
    ] = None,
    claim: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="What is known of them; may be repeated."),
    ] = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Set one later: ostiary user password")
    ] = False,
    issuer: IssuerId = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Add a user. The password is asked for, or read from standard input."""
    from ostiary.cli import parameters
    from ostiary.cli.database import open_store
    from ostiary.cli.secrets import read_password
    from ostiary.domain.user import Membership
    from ostiary.management.institutions import find_institution
    from ostiary.management.issuers import find_issuer
    from ostiary.management.users import create_user

    claims = dict(parameters.claim(each) for each in claim or ())

    async def made() -> "User":
        chosen = await find_issuer(opened.store, issuer)
        wanted: list[str | None] = list(institution) if institution else [None]
        owners = [await find_institution(opened.store, chosen, each) for each in wanted]
        memberships = [
            Membership(institution_id=owner.institution_id, claims=claims) for owner in owners
        ]
        password = None if no_password else read_password()
        return await create_user(
            opened.store, passwords, chosen, username, password, memberships, opened.now
        )

    with open_store(config) as opened, _passwords() as passwords:
        user = asyncio.run(made())
    if as_json:
        show_json({"user_id": user.user_id, "username": user.username})
    else:
        show(f"user_id: {user.user_id}")


@commands.command("list", epilog=examples("ostiary user list", "ostiary user list --json"))
def list_users(issuer: IssuerId = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the users of an issuer."""
    from ostiary.cli.database import open_store
    from ostiary.management import users
    from ostiary.management.issuers import find_issuer

    async def found() -> "Sequence[ListedUser]":
        return await users.list_users(opened.store, await find_issuer(opened.store, issuer))

    with open_store(config) as opened:
        listed = asyncio.run(found())
    if as_json:
        show_json(
            [
                {
                    "user_id": each.user.user_id,
                    "username": each.user.username,
                    "institutions": [membership.institution_id for membership in each.memberships],
                    "has_password": each.user.password_hash is not None,
                    "disabled": each.user.disabled_at is not None,
                }
                for each in listed
            ]
        )
        return
    show_table(
        ("USERNAME", "USER ID", "INSTITUTIONS", "STATE"),
        [
            (
                each.user.username,
                each.user.user_id,
                " ".join(membership.institution_id for membership in each.memberships),
                "disabled" if each.user.disabled_at else "enabled",
            )
            for each in listed
        ],
    )


@commands.command(
    epilog=examples("ostiary user password alice", "pass show alice | ostiary user password alice")
)
def password(username: Username, issuer: IssuerId = None, config: Config = None) -> None:
    """Set a user's password, which ends all of their sessions and tokens."""
    from ostiary.cli.database import open_store
    from ostiary.cli.secrets import read_password
    from ostiary.management.issuers import find_issuer
    from ostiary.management.users import find_user, set_password

    async def change() -> None:
        chosen = await find_issuer(opened.store, issuer)
        await find_user(opened.store, chosen, username)  # before anybody types a password
        await set_password(opened.store, passwords, chosen, username, read_password(), opened.now)

    with open_store(config) as opened, _passwords() as passwords:
        asyncio.run(change())
    say(f"{username} has a new password, and is signed out everywhere.")


@contextmanager
def _passwords() -> "Iterator[Passwords]":
    from ostiary.accounts.passwords import Passwords

    passwords = Passwords(workers=1)
    try:
        yield passwords
    finally:
        passwords.close()
