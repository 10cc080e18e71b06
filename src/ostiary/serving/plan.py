"""What is to be served, and how: read when the program starts, and anew on SIGHUP."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import structlog

from ostiary.domain.issuer import Issuer
from ostiary.management.errors import Failure, ManagementError
from ostiary.management.file_faults import FileFaults
from ostiary.management.issuers import production_faults
from ostiary.management.keys import check_master_key
from ostiary.serving.tls import tls_context
from ostiary.settings import Settings
from ostiary.signing.master_key import MasterKey, MasterKeyError
from ostiary.storage.database import Misconfigured, StoreUnavailable
from ostiary.storage.schema import ensure_schema_beside
from ostiary.storage.store import Store
from ostiary.web.home import Demo

_log = structlog.get_logger("ostiary.serving")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    settings: Settings
    master_key: MasterKey
    # On a developer's own machine, whose issuers are sandboxes.
    demo: Demo | None = None

    def unfit(self, issuer: Issuer) -> Sequence[str]:
        """Why this issuer must not be served here."""
        return () if self.demo is not None else production_faults([issuer])

    def check(self) -> None:
        """What can be said without the database. Raises ManagementError."""
        tls_context(self.settings.server)
        if (tracing := self.settings.tracing.plan) is not None:
            tracing.check()

    def prepare(self) -> Sequence[Issuer]:
        """Bring the schema up to date and look at who is to be served: the issuers.

        Raises StoreUnavailable; ManagementError for issuers that must not be served, MasterKeyError
        for a key that is another database's.
        """
        ensure_schema_beside(self.settings.database.source)
        issuers = asyncio.run(self._find_issuers())
        faults = [fault for issuer in issuers for fault in self.unfit(issuer)]
        if faults:
            raise ManagementError("not fit for production", "; ".join(faults), Failure.REFUSED)
        return issuers

    async def _find_issuers(self) -> Sequence[Issuer]:
        store = Store.open(self.settings.database.source)
        try:
            issuers = await store.issuers.list()
            for issuer in issuers:
                await check_master_key(store, self.master_key, issuer)
            return issuers
        finally:
            store.close()


ReadAgain: TypeAlias = Callable[[], Plan]


def may_come_back(error: StoreUnavailable, plan: Plan) -> bool:
    """Whether to wait for the database: it is elsewhere, and may be starting just now."""
    is_file = isinstance(plan.settings.database.source, Path)
    return not is_file and not isinstance(error, Misconfigured)


def read_anew(old: Plan, read_again: ReadAgain) -> Plan | None:
    """The next plan; None, and a line in the log, when it cannot be followed."""
    try:
        plan = read_again()
        plan.check()
        plan.prepare()
    except (ManagementError, FileFaults, MasterKeyError, StoreUnavailable, OSError) as error:
        _log.error("configuration not followed, the old one stays in force", error=str(error))
        return None
    before, after = old.settings, plan.settings
    if _addresses(before) != _addresses(after):
        _log.warning("addresses and the number of workers change with a restart alone")
    return plan


def _addresses(settings: Settings) -> tuple[object, ...]:
    server = settings.server
    return server.host, server.port, server.worker_count, settings.management
