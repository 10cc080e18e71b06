"""Passwords: argon2id in a small pool beside the event loop. NIST SP 800-63B-4 §3.1.1.2."""

import asyncio
import os
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from ostiary.domain.observer import NOBODY, Observer

MAX_LENGTH = 1024
MIN_LENGTH = 8
# OWASP's minimum for argon2id: 19 MiB, two passes, one lane: about 20 ms.
MEMORY_KIB, PASSES, LANES = 19_456, 2, 1
# At this many waiting, a further one would wait for about a second: better say so at once.
LONGEST_QUEUE = 64


class TooManyPasswords(Exception):
    """The pool is full; try again in a second."""


class Passwords:
    """Hashes and verifies. The same work is done for a user who does not exist."""

    def __init__(self, workers: int | None = None, observer: Observer = NOBODY) -> None:
        self._hasher: Final = PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID
        )
        self._pool: Final = ThreadPoolExecutor(
            max_workers=workers or min(4, os.cpu_count() or 1), thread_name_prefix="ostiary-argon2"
        )
        self._waiting = 0
        self._observer: Final = observer
        # Verified for names that nobody has; made beside the start, not in front of it.
        self._nobodys_hash: Final = self._pool.submit(self.hash, os.urandom(16).hex())

    @property
    def waiting(self) -> int:
        """How many passwords are being verified or wait for it."""
        return self._waiting

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password; never for a hash of None, after the same work."""
        if self._waiting >= LONGEST_QUEUE:
            raise TooManyPasswords
        self._waiting += 1
        began = time.perf_counter()
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._pool, self._verify, password_hash, password
            )
        finally:
            self._waiting -= 1
            self._observer.password_hashed(time.perf_counter() - began)

    def hash(self, password: str) -> str:
        """A PHC string. Takes 20 ms of processor: for commands, not for the event loop."""
        return self._hasher.hash(_normalized(password))

    async def hash_beside(self, password: str) -> str:
        """The same in the pool."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.hash, password)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether a hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password_hash: str | None, password: str) -> bool:
        try:
            self._hasher.verify(
                password_hash or self._nobodys_hash.result(), _normalized(password[:MAX_LENGTH])
            )
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None and len(password) <= MAX_LENGTH


def _normalized(password: str) -> bytes:
    """One form for what different keyboards send for the same characters; spaces are kept."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
