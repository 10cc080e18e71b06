"""What a request wants of the person who signs in, and to know of them. OIDC Core §5.5."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ostiary.accounts.factors import reachable_levels
from ostiary.domain.client import Client
from ostiary.domain.face import Face
from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode
from ostiary.domain.security_level import LEVELS
from ostiary.protocol.claims_request import (
    ClaimsRequest,
    RequestedClaim,
    format_claims_request,
    parse_claims_request,
)
from ostiary.protocol.malformed import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """As members of the AuthorizationRequest; `claims` are those about the person."""

    claims: str | None
    subjects: frozenset[str] | None
    levels: frozenset[str]
    level_required: bool


def read_wanted(
    claims: str | None, acr_values: str | None, client: Client, issuer: Issuer
) -> Wanted:
    """The claims parameter, and beside it acr_values."""
    try:
        request = parse_claims_request(claims)
    except Malformed as error:
        raise ReasonCode.CLAIMS_MALFORMED.refusal(
            expected=error.expected, received=claims
        ) from error
    acr = request.id_token.get("acr", RequestedClaim())
    named = acr.acceptable
    required = acr.essential and bool(named)
    return Wanted(
        claims=format_claims_request(_about_person(request, client, issuer.face)),
        subjects=_subjects(request),
        levels=_required_levels(named, issuer)
        if required
        else _reachable(named or (acr_values or "").split(), issuer),
        level_required=required,
    )


def _about_person(request: ClaimsRequest, client: Client, face: Face) -> ClaimsRequest:
    """What the client may have now, and so what the person is asked for: a claim that is switched on
    later is no part of what they have allowed."""

    def released(wanted: Mapping[str, RequestedClaim]) -> Mapping[str, RequestedClaim]:
        return {
            name: wish
            for name, wish in wanted.items()
            if name in face.data and not face.withholds(face.data[name], client.restricted_claims)
        }

    return ClaimsRequest(id_token=released(request.id_token), userinfo=released(request.userinfo))


def _subjects(request: ClaimsRequest) -> frozenset[str] | None:
    """Whose tokens are wanted: those of nobody else will do. OIDC Core §5.5.1."""
    wishes = (
        member.get("sub", RequestedClaim()) for member in (request.id_token, request.userinfo)
    )
    wanted = [frozenset(map(str, wish.acceptable)) for wish in wishes if wish.acceptable]
    return frozenset.intersection(*wanted) if wanted else None


def _required_levels(named: Iterable[object], issuer: Issuer) -> frozenset[str]:
    """Those of an essential `acr` that can be reached here. OIDC Core §5.5.1.1."""
    levels = _reachable(named, issuer)
    if not levels:
        raise ReasonCode.SECURITY_LEVEL_UNMET.refusal(
            expected=" ".join(map(issuer.security_level, reachable_levels())),
            received=" ".join(map(str, named)),
        )
    return levels


def _reachable(named: Iterable[object], issuer: Issuer) -> frozenset[str]:
    """The security levels of these names that a factor proves; other names mean nothing here."""
    levels = {issuer.security_level(level): level for level in LEVELS}
    return frozenset(levels[name] for name in named if name in levels).intersection(
        reachable_levels()
    )
