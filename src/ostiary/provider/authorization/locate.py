"""Where an answer may be sent: until this is proved, a refusal is a page, from then on a redirect.

RFC 6749 §4.1.2.1, RFC 9700 §4.11.2.
"""

from dataclasses import dataclass, replace

from ostiary.domain.client import Client
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.parameters import Parameters
from ostiary.protocol.redirect_uri import find_redirect_uri
from ostiary.protocol.response_mode import ResponseMode, parse_response_mode
from ostiary.provider.exchange import AuthorizationResponse
from ostiary.provider.op import OpenIDProvider

MAX_STATE_LENGTH = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAddress:
    """A redirect URI that has been proved to be the client's."""

    issuer_url: str
    redirect_uri: str
    mode: ResponseMode
    state: str | None

    def answer(self, parameters: tuple[tuple[str, str], ...]) -> AuthorizationResponse:
        """With state as it came, and who answers (RFC 9207 §2)."""
        state = (("state", self.state),) if self.state is not None else ()
        return AuthorizationResponse(
            redirect_uri=self.redirect_uri,
            mode=self.mode,
            parameters=(*parameters, *state, ("iss", self.issuer_url)),
        )

    def refuse(self, refusal: Refusal) -> AuthorizationResponse:
        """RFC 6749 §4.1.2.1."""
        reason = refusal.reason
        answer = self.answer((("error", reason.error), ("error_description", reason.text)))
        return replace(answer, refusal=refusal)


async def locate(parameters: Parameters, op: OpenIDProvider) -> tuple[Client, ReturnAddress]:
    """The client, and the address to which every further answer goes."""
    for name in ("client_id", "redirect_uri"):
        if name in parameters.repeated:
            raise ReasonCode.PARAMETER_REPEATED.refusal(received=name)
    client = await find_usable_client(parameters.get("client_id"), op)
    return client, locate_for(client, parameters, op)


def locate_for(client: Client, parameters: Parameters, op: OpenIDProvider) -> ReturnAddress:
    """The address of this client that the parameters name."""
    return ReturnAddress(
        issuer_url=op.issuer.url,
        redirect_uri=check_redirect_uri(parameters.get("redirect_uri"), client),
        mode=_usable_mode(parameters, client),
        state=_usable_state(parameters),
    )


async def find_usable_client(client_id: str | None, op: OpenIDProvider) -> Client:
    if client_id is None:
        raise ReasonCode.CLIENT_ID_MISSING.refusal()
    client = await op.find_client(client_id)
    if client is None:
        raise ReasonCode.CLIENT_UNKNOWN.refusal(received=client_id)
    if client.disabled_at is not None:
        raise ReasonCode.CLIENT_DISABLED.refusal(received=client_id)
    return client


def check_redirect_uri(redirect_uri: str | None, client: Client) -> str:
    """The URI, proved to be registered for the client."""
    if redirect_uri is None:
        raise ReasonCode.REDIRECT_URI_MISSING.refusal(expected=" ".join(client.redirect_uris))
    if not find_redirect_uri(redirect_uri, client.redirect_uris, native=client.native):
        raise ReasonCode.REDIRECT_URI_UNREGISTERED.refusal(
            expected=" ".join(client.redirect_uris), received=redirect_uri
        )
    return redirect_uri


def check_still_allowed(scope: frozenset[str], institution_id: str | None, client: Client) -> None:
    """The institution may have changed its mind since the request was checked."""
    if institution_id is not None and institution_id not in client.institution_ids:
        raise ReasonCode.INSTITUTION_OTHER.refusal(
            expected=" ".join(client.institution_ids), received=institution_id
        )
    if not scope <= client.scopes:
        raise ReasonCode.SCOPE_NOT_ALLOWED.refusal(
            expected=" ".join(sorted(client.scopes)), received=" ".join(sorted(scope))
        )


def _usable_mode(parameters: Parameters, client: Client) -> ResponseMode:
    """The mode asked for, or the query for one that cannot be used: a refusal then travels in it."""
    if "response_mode" in parameters.repeated:
        return ResponseMode.QUERY
    try:
        mode = parse_response_mode(parameters.get("response_mode"))
    except Malformed:
        return ResponseMode.QUERY
    return mode if mode in client.response_modes else ResponseMode.QUERY


def _usable_state(parameters: Parameters) -> str | None:
    """The state to send back: the whole of it, or none of what is refused."""
    state = parameters.get("state")
    if state is None or "state" in parameters.repeated or len(state) > MAX_STATE_LENGTH:
        return None
    return state
