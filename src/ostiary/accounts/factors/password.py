"""Password: something the person knows. RFC 8176 §2 "pwd"."""

from collections.abc import Sequence

from ostiary.accounts.passwords import TooManyPasswords
from ostiary.accounts.people import People
from ostiary.domain.user import MAX_USERNAME_LENGTH, User
from ostiary.storage.database import StoreUnavailable

AMR = "pwd"
LEVEL = "standard"


async def verify(
    people: People, institution_ids: Sequence[str], username: str, presented: str
) -> User | None:
    """The member whose username and password these are.

    A name that is unknown, switched off or of another institution takes the same work, and gets
    the same answer, as a wrong password. Raises TooManyTries for a guess that comes too soon.
    """
    if people.throttle is None:
        return await _verify(people, institution_ids, username, presented)
    guess = await people.throttle.count(username)
    try:
        user = await _verify(people, institution_ids, username, presented)
    except (StoreUnavailable, TooManyPasswords):
        await people.throttle.take_back(guess)
        raise
    if user is None:
        await people.throttle.refuse(guess)
    else:
        await people.throttle.forgive(guess)
    return user


async def _verify(
    people: People, institution_ids: Sequence[str], username: str, presented: str
) -> User | None:
    found = None
    if len(username) <= MAX_USERNAME_LENGTH:
        found = await _find_member(people, institution_ids, username)
    matches = await people.passwords.verify(found.password_hash if found else None, presented)
    if found is None or not matches or found.disabled_at is not None:
        return None
    await _renew_hash(people, found, presented)
    return found


async def _find_member(
    people: People, institution_ids: Sequence[str], username: str
) -> User | None:
    for institution_id in institution_ids:
        found = await people.store.users.find_member(people.issuer_id, institution_id, username)
        if found is not None:
            return found
    return None


async def _renew_hash(people: People, user: User, presented: str) -> None:
    if user.password_hash and people.passwords.is_outdated(user.password_hash):
        renewed = await people.passwords.hash_beside(presented)
        await people.store.users.rehash(people.issuer_id, user, renewed)
