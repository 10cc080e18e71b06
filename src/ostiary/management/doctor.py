"""`ostiary doctor`: one function a check, all of them listed in CHECKS."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ostiary.domain.issuer import Issuer
from ostiary.management.findings import Finding, fail
from ostiary.outbound.fetcher import Fetcher
from ostiary.protocol.tokens import Json
from ostiary.signing.master_key import MasterKey
from ostiary.storage.database import StoreUnavailable
from ostiary.storage.source import Source
from ostiary.storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is examined. `private_files` hold secrets; `metadata_of` is what an issuer must tell."""

    store: Store
    source: Source
    master_key: MasterKey
    issuers: tuple[Issuer, ...]
    private_files: tuple[Path, ...]
    workers: int
    connections: int
    fetcher: Fetcher
    metadata_of: Callable[[Issuer], Mapping[str, Json]]
    now: int


Check: TypeAlias = Callable[[Patient], AsyncIterator[Finding]]


async def examine(patient: Patient, checks: Mapping[str, Check]) -> list[Finding]:
    """What each check finds; one that cannot be made is a finding, too."""
    found: list[Finding] = []
    for name, check in checks.items():
        try:
            found += [finding async for finding in check(patient)]
        except (StoreUnavailable, OSError) as error:
            found.append(fail(name, f"cannot be looked at: {error}", "repair that first"))
    return found
