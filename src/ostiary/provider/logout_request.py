"""What a client may ask of the logout endpoint, checked. RP-Initiated Logout §2, §3, §4."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.domain.client import Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.parameters import Parameters
from ostiary.protocol.response_mode import ResponseMode, append_parameters
from ostiary.provider.authorization.locate import MAX_STATE_LENGTH, find_usable_client
from ostiary.provider.exchange import refuse_repeated
from ostiary.provider.id_token_hint import IdTokenHint, parse_id_token_hint
from ostiary.provider.op import OpenIDProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRequest:
    """`hint` was given to `client`, and `post_logout_redirect_uri` is registered for it."""

    client: Client | None = None
    hint: IdTokenHint | None = None
    post_logout_redirect_uri: str | None = None
    state: str | None = None

    @property
    def return_address(self) -> str | None:
        """Where the browser goes in the end, with the state as it came. RP-Initiated Logout §3."""
        uri = self.post_logout_redirect_uri
        if uri is None or self.state is None:
            return uri
        return append_parameters(uri, ResponseMode.QUERY, (("state", self.state),))

    @property
    def parameters(self) -> Sequence[tuple[str, str]]:
        """The same request without its hint, which is needed no more once the person is asked."""
        client_id = None if self.client is None else self.client.client_id
        asked = (
            ("client_id", client_id),
            ("post_logout_redirect_uri", self.post_logout_redirect_uri),
            ("state", self.state),
        )
        return [(name, value) for name, value in asked if value is not None]


async def check_logout_request(parameters: Parameters, op: OpenIDProvider) -> LogoutRequest:
    """Raises what is wrong with it, and then nobody is sent anywhere. Unknown parameters, the other
    hints among them, are ignored."""
    refuse_repeated(parameters)
    hint = _check_hint(parameters.get("id_token_hint"), op)
    client = await _find_client(parameters.get("client_id"), hint, op)
    return LogoutRequest(
        client=client,
        hint=hint,
        post_logout_redirect_uri=_check_redirect_uri(
            parameters.get("post_logout_redirect_uri"), client
        ),
        state=_check_state(parameters.get("state")),
    )


def _check_hint(token: str | None, op: OpenIDProvider) -> IdTokenHint | None:
    if token is None:
        return None
    try:
        return parse_id_token_hint(token, op.hint_keys, op.issuer.url)
    except Malformed as error:
        raise ReasonCode.LOGOUT_HINT_INVALID.refusal(expected=error.expected) from error


async def _find_client(
    client_id: str | None, hint: IdTokenHint | None, op: OpenIDProvider
) -> Client | None:
    """The client that is named; by both, it has to be the same."""
    if hint is not None and client_id not in (None, hint.client_id):
        raise ReasonCode.LOGOUT_HINT_OF_OTHER_CLIENT.refusal(
            expected=hint.client_id, received=client_id
        )
    named = client_id or (hint.client_id if hint else None)
    return None if named is None else await find_usable_client(named, op)


def _check_redirect_uri(uri: str | None, client: Client | None) -> str | None:
    """To the letter. Without a client nobody can vouch for it, so it is not gone to."""
    if uri is None or client is None:
        return None
    registered = (*client.post_logout_redirect_uris, *client.redirect_uris)
    if uri not in registered:
        raise ReasonCode.POST_LOGOUT_REDIRECT_URI_UNREGISTERED.refusal(
            expected=" ".join(registered), received=uri
        )
    return uri


def _check_state(state: str | None) -> str | None:
    if state is not None and len(state) > MAX_STATE_LENGTH:
        raise ReasonCode.STATE_TOO_LONG.refusal(expected=f"at most {MAX_STATE_LENGTH} characters")
    return state
