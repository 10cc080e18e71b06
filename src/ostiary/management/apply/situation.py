"""What planning stands on: the database as it is, and the issuers as the file wants them."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from ostiary.accounts.passwords import Passwords
from ostiary.domain.issuer import Environment, Issuer
from ostiary.management.apply.document import FaultList, Located
from ostiary.management.apply.entries import Entry
from ostiary.management.apply.secret_values import resolve_secret
from ostiary.management.faults import Fault
from ostiary.management.file_faults import did_you_mean, missing
from ostiary.management.toml_lines import KeyPath
from ostiary.signing.master_key import MasterKey
from ostiary.storage.store import Store

E = TypeVar("E", bound=Entry)

# In place of an issuer that is not there, so that its entries are looked at all the same.
NOWHERE = Issuer(
    issuer_id="-", url="-", base_path="", face_name="-", environment=Environment.SANDBOX
)

IDENTITY = frozenset({"issuer", "id", "client_id", "username"})
# What is at fault, or is not, by the client's method.
PROVES_CLIENT = frozenset({"secret", "public_keys", "jwks_uri", "assertion_algorithm"})
NAMES_INSTITUTIONS = frozenset({"institution", "further_institutions", "memberships"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What applying needs."""

    store: Store
    master_key: MasterKey
    passwords: Passwords
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """`issuers` and `institution_ids` grow while planning goes on.

    `unsure` are the kinds of which the file has an entry without a readable id;
    `unsure_scopes` the ids of issuers whose API scopes cannot be read.
    """

    work: Workplace
    folder: Path
    faults: FaultList
    issuers: dict[str, Issuer]
    unsure: frozenset[str]
    unsure_scopes: set[str] = field(default_factory=set)
    institution_ids: dict[str, set[str]] = field(default_factory=dict)
    _seen: set[tuple[str, ...]] = field(default_factory=set)

    def issuer(self, located: Located[Any]) -> Issuer:
        """The issuer that an entry names; NOWHERE, and perhaps a fault, when there is none."""
        issuer_id = located.entry.issuer
        issuer = self.issuers.get(issuer_id)
        if issuer is not None:
            return issuer
        if "issuer" not in located.unread and "issuers" not in self.unsure:
            advice = did_you_mean(issuer_id, self.issuers)
            message = f'there is no issuer "{issuer_id}"; {advice}'
            self.faults.add((*located.path, "issuer"), message)
        return NOWHERE

    def is_first(self, located: Located[Any], *identity: str) -> bool:
        """Whether no entry before had this identity; a fault when one had."""
        if identity in self._seen and located.unread.isdisjoint(IDENTITY):
            message = f"{' '.join(identity)} is there twice; leave one of them out"
            self.faults.add(located.path, message)
            return False
        self._seen.add(identity)
        return True

    def completed(
        self, located: Located[E], before: object | None, issuer: Issuer | None = None
    ) -> Located[E]:
        """A new thing needs more than one that is there: stand-ins for the keys that are missing,
        and a fault for each, unless it may be there and cannot be found."""
        entry = located.entry
        needed = entry.NEEDED if before is None else []
        absent = [key for key in needed if key not in entry.said().keys() | located.unread]
        if issuer is not NOWHERE and located.unread.isdisjoint(IDENTITY):
            for key in absent:
                self.faults.add((*located.path, key), missing(type(entry), (key,)))
        stand_ins = {key: entry.STAND_INS[key] for key in absent}
        return replace(
            located,
            entry=entry.model_copy(update=stand_ins),
            unread=located.unread.union(absent),
        )

    def add_faults(self, located: Located[Any], issuer: Issuer, faults: Iterable[Fault]) -> None:
        """Those that are there whatever stands in the place of what could not be read."""
        for fault in faults:
            key, *inner = fault.field.split(".")
            if self._is_certain(located, issuer, key):
                self.faults.add((*located.path, key, *inner), fault.message)

    def _is_certain(self, located: Located[Any], issuer: Issuer, key: str) -> bool:
        nowhere = issuer is NOWHERE
        # What the entry does not say may be in the database, where it cannot be found.
        unfound = nowhere or not located.unread.isdisjoint(IDENTITY)
        said = key in located.entry.said()
        return not (
            key in located.unread
            or (unfound and not said)
            or (said and key in NAMES_INSTITUTIONS and (nowhere or "institutions" in self.unsure))
            or (key in PROVES_CLIENT and "auth_method" in located.unread)
            or (key == "scopes" and issuer.issuer_id in self.unsure_scopes)
        )

    def secret(self, path: KeyPath, value: str) -> str | None:
        """What the value stands for; None, and a fault, when that cannot be had."""
        try:
            return resolve_secret(value, self.folder)
        except ValueError as error:
            self.faults.add(path, str(error))
            return None
