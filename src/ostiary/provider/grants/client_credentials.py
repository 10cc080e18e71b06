"""Client credentials grant: the client acts for itself. RFC 6749 §4.4, RFC 9068 §2.2."""

from ostiary.domain.refusals import ReasonCode
from ostiary.domain.scopes import OFFLINE_SCOPES
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.scope import parse_scope
from ostiary.provider.exchange import JsonAnswer
from ostiary.provider.grants.request import GrantRequest
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.service_refresh import mint_service_refresh
from ostiary.provider.tokens import access_token_members, mint_access_token

GRANT_TYPE = "client_credentials"


async def exchange(request: GrantRequest, op: OpenIDProvider) -> JsonAnswer:
    if request.client.public:
        raise ReasonCode.GRANT_NOT_REGISTERED.refusal(expected="a confidential client")
    scope = check_client_scope(request, op)
    access_token = mint_access_token(
        op, request.client, scope, request.now, authorization=None, jkt=request.jkt
    )
    members = access_token_members(op, access_token, scope, request.jkt)
    refresh_token = mint_service_refresh(request.client, scope, op, request.now)
    if refresh_token is not None:
        members["refresh_token"] = refresh_token
    return JsonAnswer(members=members)


def check_client_scope(request: GrantRequest, op: OpenIDProvider) -> frozenset[str]:
    """What the client gets of what it asks: there is nobody who could be offline.

    `openid` is let through, because the contract's own tools ask for it; without a user it opens
    nothing.
    """
    sent = request.parameters.get("scope")
    try:
        asked = parse_scope(sent)
    except Malformed as error:
        raise ReasonCode.SCOPE_MALFORMED.refusal(expected=error.expected, received=sent) from error
    wanted = asked & op.issuer.scopes - OFFLINE_SCOPES
    if not wanted <= request.client.scopes or (asked and not wanted):
        raise ReasonCode.SCOPE_NOT_ALLOWED.refusal(
            expected=" ".join(sorted(request.client.scopes)), received=sent
        )
    return wanted
