"""Looking up why a request was turned down."""

from ostiary.domain.refusals import Reason, ReasonCode
from ostiary.management.errors import Failure, ManagementError
from ostiary.storage.refusals import RefusalRecord
from ostiary.storage.store import Store


async def find_refusal(store: Store, reference: str) -> tuple[RefusalRecord, Reason | None]:
    """The record at any issuer, and its row of the catalogue, if that still has it."""
    issuer_ids = [issuer.issuer_id for issuer in await store.issuers.list()]
    record = await store.refusals.find(issuer_ids, reference)
    if record is None:
        raise ManagementError(
            f"there is no record {reference}",
            "check the letters; when very many requests are refused, not all are recorded",
            Failure.NOT_FOUND,
        )
    code = record.code.upper()
    known = code in ReasonCode.__members__
    return record, ReasonCode[code].value if known else None
