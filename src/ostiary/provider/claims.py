"""Claims about the person that a client may see. OIDC Core §5.1, §5.4, §5.5."""

from collections.abc import Mapping
from functools import lru_cache

from ostiary.domain.authorization import Standing
from ostiary.domain.client import Client
from ostiary.domain.face import FACES, Face
from ostiary.domain.interaction import AuthorizationRequest
from ostiary.protocol.claims_request import ClaimsRequest, RequestedClaim, parse_claims_request
from ostiary.protocol.tokens import Json
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.pictures import find_picture_url

_NAMES = frozenset({"name", "given_name", "family_name"})


def userinfo_claims(
    op: OpenIDProvider, client: Client, standing: Standing, scope: frozenset[str]
) -> dict[str, Json]:
    """What the institution knows of the person, as far as the scopes release it or the client has
    asked for it here. What is not known is left out."""
    request = _request(standing.authorization.claims)
    by_scope = _by_scope(op.issuer.face_name, scope)
    return _release(op, client, standing, by_scope, request.userinfo)


def id_token_claims(
    op: OpenIDProvider, client: Client, standing: Standing, scope: frozenset[str]
) -> dict[str, Json]:
    """The same for the ID token, where scopes release claims on one face alone."""
    face, request = op.issuer.face, _request(standing.authorization.claims)
    by_scope = _by_scope(face.name, scope) if face.claims_in_id_token else ()
    if not by_scope and not request.id_token:
        return {}
    return _release(op, client, standing, by_scope, request.id_token)


def data_beyond_scope(face: Face, client: Client, request: AuthorizationRequest) -> frozenset[str]:
    """What the client has asked for and may have, besides that which its scopes release."""
    if request.claims is None:
        return frozenset()
    wanted = _request(request.claims)
    asked = {face.data[name] for name in (*wanted.id_token, *wanted.userinfo) if name in face.data}
    by_scope = {face.data[name] for name in face.claims_for(request.scope)}
    return frozenset(
        datum for datum in asked - by_scope if not face.withholds(datum, client.restricted_claims)
    )


def _release(
    op: OpenIDProvider,
    client: Client,
    standing: Standing,
    by_scope: tuple[str, ...],
    requested: Mapping[str, RequestedClaim],
) -> dict[str, Json]:
    face, known = op.issuer.face, _known(standing)
    if "picture" not in known and ("picture" in by_scope or "picture" in requested):
        url = find_picture_url(op, client, standing.authorization)
        known |= {} if url is None else {"picture": url}
    released = _found(face, client, known, by_scope)
    if requested:
        asked = _found(face, client, known, tuple(requested))
        released |= {name: value for name, value in asked.items() if _fits(value, requested[name])}
    return released


def _known(standing: Standing) -> dict[str, Json]:
    """The data of the membership, with what follows from something else."""
    claims = (standing.claims or {}).items()
    known: dict[str, Json] = {datum: value for datum, value in claims if value is not None}
    known["institution_id"] = standing.authorization.institution_id
    # Who has a name and no middle name: the contracts have null there, and there alone.
    if not _NAMES.isdisjoint(known):
        known.setdefault("middle_name", None)
    return known


def _found(
    face: Face, client: Client, known: Mapping[str, Json], names: tuple[str, ...]
) -> dict[str, Json]:
    """The claims of these names that are known and that the client may have."""
    permitted = _permitted(face.name, client.restricted_claims, names)
    return {name: known[datum] for name, datum in permitted if datum in known}


@lru_cache(maxsize=1024)
def _permitted(
    face_name: str, switched_on: frozenset[str], names: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """Of these claims those that a client may have, with the datum behind each."""
    face = FACES[face_name]
    return tuple(
        (name, face.data[name])
        for name in names
        if name in face.data and not face.withholds(face.data[name], switched_on)
    )


@lru_cache(maxsize=1024)
def _by_scope(face_name: str, scope: frozenset[str]) -> tuple[str, ...]:
    return FACES[face_name].claims_for(scope)


def _fits(value: Json, wanted: RequestedClaim) -> bool:
    """Whether the value is one that the client asks for: another is left out, which is no error
    (OIDC Core §5.5.1)."""
    values = wanted.acceptable
    # To Python, though not to JSON, true is 1.
    return not values or any(value == each and type(value) is type(each) for each in values)


@lru_cache(maxsize=256)
def _parsed(text: str) -> ClaimsRequest:
    return parse_claims_request(text)


_NOTHING = ClaimsRequest()


def _request(text: str | None) -> ClaimsRequest:
    return _NOTHING if text is None else _parsed(text)
