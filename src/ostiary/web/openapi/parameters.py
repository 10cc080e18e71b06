"""What our endpoints are sent, by name. Unknown parameters are ignored, so they are not here."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ostiary.accounts.factors import reachable_levels
from ostiary.domain.issuer import Issuer
from ostiary.domain.profile import PROFILES
from ostiary.protocol.client_assertion import ASSERTION_TYPE
from ostiary.protocol.pkce import S256
from ostiary.protocol.prompt import Prompt
from ostiary.protocol.response_mode import ResponseMode
from ostiary.provider.authorization.checks import MAX_NONCE_LENGTH
from ostiary.provider.authorization.locate import MAX_STATE_LENGTH
from ostiary.provider.authorization.pushed import URN
from ostiary.provider.client_auth import method_names
from ostiary.provider.grants import GRANTS
from ostiary.web.openapi.model import TEXT, URI, Form, Parameter, Schema
from ostiary.web.openapi.schemas import JWT, NUMBER

_THUMBPRINT: Schema = {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}
_VERIFIER: Schema = {"type": "string", "pattern": "^[A-Za-z0-9._~-]{43,128}$"}
_SECONDS: Schema = {**NUMBER, "minimum": 0, "maximum": 9_999_999_999}
_REDIRECT_EXAMPLE = "http://localhost:8080/auth/cb"

CLIENT_ID = Parameter(name="client_id", text="The registered client.", example="$CLIENT_ID")
PROOF = Parameter(
    name="DPoP",
    text="A proof that the client holds the key to which the token is bound, or will be. RFC 9449 §4.",
    schema=JWT,
)
TOKEN = Parameter(name="token", text="The token.", required=True, example="$TOKEN")
TOKEN_TYPE_HINT = Parameter(
    name="token_type_hint", text="Not looked at: our tokens tell by themselves what they are."
)
ACCESS_TOKEN = Parameter(
    name="access_token", text="The token, where it does not stand in the header.", schema=JWT
)


# ---- the authorization request -----------------------------------------------------------------


def authorization_parameters(issuer: Issuer, *, pushed: bool = False) -> tuple[Parameter, ...]:
    """Of an authorization request by the browser, or of one that is pushed. OIDC Core §3.1.2.1."""
    by_push = not pushed and PROFILES[issuer.profile_name].requires_par
    plain = (replace(each, example="") if by_push else each for each in _of_issuer(issuer))
    if pushed:
        return tuple(replace(each, required=each.name in _NEEDED) for each in plain)
    request_uri = Parameter(
        name="request_uri",
        text="Of a pushed request: then nothing but `client_id` counts beside it. RFC 9126 §4.",
        schema={"type": "string", "pattern": f"^{URN}"},
        required=by_push,
        example="$REQUEST_URI" if by_push else "",
    )
    return (replace(CLIENT_ID, required=True), *plain, request_uri)


_NEEDED = frozenset({"response_type", "redirect_uri"})


def _of_issuer(issuer: Issuer) -> Iterator[Parameter]:
    """Those that both have; only the names of the security levels are the issuer's own."""
    levels = ", ".join(f"`{issuer.security_level(level)}`" for level in reachable_levels())
    for parameter in _REQUEST:
        named = parameter.name == "acr_values"
        yield replace(parameter, text=f"{parameter.text} {levels}") if named else parameter


_PROMPTS = [str(prompt) for prompt in Prompt if prompt is not Prompt.NONE]
_ANY_PROMPT = f"({'|'.join(_PROMPTS)})"
_REQUEST = (
    Parameter(name="response_type", text="`code`.", schema={"const": "code"}, example="code"),
    Parameter(
        name="redirect_uri",
        text="Where the answer goes: one that is registered, to the letter.",
        schema=URI,
        example=_REDIRECT_EXAMPLE,
    ),
    Parameter(
        name="scope",
        text="Names of scopes, separated by spaces. Unknown ones are dropped.",
        example="openid profile",
    ),
    Parameter(
        name="state",
        text="Comes back as it is.",
        schema={**TEXT, "maxLength": MAX_STATE_LENGTH},
        example="$STATE",
    ),
    Parameter(
        name="nonce",
        text="Comes back in the ID token.",
        schema={**TEXT, "maxLength": MAX_NONCE_LENGTH},
        example="$NONCE",
    ),
    Parameter(
        name="code_challenge",
        text="base64url(SHA-256(`code_verifier`)). Needed, unless the client is registered to go "
        "without. RFC 7636 §4.2.",
        schema=_THUMBPRINT,
        example="$CODE_CHALLENGE",
    ),
    Parameter(
        name="code_challenge_method",
        text=f"`{S256}`, with a challenge.",
        schema={"const": S256},
        example=S256,
    ),
    Parameter(
        name="response_mode",
        text="How the answer travels; `query` by default.",
        schema={"enum": [str(mode) for mode in ResponseMode]},
    ),
    Parameter(
        name="prompt",
        text=f"What has to be asked: `none`, or any of {', '.join(f'`{each}`' for each in _PROMPTS)}.",
        schema={"type": "string", "pattern": f"^(none|{_ANY_PROMPT}( {_ANY_PROMPT})*)$"},
    ),
    Parameter(
        name="max_age",
        text="How many seconds ago the person may have signed in; `0` asks for it anew.",
        schema=_SECONDS,
    ),
    Parameter(name="acr_values", text="Security levels, the preferred one first:"),
    Parameter(
        name="claims",
        text='Claims one by one, as JSON: `{"userinfo": {"email": null}}`. OIDC Core §5.5.',
    ),
    Parameter(name="login_hint", text="Fills in the username."),
    Parameter(
        name="id_token_hint",
        text="An ID token of this client, expired or not: who signs in has to be that person.",
        schema=JWT,
    ),
    Parameter(
        name="institution",
        text="For which of the client's institutions the tokens are to be; else the person is "
        "asked where there are several. A parameter of our own.",
    ),
    Parameter(
        name="dpop_jkt",
        text="Thumbprint of the key to which the code is bound. RFC 9449 §10.",
        schema=_THUMBPRINT,
    ),
)


# ---- who asks ----------------------------------------------------------------------------------

_SECRET = Parameter(
    name="client_secret",
    text="For a client with a secret that does not use HTTP Basic.",
    example="$CLIENT_SECRET",
)
_ASSERTION = (
    Parameter(
        name="client_assertion_type",
        text="Beside an assertion.",
        schema={"const": ASSERTION_TYPE},
        example=ASSERTION_TYPE,
    ),
    Parameter(
        name="client_assertion",
        text="A token that the client has signed, for one use. RFC 7523 §2.2.",
        schema=JWT,
        example="$CLIENT_ASSERTION",
    ),
)
# As the metadata names the methods -> what of a method stands in the form.
_CREDENTIALS: Mapping[str, tuple[Parameter, ...]] = {
    "client_secret_basic": (),
    "client_secret_post": (CLIENT_ID, _SECRET),
    "private_key_jwt": _ASSERTION,
    "client_secret_jwt": _ASSERTION,
    "none": (CLIENT_ID,),
}


def credentials(issuer: Issuer) -> tuple[Parameter, ...]:
    """Of all methods by which clients of the issuer may prove who they are."""
    methods = method_names(PROFILES[issuer.profile_name])
    fields = {each.name: each for method in methods for each in _CREDENTIALS[method]}
    # It may always stand there, though an assertion names the client too.
    return tuple({CLIENT_ID.name: replace(CLIENT_ID, example=""), **fields}.values())


# ---- grants ------------------------------------------------------------------------------------

_GRANT_FIELDS: Mapping[str, tuple[str, tuple[Parameter, ...]]] = {
    "authorization_code": (
        "AuthorizationCodeRequest",
        (
            Parameter(
                name="code",
                text="The code of the authorization response.",
                required=True,
                example="$CODE",
            ),
            Parameter(
                name="redirect_uri",
                text="The one of the authorization request.",
                schema=URI,
                required=True,
                example=_REDIRECT_EXAMPLE,
            ),
            Parameter(
                name="code_verifier",
                text="Whose challenge began the flow. RFC 7636 §4.5.",
                schema=_VERIFIER,
                example="$CODE_VERIFIER",
            ),
        ),
    ),
    "refresh_token": (
        "RefreshTokenRequest",
        (
            Parameter(
                name="refresh_token",
                text="The newest one.",
                required=True,
                example="$REFRESH_TOKEN",
            ),
            Parameter(name="scope", text="Less than was granted."),
        ),
    ),
    "client_credentials": (
        "ClientCredentialsRequest",
        (Parameter(name="scope", text="What the client needs, as far as it may have it."),),
    ),
}


def grant_forms() -> tuple[Form, ...]:
    """One for each grant type, in the order of the registry."""
    return tuple(_grant_form(grant_type) for grant_type in GRANTS)


def _grant_form(grant_type: str) -> Form:
    name, fields = _GRANT_FIELDS[grant_type]
    chosen = Parameter(
        name="grant_type",
        text="Which grant it is.",
        schema={"const": grant_type},
        required=True,
        example=grant_type,
    )
    return Form(name=name, title=grant_type, fields=(chosen, *fields))
