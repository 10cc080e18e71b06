"""Telling clients that a session is over, beside the requests. Back-Channel Logout §2.5, §2.8.

The notices stand in the database since the session ended, so none is lost with a process; several
processes share the work, and a notice is told at least once.
"""

import asyncio
import contextlib
from typing import Final

import structlog

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.clock import Clock
from ostiary.domain.logout_notice import LogoutNotice
from ostiary.outbound.fetcher import Fetcher, FetchFailed
from ostiary.provider.served import ServedIssuers
from ostiary.provider.tokens import mint_logout_token
from ostiary.storage.sqlite import StoreUnavailable

# Notices of other processes, and those that are tried again, are found when somebody looks.
SECONDS_BETWEEN_LOOKS = 5.0
LARGEST_BATCH = 64
# Fewer than the fetcher asks at once: others need it too, and are waited for.
MOST_AT_ONCE = 8
# Back-Channel Logout §2.8, and what frameworks answer that have nothing to say.
DELIVERED = frozenset({200, 204})

_log = structlog.get_logger("ostiary.logout")


class LogoutDelivery:
    """One for the process. `clock` is the machine's: these are not the issuers' own affairs."""

    def __init__(self, issuers: ServedIssuers, fetcher: Fetcher, clock: Clock) -> None:
        self._issuers: Final = issuers
        self._notices: Final = issuers.surroundings.store.logout_notices
        self._session_ended: Final = issuers.surroundings.session_ended
        self._fetcher: Final = fetcher
        self._clock: Final = clock
        self._turns: Final = asyncio.Semaphore(MOST_AT_ONCE)

    async def run(self) -> None:
        """For ever: at once when a session ends in this process, and else every few seconds."""
        while True:
            self._session_ended.clear()
            found = 0
            try:
                found = await self.deliver_due()
            except StoreUnavailable as error:
                _log.warning("logout notices put off", error=str(error))
            except Exception:
                _log.exception("logout notices failed")
            if found < LARGEST_BATCH:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._session_ended.wait(), SECONDS_BETWEEN_LOOKS)

    async def deliver_due(self) -> int:
        """Try what is due; how many notices that were."""
        due = await self._notices.find_due(self._clock.now(), LARGEST_BATCH)
        outcomes = await asyncio.gather(
            *(self._deliver(issuer_id, notice) for issuer_id, notice in due), return_exceptions=True
        )
        for outcome in outcomes:
            # The claim stands, so the notice comes again.
            if isinstance(outcome, Exception):
                _log.warning("logout notice put off", exc_info=outcome)
        return len(due)

    async def _deliver(self, issuer_id: str, notice: LogoutNotice) -> None:
        async with self._turns:
            if not await self._notices.claim(issuer_id, notice, self._clock.now()):
                return  # another process is at it
            try:
                error = await self._tell(issuer_id, notice)
            except StoreUnavailable:
                raise  # the claim stands, so the notice comes again
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
