"""`ostiary user`: the people who sign in."""

import asyncio
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ostiary.cli.options import (
    AsJson,
    Config,
    HolderId,
    IssuerId,
    IssuersId,
    examples,
    faults_named,
)
from ostiary.cli.output import say, show, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ostiary.accounts.passwords import Passwords
    from ostiary.domain.user import User
    from ostiary.management.users import ListedUser

commands = typer.Typer(help="The people who sign in.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="The name with which they sign in.")]
# key of the file -> what is typed for it
_OPTIONS = {
    "username": "USERNAME",
    "memberships": "--institution",
    "memberships.claims": "--claim",
}


@commands.command(
    epilog=examples(
        "ostiary user create alice --claim name='Alice Adams' --claim email=alice@example.com",
        "ostiary user create bob --institution garden --institution harbor",
        "pass show bob | ostiary user create bob --json",
    )
)
@faults_named(_OPTIONS)
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
    from ostiary.management.claim_kinds import claim_name_faults
    from ostiary.management.faults import raise_any
    from ostiary.management.institutions import find_institution
    from ostiary.management.issuers import find_issuer
    from ostiary.management.users import create_user

    claims = dict(parameters.claim(each) for each in claim or ())

    async def made() -> "User":
        chosen = await find_issuer(opened.store, issuer)
        raise_any(tuple(claim_name_faults(claims, chosen)))
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
def list_users(issuer: IssuersId = None, config: Config = None, as_json: AsJson = False) -> None:
    """List the users of all issuers, or of one."""
    from ostiary.cli.database import open_store
    from ostiary.management import users
    from ostiary.management.issuers import find_issuers

    async def found() -> "list[tuple[str, ListedUser]]":
        return [
            (chosen.issuer_id, each)
            for chosen in await find_issuers(opened.store, issuer)
            for each in await users.list_users(opened.store, chosen)
        ]

    with open_store(config) as opened:
        listed = asyncio.run(found())
    if as_json:
        show_json(
            [
                {
                    "issuer": issuer_id,
                    "user_id": each.user.user_id,
                    "username": each.user.username,
                    "institutions": [membership.institution_id for membership in each.memberships],
                    "has_password": each.user.password_hash is not None,
                    "disabled": each.user.disabled_at is not None,
                }
                for issuer_id, each in listed
            ]
        )
        return
    show_table(
        ("ISSUER", "USERNAME", "USER ID", "INSTITUTIONS", "STATE"),
        [
            (
                issuer_id,
                each.user.username,
                each.user.user_id,
                " ".join(membership.institution_id for membership in each.memberships),
                "disabled" if each.user.disabled_at else "enabled",
            )
            for issuer_id, each in listed
        ],
    )


@commands.command(
    epilog=examples("ostiary user password alice", "pass show alice | ostiary user password alice")
)
def password(username: Username, issuer: HolderId = None, config: Config = None) -> None:
    """Set a user's password, which ends all of their sessions and tokens."""
    from ostiary.cli.database import open_store
    from ostiary.cli.secrets import read_password
    from ostiary.management.users import find_user, find_user_issuer, set_password

    async def change() -> None:
        chosen = await find_user_issuer(opened.store, issuer, username)
        await find_user(opened.store, chosen, username)  # before anybody types a password
        await set_password(opened.store, passwords, chosen, username, read_password(), opened.now)

    with open_store(config) as opened, _passwords() as passwords:
        asyncio.run(change())
    say(f"{username} has a new password, and is signed out everywhere.")


@commands.command(
    epilog=examples("ostiary user picture alice alice.png", "ostiary user picture alice --remove")
)
def picture(
    username: Username,
    file: Annotated[
        Path | None, typer.Argument(help="A PNG or JPEG file of at most 256 kB.")
    ] = None,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take it away: the initials are shown again.")
    ] = False,
    issuer: HolderId = None,
    config: Config = None,
) -> None:
    """Set the picture that applications show of a user, instead of their initials."""
    from ostiary.cli.database import open_store
    from ostiary.cli.parameters import file_content
    from ostiary.management.pictures import remove_picture, set_picture
    from ostiary.management.users import find_user_issuer

    if (file is None) != remove:
        raise typer.BadParameter("give either a file or --remove")
    data = None if file is None else file_content(file)

    async def change() -> None:
        chosen = await find_user_issuer(opened.store, issuer, username)
        if data is None:
            await remove_picture(opened.store, chosen, username, opened.now)
        else:
            await set_picture(opened.store, chosen, username, data, opened.now)

    with open_store(config) as opened:
        asyncio.run(change())
    say(f"{username} has {'no picture any more' if data is None else 'a new picture'}.")


@commands.command(epilog=examples("ostiary user disable alice"))
def disable(username: Username, issuer: HolderId = None, config: Config = None) -> None:
    """Switch a user off: signed out everywhere, they cannot sign in until they are enabled."""
    _set_enabled(username, issuer, config, enabled=False)
    say(f"{username} is disabled. To undo it: ostiary user enable {username}")


@commands.command(epilog=examples("ostiary user enable alice"))
def enable(username: Username, issuer: HolderId = None, config: Config = None) -> None:
    """Switch a user on again."""
    _set_enabled(username, issuer, config, enabled=True)
    say(f"{username} is enabled.")


@commands.command(epilog=examples("ostiary user unlock alice", "ostiary user unlock alice --json"))
def unlock(
    username: Username, issuer: HolderId = None, config: Config = None, as_json: AsJson = False
) -> None:
    """Let a user try again at once after too many wrong passwords."""
    from ostiary.cli.database import open_store
    from ostiary.management.users import find_user_issuer, unlock_user

    async def change() -> bool:
        chosen = await find_user_issuer(opened.store, issuer, username)
        return await unlock_user(opened.store, opened.master_key(), chosen, username, opened.now)

    with open_store(config) as opened:
        was_locked = asyncio.run(change())
    if as_json:
        show_json({"username": username, "was_locked": was_locked})
    elif was_locked:
        say(f"{username} can try again.")
    else:
        say(f"Nobody has tried wrong passwords for {username} since they last signed in.")


def _set_enabled(username: str, issuer: str | None, config: Path | None, *, enabled: bool) -> None:
    from ostiary.cli.database import open_store
    from ostiary.management.users import find_user_issuer, set_user_enabled

    async def change() -> None:
        chosen = await find_user_issuer(opened.store, issuer, username)
        await set_user_enabled(opened.store, chosen, username, opened.now, enabled=enabled)

    with open_store(config) as opened:
        asyncio.run(change())


@contextmanager
def _passwords() -> "Iterator[Passwords]":
    from ostiary.accounts.passwords import Passwords

    passwords = Passwords(workers=1)
    try:
        yield passwords
    finally:
        passwords.close()
