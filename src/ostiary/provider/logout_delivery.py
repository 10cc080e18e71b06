"""Telling clients that a session is over, beside the requests. Back-Channel Logout §2.5, §2.8.

The notices stand in the database since the session ended, so none is lost with a process; whoever
begins an attempt claims it first, and a notice is told at least once. A client that is slow holds
up nobody but itself: it is told of so many sessions at a time, and others pass it by.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.clock import Clock
from ostiary.domain.logout_notice import LogoutNotice
from ostiary.outbound.fetcher import Fetcher, FetchFailed
from ostiary.provider.served import ServedIssuers
from ostiary.provider.tokens import mint_logout_token
from ostiary.storage.database import StoreUnavailable

PAGE = 256
# Fewer than the fetcher asks at once: others need it too, and are waited for.
MOST_AT_ONCE = 8
MOST_AT_ONCE_TO_CLIENT = 2
# Back-Channel Logout §2.8, and what frameworks answer that have nothing to say.
DELIVERED = frozenset({200, 204})

_log = structlog.get_logger("ostiary.logout")


class LogoutDelivery:
    """One for the process. `clock` is the machine's: these are not the issuers' own affairs."""

    def __init__(self, issuers: ServedIssuers, fetcher: Fetcher, clock: Clock) -> None:
        self._issuers: Final = issuers
        self._notices: Final = issuers.surroundings.store.logout_notices
        self._fetcher: Final = fetcher
        self._clock: Final = clock
        # What is under way, by issuer, client and session.
        self._attempts: Final[dict[tuple[str, str, bytes], asyncio.Task[bool]]] = {}

    @property
    def wakes(self) -> asyncio.Event:
        """Set when there may be something to do: a session has ended here, or an attempt."""
        return self._issuers.surroundings.session_ended

    async def begin_due(self) -> int:
        """Begin as many attempts at what is due as there is room for; how many those are."""
        begun = 0
        page: Sequence[tuple[str, LogoutNotice]] = ()
        while self._has_room:
            after = page[-1] if page else None
            page = await self._notices.find_due(self._clock.now(), PAGE, after)
            begun += sum(self._begin(issuer_id, notice) for issuer_id, notice in page)
            if len(page) < PAGE:
                break
        return begun

    async def deliver_due(self) -> None:
        """Try all that is due, once."""
        while await self.begin_due() or self._attempts:
            await asyncio.wait(self._attempts.values(), return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """Leave what is under way: its claim stands, so the notice comes again."""
        attempts = [*self._attempts.values()]
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)

    @property
    def _has_room(self) -> bool:
        return len(self._attempts) < MOST_AT_ONCE

    def _begin(self, issuer_id: str, notice: LogoutNotice) -> bool:
        """Unless it is under way, or there is no room for it now."""
        key = (issuer_id, notice.client_id, notice.session_id)
        to_client = sum(1 for each in self._attempts if each[:2] == key[:2])
        if not self._has_room or key in self._attempts or to_client >= MOST_AT_ONCE_TO_CLIENT:
            return False
        attempt = asyncio.create_task(self._attempt(issuer_id, notice))
        self._attempts[key] = attempt
        attempt.add_done_callback(lambda done: self._end(key, done))
        return True

    def _end(self, key: tuple[str, str, bytes], attempt: asyncio.Task[bool]) -> None:
        del self._attempts[key]
        if not attempt.cancelled() and attempt.result():
            self.wakes.set()

    async def _attempt(self, issuer_id: str, notice: LogoutNotice) -> bool:
        """False when the store did not take it: then nobody hurries to the next."""
        try:
            await self._deliver(issuer_id, notice)
        except Exception:
            # A claim stands, so the notice comes again.
            _log.warning("logout notice put off", exc_info=True)
            return False
        return True

    async def _deliver(self, issuer_id: str, notice: LogoutNotice) -> None:
        if not await self._notices.claim(issuer_id, notice, self._clock.now()):
            return  # another process is at it
        try:
            error = await self._tell(issuer_id, notice)
        except StoreUnavailable:
            raise
        except Exception as defect:
            _log.exception("logout notice failed", client_id=notice.client_id)
            error = f"a defect of ours: {type(defect).__name__}"
        if error is None:
            await self._notices.note_delivered(issuer_id, notice, self._clock.now())
            return
        _log.warning(
            "logout notice not delivered",
            issuer=issuer_id,
            client_id=notice.client_id,
            attempt=notice.attempts + 1,
            error=error,
        )
        if notice.is_last_attempt:
            event = _given_up(notice, error, self._clock.now())
            await self._notices.give_up(issuer_id, notice, error, event)
        else:
            await self._notices.note_failed(issuer_id, notice, error)

    async def _tell(self, issuer_id: str, notice: LogoutNotice) -> str | None:
        """What went wrong, for operators; None when the client knows."""
        op = await self._issuers.named(issuer_id).current()
        if op is None:
            return "the issuer is not served here"
        client = await op.find_client(notice.client_id)
        if client is None or client.backchannel_logout_uri is None:
            return "the client has no backchannel_logout_uri any more"
        token = mint_logout_token(op, client, notice.user_id, notice.session_id, op.clock.now())
        try:
            status = await self._fetcher.post_form(
                client.backchannel_logout_uri, {"logout_token": token}
            )
        except FetchFailed as error:
            return error.reason
        return None if status in DELIVERED else f"status {status}"


def _given_up(notice: LogoutNotice, error: str, now: int) -> AuditEvent:
    return AuditEvent(
        type=EventType.LOGOUT_UNDELIVERED,
        at=now,
        actor="ostiary",
        client_id=notice.client_id,
        user_id=notice.user_id,
        reason=error,
        details={"attempts": notice.attempts + 1},
    )
