"""The catalogue of refusals: every reason for which a request is turned down, and no other.

A refusal is raised by the check that found it, with what was expected and what came. The wire
carries the reason's error and its short text; the record, read by its reference, carries the rest.
"""

from dataclasses import dataclass
from enum import Enum

from ostiary.protocol.errors import ErrorCode as E

MAX_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """`text` goes over the wire and never echoes input; `advice` says what to do about it.

    `retry_after` is in seconds: the same request may succeed then.
    """

    error: E
    text: str
    section: str
    advice: str
    status: int = 400
    retry_after: int | None = None


class Refusal(Exception):
    """A request turned down. `expected` and `received` are for the record, never for the wire."""

    def __init__(
        self,
        code: "ReasonCode",
        expected: str | None,
        received: str | None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code.name)
        self.code = code
        self.expected = None if expected is None else shown(expected)
        self.received = None if received is None else shown(received)
        self.retry_after = code.value.retry_after if retry_after is None else retry_after

    @property
    def reason(self) -> Reason:
        return self.code.value


def shown(value: str) -> str:
    """Cut to a length that a record and a log can bear, in printable characters."""
    cut = value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}… ({len(value)} characters)"
    return "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}" for character in cut
    )


class ReasonCode(Enum):
    def refusal(
        self, *, expected: object = None, received: object = None, retry_after: int | None = None
    ) -> Refusal:
        """The exception to raise. Secrets are never passed in, not even wrong ones."""
        return Refusal(
            self,
            None if expected is None else str(expected),
            None if received is None else str(received),
            retry_after,
        )

    # ---- any endpoint -----------------------------------------------------------------------
    REQUEST_MALFORMED = Reason(
        error=E.INVALID_REQUEST,
        text="the request is not well-formed",
        section="RFC 6749 appendix B",
        advice="Send application/x-www-form-urlencoded parameters in UTF-8, at most 100 of them.",
    )
    PARAMETER_REPEATED = Reason(
        error=E.INVALID_REQUEST,
        text="a parameter is included more than once",
        section="RFC 6749 §3.1, §3.2",
        advice="Send each parameter once; look for a proxy or a library that adds its own.",
    )
    CONTENT_TYPE_WRONG = Reason(
        error=E.INVALID_REQUEST,
        text="the body must be application/x-www-form-urlencoded",
        section="RFC 6749 appendix B",
        advice="Set Content-Type: application/x-www-form-urlencoded and send a form, not JSON.",
    )
    CONTENT_ENCODED = Reason(
        error=E.INVALID_REQUEST,
        text="the body must not be compressed",
        section="RFC 9110 §15.5.16",
        advice="Send the form without Content-Encoding.",
        status=415,
    )
    BODY_TOO_LARGE = Reason(
        error=E.INVALID_REQUEST,
        text="the body is too large",
        section="RFC 9110 §15.5.14",
        advice="Send at most 64 kB.",
        status=413,
    )
    METHOD_NOT_ALLOWED = Reason(
        error=E.INVALID_REQUEST,
        text="this endpoint does not answer that method",
        section="RFC 9110 §15.5.6",
        advice="Use a method of the Allow header.",
        status=405,
    )
    ORIGIN_UNREGISTERED = Reason(
        error=E.ACCESS_DENIED,
        text="no application has registered this origin",
        section="RFC 9700 §2.6",
        advice="Register the origin of the page with its application: web_origins, or a redirect URI there if it is public.",
        status=403,
    )
    PARAMETERS_IN_QUERY = Reason(
        error=E.INVALID_REQUEST,
        text="parameters must be in the body",
        section="RFC 6749 §2.3.1, §3.2",
        advice="Move the query parameters into the form body, so that no log keeps them.",
    )
    BUSY = Reason(
        error=E.TEMPORARILY_UNAVAILABLE,
        text="the server is busy",
        section="RFC 9110 §15.6.4",
        advice="Try again after the seconds in Retry-After.",
        status=503,
        retry_after=1,
    )
    TOO_MANY_REQUESTS = Reason(
        error=E.TEMPORARILY_UNAVAILABLE,
        text="too many requests",
        section="RFC 6585 §4, RFC 9126 §2.3",
        advice="Wait for the seconds in Retry-After, and keep tokens and documents instead of asking anew; what may come in a minute stands in the section [limits] of the configuration.",
        status=429,
        retry_after=60,
    )
    PROXY_HEADER_MALFORMED = Reason(
        error=E.INVALID_REQUEST,
        text="a header of the proxy cannot be read",
        section="RFC 9700 §4.13",
        advice="Let the proxy in front set each of its headers once, in place of what a client has sent under that name; see How-to, Run behind a reverse proxy.",
    )
    PLAIN_HTTP = Reason(
        error=E.INVALID_REQUEST,
        text="this issuer is reached by https alone",
        section="RFC 6749 §3.1, §3.2",
        advice="Use https. Behind a proxy: name the proxy in server.trusted_proxies, and let it send X-Forwarded-Proto.",
    )
    SERVER_ERROR = Reason(
        error=E.SERVER_ERROR,
        text="something went wrong on our side",
        section="RFC 6749 §4.1.2.1",
        advice="Look up the reference in the server's log; it stands beside the cause.",
        status=500,
    )

    # ---- authorization endpoint, before the return address is proved: a page ----------------
    CLIENT_ID_MISSING = Reason(
        error=E.INVALID_REQUEST,
        text="client_id is missing",
        section="RFC 6749 §4.1.1",
        advice="Send the client_id of the registered application.",
    )
    CLIENT_UNKNOWN = Reason(
        error=E.INVALID_REQUEST,
        text="the application is not known here",
        section="RFC 6749 §4.1.2.1",
        advice="Check client_id and that it is registered at this issuer: ostiary client list.",
    )
    CLIENT_DISABLED = Reason(
        error=E.INVALID_REQUEST,
        text="the application is switched off",
        section="RFC 6749 §4.1.2.1",
        advice="Ask the institution to switch the application on again.",
    )
    REDIRECT_URI_MISSING = Reason(
        error=E.INVALID_REQUEST,
        text="redirect_uri is missing",
        section="OIDC Core §3.1.2.1",
        advice="Send redirect_uri exactly as it is registered.",
    )
    REDIRECT_URI_UNREGISTERED = Reason(
        error=E.INVALID_REQUEST,
        text="redirect_uri is not registered",
        section="RFC 6749 §3.1.2.3, RFC 9700 §2.1",
        advice="Send a registered URI to the letter: case, trailing slash, port and query count.",
    )
    GRANT_NOT_REGISTERED = Reason(
        error=E.UNAUTHORIZED_CLIENT,
        text="the application may not use this grant",
        section="RFC 6749 §4.1.2.1, §5.2",
        advice="Add the grant type to the application, or use one that it has.",
    )

    # ---- authorization endpoint, from then on: a redirect -----------------------------------
    RESPONSE_TYPE_MISSING = Reason(
        error=E.INVALID_REQUEST,
        text="response_type is missing",
        section="RFC 6749 §4.1.1",
        advice="Send response_type=code.",
    )
    RESPONSE_TYPE_UNSUPPORTED = Reason(
        error=E.UNSUPPORTED_RESPONSE_TYPE,
        text="only response_type=code is supported",
        section="RFC 6749 §3.1.1, RFC 9700 §2.1.2",
        advice="Set your library to the code flow; some default to id_token.",
    )
    RESPONSE_MODE_UNSUPPORTED = Reason(
        error=E.INVALID_REQUEST,
        text="response_mode is not supported",
        section="OAuth Multiple Response Types §2.1",
        advice="Use query, fragment or form_post, and one that the application may use.",
    )
    REQUEST_UNSUPPORTED = Reason(
        error=E.REQUEST_NOT_SUPPORTED,
        text="request objects are not supported",
        section="OIDC Core §6.1",
        advice="Send plain parameters.",
    )
    REQUEST_URI_UNSUPPORTED = Reason(
        error=E.REQUEST_URI_NOT_SUPPORTED,
        text="request_uri is not supported",
        section="OIDC Core §6.2",
        advice="Send plain parameters.",
    )
    REGISTRATION_UNSUPPORTED = Reason(
        error=E.REGISTRATION_NOT_SUPPORTED,
        text="self-issued registration is not supported",
        section="OIDC Core §7.2.1",
        advice="Leave out the registration parameter.",
    )
    PUSHED_REQUEST_REQUIRED = Reason(
        error=E.INVALID_REQUEST,
        text="the request has to be pushed",
        section="RFC 9126 §5, §6",
        advice="Send the parameters to the pushed authorization request endpoint, and its request_uri here.",
    )
    PUSHED_REQUEST_NESTED = Reason(
        error=E.INVALID_REQUEST,
        text="request_uri cannot be pushed",
        section="RFC 9126 §2.1",
        advice="Push plain parameters.",
    )
    PUSHED_REQUEST_UNKNOWN = Reason(
        error=E.INVALID_REQUEST_URI,
        text="request_uri is not known here",
        section="RFC 9126 §4, §7.3",
        advice="Send the request_uri of the push, unchanged, with the client_id that pushed it.",
    )
    PUSHED_REQUEST_EXPIRED = Reason(
        error=E.INVALID_REQUEST_URI,
        text="request_uri has expired",
        section="RFC 9126 §2.2",
        advice="Send the browser within expires_in seconds of the push; push again.",
    )
    PUSHED_REQUEST_USED = Reason(
        error=E.INVALID_REQUEST_URI,
        text="request_uri has been used",
        section="RFC 9126 §4, §7.3",
        advice="Push again for each authorization.",
    )
    DPOP_JKT_MALFORMED = Reason(
        error=E.INVALID_REQUEST,
        text="dpop_jkt must be a JWK thumbprint",
        section="RFC 9449 §10",
        advice="Send base64url(SHA-256) of the key's canonical JWK (RFC 7638), 43 characters.",
    )
    DPOP_JKT_OTHER = Reason(
        error=E.INVALID_REQUEST,
        text="dpop_jkt is not the key of the DPoP proof",
        section="RFC 9449 §10.1",
        advice="Send the thumbprint of the key that signs the proof, or leave one of the two out.",
    )
    SCOPE_MALFORMED = Reason(
        error=E.INVALID_SCOPE,
        text="scope is not well-formed",
        section="RFC 6749 §3.3",
        advice="Send scope names separated by single spaces.",
    )
    SCOPE_NOT_ALLOWED = Reason(
        error=E.INVALID_SCOPE,
        text="the application may not ask for this scope",
        section="RFC 6749 §3.3",
        advice="Ask for less, or have the institution allow the scope for the application.",
    )
    STATE_TOO_LONG = Reason(
        error=E.INVALID_REQUEST,
        text="state or nonce is too long",
        section="RFC 6749 §4.1.1",
        advice="Keep the data on your side and send a reference to it.",
    )
    CODE_CHALLENGE_MISSING = Reason(
        error=E.INVALID_REQUEST,
        text="policy requires PKCE: code_challenge is missing",
        section="RFC 7636 §4.4.1, RFC 9700 §2.1.1",
        advice="Send code_challenge with code_challenge_method=S256.",
    )
    CODE_CHALLENGE_MALFORMED = Reason(
        error=E.INVALID_REQUEST,
        text="code_challenge must be S256",
        section="RFC 7636 §4.2, §4.3",
        advice="Send base64url(SHA-256(code_verifier)), 43 characters, with code_challenge_method=S256.",
    )
    PROMPT_MALFORMED = Reason(
        error=E.INVALID_REQUEST,
        text="prompt is not supported",
        section="OIDC Core §3.1.2.1",
        advice="Use none alone, or any of login, consent and select_account.",
    )
    MAX_AGE_MALFORMED = Reason(
        error=E.INVALID_REQUEST,
        text="max_age must be a number of seconds",
        section="OIDC Core §3.1.2.1",
        advice="Send max_age as digits.",
    )
    CLAIMS_MALFORMED = Reason(
        error=E.INVALID_REQUEST,
        text="claims is not well-formed",
        section="OIDC Core §5.5",
        advice="Send a JSON object with members id_token and userinfo, each claim null or an object; URL-encode it.",
    )
    SECURITY_LEVEL_UNMET = Reason(
        error=E.UNMET_AUTHENTICATION_REQUIREMENTS,
        text="the sign-in does not reach the acr that the application needs",
        section="OIDC Core §5.5.1.1",
        advice="Ask for one of acr_values_supported, or without essential; the person may need a stronger factor.",
    )
    ID_TOKEN_HINT_INVALID = Reason(
        error=E.INVALID_REQUEST,
        text="id_token_hint is not one of our ID tokens",
        section="OIDC Core §3.1.2.1",
        advice="Send an ID token that this issuer gave to this application, or none.",
    )
    LOGIN_REQUIRED = Reason(
        error=E.LOGIN_REQUIRED,
        text="the user has to sign in",
        section="OIDC Core §3.1.2.6",
        advice="Start again without prompt=none, so that the user can sign in.",
    )
    OTHER_USER_SIGNED_IN = Reason(
        error=E.LOGIN_REQUIRED,
        text="another user signed in",
        section="OIDC Core §3.1.2.1",
        advice="The person of id_token_hint, or of the claim sub, has to sign in; start again to let them.",
    )
    CONSENT_REQUIRED = Reason(
        error=E.CONSENT_REQUIRED,
        text="the user has to consent",
        section="OIDC Core §3.1.2.6",
        advice="Start again without prompt=none, so that the user can agree.",
    )
    ACCOUNT_SELECTION_REQUIRED = Reason(
        error=E.ACCOUNT_SELECTION_REQUIRED,
        text="the user has to choose an account",
        section="OIDC Core §3.1.2.6",
        advice="Start again without prompt=none, so that the user can choose.",
    )
    INSTITUTION_OTHER = Reason(
        error=E.INVALID_REQUEST,
        text="institution is not one of the application's",
        section="RFC 6749 §4.1.2.1",
        advice="Send the id of an institution that the application is registered for, or leave it out.",
    )
    INSTITUTION_REQUIRED = Reason(
        error=E.INTERACTION_REQUIRED,
        text="the user has to choose an institution",
        section="OIDC Core §3.1.2.6",
        advice="Send the institution parameter, or start again without prompt=none, so that the user can choose.",
    )
    CONSENT_DENIED = Reason(
        error=E.ACCESS_DENIED,
        text="the user did not allow it",
        section="RFC 6749 §4.1.2.1",
        advice="Nothing to mend: the person said no. Explain why you ask, and let them try again.",
    )

    # ---- interaction pages ------------------------------------------------------------------
    INTERACTION_UNKNOWN = Reason(
        error=E.INVALID_REQUEST,
        text="this sign-in is not known to this browser",
        section="RFC 9700 §4.7",
        advice="Start again from the application; a sign-in cannot move to another browser.",
    )
    FORM_FORGED = Reason(
        error=E.ACCESS_DENIED,
        text="this form did not come from our page",
        section="RFC 9700 §4.7, CWE-352",
        advice="Open the page again and send the form from there, with cookies switched on.",
        status=403,
    )
    PAGE_UNKNOWN = Reason(
        error=E.INVALID_REQUEST,
        text="there is no page at this address",
        section="RFC 9110 §15.5.5",
        advice="Start again from the application.",
        status=404,
    )
    HOST_UNKNOWN = Reason(
        error=E.INVALID_REQUEST,
        text="no issuer answers at this host",
        section="RFC 9110 §15.5.20",
        advice="Use the host of the issuer's URL; a proxy in front of it has to pass Host on.",
        status=421,
    )

    # ---- logout -----------------------------------------------------------------------------
    LOGOUT_HINT_INVALID = Reason(
        error=E.INVALID_REQUEST,
        text="id_token_hint is not one of our ID tokens",
        section="RP-Initiated Logout §2, §4",
        advice="Send an ID token that this issuer gave to this application, expired or not, or client_id alone.",
    )
    LOGOUT_HINT_OF_OTHER_CLIENT = Reason(
        error=E.INVALID_REQUEST,
        text="id_token_hint was given to another application",
        section="RP-Initiated Logout §2",
        advice="Send the client_id of the application that got the ID token, or leave client_id out.",
    )
    POST_LOGOUT_REDIRECT_URI_UNREGISTERED = Reason(
        error=E.INVALID_REQUEST,
        text="post_logout_redirect_uri is not registered",
        section="RP-Initiated Logout §3",
        advice="Register it to the letter: among post_logout_redirect_uris of the application, or its redirect URIs.",
    )

    # ---- client authentication --------------------------------------------------------------
    CLIENT_AUTHENTICATION_MISSING = Reason(
        error=E.INVALID_REQUEST,
        text="no client authentication mechanism provided",
        section="RFC 6749 §2.3, §3.2.1",
        advice="Send HTTP Basic, client_id and client_secret in the form, or client_assertion; check the content type.",
    )
    CLIENT_AUTHENTICATION_DOUBLE = Reason(
        error=E.INVALID_REQUEST,
        text="more than one client authentication mechanism provided",
        section="RFC 6749 §2.3",
        advice="Send one of: the Authorization header, client_secret in the form, client_assertion.",
    )
    CLIENT_AUTHENTICATION_FAILED = Reason(
        error=E.INVALID_CLIENT,
        text="client authentication failed",
        section="RFC 6749 §5.2",
        advice="Check client_id, secret, method and what the profile allows: ostiary client show; a new secret: ostiary client secret.",
        status=401,
    )
    CLIENT_ASSERTION_INVALID = Reason(
        error=E.INVALID_CLIENT,
        text="client authentication failed",
        section="RFC 7521 §4.2, RFC 7523 §3",
        advice="Sign with a registered key: iss and sub the client_id, aud the issuer, exp within five minutes, a new jti.",
        status=401,
    )
    CLIENT_ASSERTION_USED = Reason(
        error=E.INVALID_CLIENT,
        text="client authentication failed",
        section="RFC 7523 §3",
        advice="Make a new assertion, with a jti of its own, for each request, also when you try again.",
        status=401,
    )
    CLIENT_KEYS_UNAVAILABLE = Reason(
        error=E.INVALID_CLIENT,
        text="client authentication failed",
        section="OIDC Core §10.1.1",
        advice="Look at how the last fetch of jwks_uri went: ostiary client show; it is tried once a minute.",
        status=401,
    )

    # ---- token endpoint ---------------------------------------------------------------------
    GRANT_TYPE_MISSING = Reason(
        error=E.INVALID_REQUEST,
        text="grant_type is missing",
        section="RFC 6749 §4.1.3",
        advice="Send grant_type.",
    )
    GRANT_TYPE_UNSUPPORTED = Reason(
        error=E.UNSUPPORTED_GRANT_TYPE,
        text="grant_type is not supported",
        section="RFC 6749 §5.2",
        advice="Use a grant type of the discovery document.",
    )
    CODE_MISSING = Reason(
        error=E.INVALID_REQUEST,
        text="code is missing",
        section="RFC 6749 §4.1.3",
        advice="Send the code of the authorization response.",
    )
    CODE_UNKNOWN = Reason(
        error=E.INVALID_GRANT,
        text="the code is not valid",
        section="RFC 6749 §4.1.3, §5.2",
        advice="Use the code once, unchanged, at the issuer and with the client that it was made for.",
    )
    CODE_EXPIRED = Reason(
        error=E.INVALID_GRANT,
        text="the code is not valid",
        section="RFC 6749 §4.1.2",
        advice="Exchange the code within 60 seconds; check that the machine is not suspended between.",
    )
    CODE_REUSED = Reason(
        error=E.INVALID_GRANT,
        text="the code is not valid",
        section="RFC 6749 §4.1.2, §10.5",
        advice="The code had been used; what it gave has been revoked. Look for a retry or a double callback.",
    )
    REDIRECT_URI_CHANGED = Reason(
        error=E.INVALID_GRANT,
        text="redirect_uri differs from the authorization request",
        section="RFC 6749 §4.1.3",
        advice="Send the same redirect_uri as in the authorization request.",
    )
    CODE_VERIFIER_MISSING = Reason(
        error=E.INVALID_GRANT,
        text="code_verifier is missing",
        section="RFC 7636 §4.5, §4.6",
        advice="Send the code_verifier whose challenge began this flow.",
    )
    CODE_VERIFIER_UNEXPECTED = Reason(
        error=E.INVALID_GRANT,
        text="code_verifier was sent for a code without a challenge",
        section="RFC 9700 §4.8.2",
        advice="Send code_challenge in the authorization request, or no code_verifier.",
    )
    CODE_VERIFIER_WRONG = Reason(
        error=E.INVALID_GRANT,
        text="code_verifier does not match",
        section="RFC 7636 §4.6",
        advice="Keep one verifier for each flow; another tab may have replaced it. The code is spent.",
    )
    AUTHORIZATION_ENDED = Reason(
        error=E.INVALID_GRANT,
        text="the authorization has ended",
        section="RFC 6749 §5.2",
        advice="The user signed out, was switched off, or the authorization was revoked: start a new flow.",
    )
    REFRESH_TOKEN_MISSING = Reason(
        error=E.INVALID_REQUEST,
        text="refresh_token is missing",
        section="RFC 6749 §6",
        advice="Send refresh_token.",
    )
    REFRESH_TOKEN_UNKNOWN = Reason(
        error=E.INVALID_GRANT,
        text="the refresh token is not valid",
        section="RFC 6749 §6",
        advice="Use the newest refresh token, unchanged, with the client that it was made for.",
    )
    REFRESH_TOKEN_EXPIRED = Reason(
        error=E.INVALID_GRANT,
        text="the refresh token is not valid",
        section="RFC 6749 §6, §10.4",
        advice="It was not used for too long: start a new flow.",
    )
    REFRESH_TOKEN_REUSED = Reason(
        error=E.INVALID_GRANT,
        text="the refresh token is not valid",
        section="RFC 9700 §4.14.2",
        advice="An older refresh token came back, so the authorization was revoked. Store the newest one at once.",
    )
    REFRESH_SCOPE_WIDER = Reason(
        error=E.INVALID_SCOPE,
        text="scope exceeds what was granted",
        section="RFC 6749 §6",
        advice="Ask for the granted scope or less; for more, start a new flow.",
    )

    # ---- sender constraint ------------------------------------------------------------------
    DPOP_PROOF_MISSING = Reason(
        error=E.INVALID_DPOP_PROOF,
        text="a DPoP proof is needed",
        section="RFC 9449 §5, §5.2, §10",
        advice="Send a DPoP header: the client, its profile, the code or the refresh token is bound to a key.",
    )
    DPOP_PROOF_INVALID = Reason(
        error=E.INVALID_DPOP_PROOF,
        text="the DPoP proof is not valid",
        section="RFC 9449 §4.3",
        advice="Make a proof for each request: typ, jwk, htm, htu as discovery has it, iat now, ath at userinfo.",
    )
    DPOP_PROOF_REPLAYED = Reason(
        error=E.INVALID_DPOP_PROOF,
        text="the DPoP proof has been used",
        section="RFC 9449 §11.1",
        advice="Make a proof with a jti of its own for each request, retries too.",
    )
    DPOP_NONCE_NEEDED = Reason(
        error=E.USE_DPOP_NONCE,
        text="the DPoP proof needs our nonce",
        section="RFC 9449 §8, §9",
        advice="Send the request again with a proof whose nonce is that of the DPoP-Nonce header.",
    )
    DPOP_KEY_OTHER = Reason(
        error=E.INVALID_GRANT,
        text="the code or refresh token is bound to another key",
        section="RFC 9449 §5, §10",
        advice="Prove the key with which the flow began; keep it as long as the refresh token.",
    )

    # ---- revocation, introspection ----------------------------------------------------------
    TOKEN_PARAMETER_MISSING = Reason(
        error=E.INVALID_REQUEST,
        text="token is missing",
        section="RFC 7009 §2.1, RFC 7662 §2.1",
        advice="Send the token in the form, as token.",
    )
    TOKEN_OF_ANOTHER_CLIENT = Reason(
        error=E.UNAUTHORIZED_CLIENT,
        text="the token was given to another application",
        section="RFC 7009 §2.1",
        advice="Authenticate as the client that got the token.",
    )
    INTROSPECTION_NOT_ALLOWED = Reason(
        error=E.UNAUTHORIZED_CLIENT,
        text="the application may not introspect tokens",
        section="RFC 7662 §2.1, §4",
        advice="Let the institution set may_introspect for the application; it needs its own credentials.",
        status=403,
    )

    # ---- userinfo ---------------------------------------------------------------------------
    TOKEN_MISSING = Reason(
        error=E.INVALID_TOKEN,
        text="an access token is needed",
        section="RFC 6750 §3",
        advice="Send Authorization: Bearer and the access token.",
        status=401,
    )
    TOKEN_IN_QUERY = Reason(
        error=E.INVALID_REQUEST,
        text="the access token must not be in the URL",
        section="RFC 6750 §5.3, RFC 9700 §4.3.2",
        advice="Send the token in the Authorization header; treat this one as leaked.",
    )
    TOKEN_DOUBLE = Reason(
        error=E.INVALID_REQUEST,
        text="the access token was sent in more than one way",
        section="RFC 6750 §2",
        advice="Send the token in the Authorization header only.",
    )
    TOKEN_INVALID = Reason(
        error=E.INVALID_TOKEN,
        text="the access token is not valid",
        section="RFC 6750 §3.1, RFC 9068 §4",
        advice="Send an access token of this issuer, unchanged; not an ID token and not a refresh token.",
        status=401,
    )
    TOKEN_EXPIRED = Reason(
        error=E.INVALID_TOKEN,
        text="the access token has expired",
        section="RFC 6750 §3.1",
        advice="Refresh, or start a new flow.",
        status=401,
    )
    TOKEN_REVOKED = Reason(
        error=E.INVALID_TOKEN,
        text="the access token has been revoked",
        section="RFC 6750 §3.1",
        advice="The authorization has ended: start a new flow.",
        status=401,
    )
    TOKEN_BOUND = Reason(
        error=E.INVALID_TOKEN,
        text="the access token is bound to a key",
        section="RFC 9449 §7.1, §7.2",
        advice="Send Authorization: DPoP, and a DPoP header with a proof by that key.",
        status=401,
    )
    TOKEN_UNBOUND = Reason(
        error=E.INVALID_TOKEN,
        text="the access token is bound to no key",
        section="RFC 9449 §7.1",
        advice="Send Authorization: Bearer, or send a proof when asking for the token.",
        status=401,
    )
    TOKEN_KEY_OTHER = Reason(
        error=E.INVALID_TOKEN,
        text="the access token is bound to another key",
        section="RFC 9449 §7.1",
        advice="Sign the proof with the key of the token request.",
        status=401,
    )
    SCOPE_INSUFFICIENT = Reason(
        error=E.INSUFFICIENT_SCOPE,
        text="the access token has no openid scope of a user",
        section="OIDC Core §5.3.3, RFC 6750 §3.1",
        advice="Ask for scope openid in a flow in which a user signs in.",
        status=403,
    )
