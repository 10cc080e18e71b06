"""Claims whose value is of another kind than it has to be."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ostiary.domain.claim_kind import CLAIM_KINDS, ClaimKind
from ostiary.domain.issuer import Issuer
from ostiary.domain.user import Membership
from ostiary.management.faults import Fault
from ostiary.management.file_faults import did_you_mean
from ostiary.protocol.tokens import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    advice: str
    fits: Callable[[Json], bool]


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_object(value: Json) -> bool:
    return isinstance(value, Mapping)


def _is_address(value: Json) -> bool:
    return isinstance(value, Mapping) and all(map(_is_text, value.values()))


_RULES: Mapping[ClaimKind, _Rule] = {
    ClaimKind.TEXT: _Rule(advice="text in quotes", fits=_is_text),
    ClaimKind.BOOLEAN: _Rule(advice="true or false", fits=lambda value: isinstance(value, bool)),
    ClaimKind.OBJECT: _Rule(advice="an object", fits=_is_object),
    ClaimKind.ADDRESS: _Rule(advice="an object of texts, such as street_address", fits=_is_address),
}


def claim_name_faults(names: Iterable[str], issuer: Issuer) -> Iterator[Fault]:
    """Of claims that no client of this issuer could ever get. A file may hold them: it may be
    older, or written for another Ostiary."""
    known = set(issuer.face.data.values())
    for name in names:
        if name not in known:
            message = f'unknown claim "{name}"; {did_you_mean(name, known)}'
            yield Fault(field="memberships.claims", message=message)


def kind_faults(memberships: Iterable[Membership]) -> Iterator[Fault]:
    """None of the claims has to be there, and any may be null."""
    for membership in memberships:
        for name, value in membership.claims.items():
            kind = CLAIM_KINDS.get(name)
            if kind is not None and value is not None and not _RULES[kind].fits(value):
                message = f"write {_RULES[kind].advice} for the claim {name}"
                yield Fault(field="memberships.claims", message=message)
