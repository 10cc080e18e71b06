"""What planning stands on: the database as it is, and the issuers as the file wants them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ostiary.accounts.passwords import Passwords
from ostiary.domain.issuer import Issuer
from ostiary.management.apply.document import FaultList
from ostiary.management.apply.secret_values import resolve_secret
from ostiary.management.faults import Fault
from ostiary.management.file_faults import did_you_mean
from ostiary.management.toml_lines import KeyPath
from ostiary.signing.master_key import MasterKey
from ostiary.storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What applying needs."""

    store: Store
    master_key: MasterKey
    passwords: Passwords
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """`issuers` and `institution_ids` grow while planning goes on."""

    work: Workplace
    folder: Path
    faults: FaultList
    mentioned: frozenset[tuple[str, ...]]
    issuers: dict[str, Issuer]
    institution_ids: dict[str, set[str]] = field(default_factory=dict)
    _seen: set[tuple[str, ...]] = field(default_factory=set)

    def issuer(self, path: KeyPath, issuer_id: str) -> Issuer | None:
        """The issuer that an entry names; None, and perhaps a fault, when there is none."""
        issuer = self.issuers.get(issuer_id)
        if issuer is None and (issuer_id,) not in self.mentioned:
            advice = did_you_mean(issuer_id, self.issuers)
            self.faults.add((*path, "issuer"), f'there is no issuer "{issuer_id}"; {advice}')
        return issuer

    def is_first(self, path: KeyPath, *identity: str) -> bool:
        """Whether no entry before had this identity; a fault when one had."""
        if identity in self._seen:
            self.faults.add(path, f"{' '.join(identity)} is there twice; leave one of them out")
            return False
        self._seen.add(identity)
        return True

    def add_faults(self, path: KeyPath, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self.faults.add((*path, fault.field), fault.message)

    def secret(self, path: KeyPath, value: str) -> str | None:
        """What the value stands for; None, and a fault, when that cannot be had."""
        try:
            return resolve_secret(value, self.folder)
        except ValueError as error:
            self.faults.add(path, str(error))
            return None
