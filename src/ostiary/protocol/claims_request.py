"""The claims parameter: single claims, and where they are wanted. OIDC Core §5.5."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from ostiary.protocol.compact_json import encode_json
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.strict_json import parse_json_object
from ostiary.protocol.tokens import Json

MAX_LENGTH: Final = 16_384
MAX_CLAIMS: Final = 200

Scalar: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedClaim:
    """How one claim is wanted: of this value, or of one of these. OIDC Core §5.5.1"""

    essential: bool = False
    value: Scalar | None = None
    values: tuple[Scalar, ...] = ()

    @property
    def acceptable(self) -> tuple[Scalar, ...]:
        """The values that will do; none when any will."""
        return self.values if self.value is None else (self.value, *self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsRequest:
    """The claims wanted in the ID token and at the UserInfo endpoint, by name."""

    id_token: Mapping[str, RequestedClaim] = field(default_factory=dict)
    userinfo: Mapping[str, RequestedClaim] = field(default_factory=dict)


def parse_claims_request(text: str | None) -> ClaimsRequest:
    """The claims asked for; names and members that nobody knows are let be.

    Clients write "" or {} for a claim without wishes, where the standard has null.
    """
    if text is None:
        return ClaimsRequest()
    members = parse_json_object(text, max_length=MAX_LENGTH)
    request = ClaimsRequest(
        id_token=_parse_member(members, "id_token"), userinfo=_parse_member(members, "userinfo")
    )
    if len(request.id_token) + len(request.userinfo) > MAX_CLAIMS:
        raise Malformed("claims", f"at most {MAX_CLAIMS} claims")
    return request


def format_claims_request(request: ClaimsRequest) -> str | None:
    """The request as parse_claims_request reads it, always in the same words; None for nothing."""
    members: dict[str, Json] = {
        name: {claim: _format_claim(claims[claim]) for claim in sorted(claims)}
        for name, claims in (("id_token", request.id_token), ("userinfo", request.userinfo))
        if claims
    }
    return encode_json(members).decode("ascii") if members else None


def _parse_member(members: Mapping[str, Json], name: str) -> dict[str, RequestedClaim]:
    wanted = members.get(name)
    if wanted is None or wanted == "":
        return {}
    if not isinstance(wanted, dict):
        raise Malformed("claims", f"{name} as a JSON object")
    return {claim: _parse_claim(wish) for claim, wish in wanted.items()}


def _parse_claim(wish: Json) -> RequestedClaim:
    if wish is None or wish == "":
        return RequestedClaim()
    if not isinstance(wish, dict):
        raise Malformed("claims", "null or a JSON object for each claim")
    essential, value, values = (wish.get(name) for name in ("essential", "value", "values"))
    if not isinstance(essential, bool | None):
        raise Malformed("claims", "essential as true or false")
    if not isinstance(values, list | None):
        raise Malformed("claims", "values as a list")
    return RequestedClaim(
        essential=bool(essential),
        value=None if value is None else _parse_value(value),
        values=tuple(map(_parse_value, values or ())),
    )


def _parse_value(value: Json) -> Scalar:
    if not isinstance(value, Scalar):
        raise Malformed("claims", "a text, a number, true or false as value")
    return value


def _format_claim(wanted: RequestedClaim) -> Json:
    members: dict[str, Json] = {}
    if wanted.essential:
        members["essential"] = True
    if wanted.value is not None:
        members["value"] = wanted.value
    if wanted.values:
        members["values"] = wanted.values
    return members or None
