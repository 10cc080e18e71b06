"""Recording refusals, so that their reference explains them; bounded, so that nobody can flood it.

A record is worth having and not worth waiting for: it is queued and written beside the answer. The
answer is correct without it, and the log says of each refusal whether a record was kept.
"""

import secrets
import time
from collections import Counter
from typing import Final

import structlog

from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.provider.beside import Beside
from ostiary.provider.op import OpenIDProvider
from ostiary.storage.refusals import RefusalRecord

MOST_PER_CLIENT_AND_MINUTE = 60
MOST_PER_MINUTE = 600

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without I, L, O, U: made to be read out
_log = structlog.get_logger("ostiary.refusals")


class RefusalLog:
    """One for the process."""

    def __init__(self, beside: Beside) -> None:
        self._beside: Final = beside
        self._minute = 0
        self._counts: Counter[tuple[str, str | None]] = Counter()

    def record(
        self,
        refusal: Refusal,
        endpoint: str,
        client_id: str | None,
        op: OpenIDProvider,
        *,
        grant_type: str | None = None,
    ) -> str:
        """Note the refusal; the reference under which it can be read."""
        op.observer.refused(refusal.code, endpoint, op.known_client(client_id), grant_type)
        reference = new_reference()
        record = RefusalRecord(
            reference=reference,
            at=op.clock.now(),
            code=refusal.code.name.lower(),
            endpoint=endpoint,
            client_id=client_id,
            expected=refusal.expected,
            received=refusal.received,
        )
        recorded = self._may_write(op.issuer.issuer_id, client_id)
        _log.info(
            "refused",
            recorded=recorded,
            reference=reference,
            issuer=op.issuer.issuer_id,
            code=record.code,
            endpoint=endpoint,
            client_id=client_id,
        )
        if refusal.code is ReasonCode.SERVER_ERROR:
            _log.error("defect", reference=reference, endpoint=endpoint, exc_info=refusal.__cause__)
        if recorded:
            change = op.store.refusals.add(op.issuer.issuer_id, record)
            self._beside.start(change, f"refusal {reference}")
        return reference

    def _may_write(self, issuer_id: str, client_id: str | None) -> bool:
        # The machine's minutes: this protects the machine, whatever an issuer's clock says.
        minute = int(time.monotonic()) // 60
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        key = (issuer_id, client_id)
        if self._counts[key] >= MOST_PER_CLIENT_AND_MINUTE or not self._beside.has_room:
            return False
        if self._counts.total() >= MOST_PER_MINUTE:
            return False
        self._counts[key] += 1
        return True


def new_reference() -> str:
    """Like R-7F3K-2Q9D: 40 random bits that a person can read out on the telephone."""
    letters = [secrets.choice(_ALPHABET) for _ in range(8)]
    return f"R-{''.join(letters[:4])}-{''.join(letters[4:])}"
