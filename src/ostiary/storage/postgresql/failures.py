"""What went wrong, in the words of the store: never with a password, a parameter or a row in it."""

from typing import Final

import asyncpg

from ostiary.storage.database import Conflict, Misconfigured, StoreUnavailable


class Lost(StoreUnavailable):
    """The connection, or the server behind it, is of no more use."""


class Refused(Lost, Misconfigured):
    """Every server refuses us, and will until somebody changes something."""


class Silent(Lost):
    """The server has not answered in time; perhaps it never will."""


class Undone(StoreUnavailable):
    """PostgreSQL has undone the change for the sake of another: it can be made again."""


class UnfitValue(Exception):
    """A value that no column takes: a defect of our own."""


_LOST: Final = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
)
_UNDONE: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)


def in_words_of_the_store(error: Exception) -> Exception:
    """What to raise instead; what is none of the store's stays as it is."""
    text = text_of(error)
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return Conflict(text)
    if isinstance(error, _UNDONE):
        return Undone(text)
    if isinstance(error, asyncpg.QueryCanceledError):
        return StoreUnavailable(text)
    if is_defect(error):
        return UnfitValue(f"no column takes a value of this statement ({type(error).__name__})")
    if isinstance(error, TimeoutError):
        return Silent("the server has not answered in time")
    if isinstance(error, _LOST):
        return Lost(text)
    return StoreUnavailable(text) if isinstance(error, asyncpg.PostgresError) else error


def is_defect(error: Exception) -> bool:
    """A value that no column takes, found by the server or already by the driver."""
    from_driver = isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    return from_driver or isinstance(error, asyncpg.DataError)


def text_of(error: Exception) -> str:
    """The first line: what follows, PostgreSQL's "detail", quotes rows."""
    return (str(error) or type(error).__name__).partition("\n")[0]
