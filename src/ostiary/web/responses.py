"""HTTP responses as plain values, and the headers that every one of a kind carries."""

from dataclasses import dataclass, replace
from html import escape

from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode, Refusal
from ostiary.protocol.credentials import challenge
from ostiary.protocol.dpop import PROOF_ALGORITHMS
from ostiary.protocol.errors import ErrorCode
from ostiary.protocol.response_mode import ResponseMode, append_parameters
from ostiary.provider.exchange import (
    Acknowledgement,
    AuthorizationResponse,
    Document,
    JsonAnswer,
    JwtAnswer,
)

Header = tuple[bytes, bytes]

# RFC 6749 §5.1 asks for both.
NEVER_STORED: tuple[Header, ...] = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
NO_SNIFFING: Header = (b"x-content-type-options", b"nosniff")
NO_REFERRER: Header = (b"referrer-policy", b"no-referrer")
_PRIVATE: tuple[Header, ...] = (*NEVER_STORED, NO_SNIFFING)
_JSON_HEADERS: tuple[Header, ...] = ((b"content-type", b"application/json"), *_PRIVATE)
_REALM = "ostiary"
_ALGORITHMS = " ".join(sorted(PROOF_ALGORITHMS))
# Of a token request these are 400, of any other a challenge. RFC 9449 §7.1, §9.
_PROOF_ERRORS = frozenset({ErrorCode.INVALID_DPOP_PROOF, ErrorCode.USE_DPOP_NONCE})

# Everything locked down but form-action: Chromium and Safari hold it against every redirect that
# follows a form, so it would stop a code on its way to the client after it was issued.
PAGE_HEADERS: tuple[Header, ...] = (
    (b"content-type", b"text/html; charset=utf-8"),
    *NEVER_STORED,
    NO_SNIFFING,
    NO_REFERRER,
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        b"connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (
        b"permissions-policy",
        b"camera=(), geolocation=(), microphone=(), "
        b"publickey-credentials-create=(self), publickey-credentials-get=(self)",
    ),
)
STRICT_TRANSPORT: Header = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    status: int
    headers: tuple[Header, ...] = ()
    body: bytes = b""

    def with_headers(self, *headers: Header) -> "HttpResponse":
        return HttpResponse(status=self.status, headers=(*self.headers, *headers), body=self.body)


def answer_response(answer: Document | JsonAnswer | JwtAnswer | Acknowledgement) -> HttpResponse:
    """What goes to a program: a document is cacheable, all else for one client alone."""
    match answer:
        case Document():
            headers: tuple[Header, ...] = (
                (b"content-type", answer.media_type.encode("ascii")),
                (b"cache-control", b"public, max-age=%d" % answer.max_age),
                NO_SNIFFING,
            )
            return HttpResponse(status=200, headers=headers, body=answer.body)
        case JsonAnswer():
            headers = (*_JSON_HEADERS, *answer.headers)
            return HttpResponse(status=answer.status, headers=headers, body=answer.encode())
        case JwtAnswer():
            content_type = (b"content-type", answer.media_type.encode("ascii"))
            headers = (content_type, *_PRIVATE, *answer.headers)
            return HttpResponse(status=200, headers=headers, body=answer.token.encode("ascii"))
        case Acknowledgement():
            return HttpResponse(status=200, headers=_PRIVATE)


def json_refusal(refusal: Refusal, *, basic: bool) -> HttpResponse:
    """RFC 6749 §5.2. `basic`: the client tried HTTP Basic, so a 401 has to ask for it."""
    reason = refusal.reason
    headers = _JSON_HEADERS
    if reason.status == 401 and basic:
        headers += ((b"www-authenticate", b'Basic realm="ostiary", charset="UTF-8"'),)
    members = {"error": str(reason.error), "error_description": reason.text}
    answer = HttpResponse(
        status=reason.status, headers=headers, body=JsonAnswer(members=members).encode()
    )
    return saying_when(answer, refusal)


def challenge_refusal(refusal: Refusal, *, dpop: bool) -> HttpResponse:
    """RFC 6750 §3, RFC 9449 §7.1, §7.2: both schemes are offered; the one that was tried comes
    first and has the error, as the body has. Who has tried none is told of no error."""
    reason = refusal.reason
    answer = json_refusal(refusal, basic=False)
    if reason.status >= 429:
        return answer
    error = {"error": str(reason.error), "error_description": reason.text}
    if refusal.code is ReasonCode.TOKEN_MISSING:
        error, answer = {}, replace(answer, body=b"{}")
    elif refusal.code is ReasonCode.SCOPE_INSUFFICIENT:
        error["scope"] = "openid"
    elif reason.error in _PROOF_ERRORS:
        answer = replace(answer, status=401)
    offers = [("Bearer", {"realm": _REALM}), ("DPoP", {"realm": _REALM, "algs": _ALGORITHMS})]
    tried, other = reversed(offers) if dpop else offers
    challenges = (challenge(tried[0], **tried[1], **error), challenge(other[0], **other[1]))
    return answer.with_headers(
        *((b"www-authenticate", each.encode("ascii")) for each in challenges)
    )


def redirect(location: str, *headers: Header) -> HttpResponse:
    """303, so that a form is never sent on to the next address. RFC 9700 §4.12."""
    return HttpResponse(
        status=303,
        headers=(
            (b"location", location.encode("ascii")),
            *NEVER_STORED,
            NO_REFERRER,
            *headers,
        ),
    )


def explained_redirect(location: str, *headers: Header) -> HttpResponse:
    """The same with a note for whoever is not taken along. RFC 9110 §15.4.4."""
    note = f'<!doctype html><title>Sign out</title><a href="{escape(location)}">Continue</a>'
    answer = redirect(location, (b"content-type", b"text/html; charset=utf-8"), *headers)
    return replace(answer, body=note.encode())


def authorization_redirect(response: AuthorizationResponse) -> HttpResponse | None:
    """The redirect that carries the response; None when it has to travel in a form."""
    if response.mode is ResponseMode.FORM_POST:
        return None
    return redirect(append_parameters(response.redirect_uri, response.mode, response.parameters))


def demanding_https(response: HttpResponse, *, secure: bool) -> HttpResponse:
    """Of a secure issuer: whoever was here by https once never comes by http again."""
    if not secure or STRICT_TRANSPORT in response.headers:
        return response
    return response.with_headers(STRICT_TRANSPORT)


def page_response(issuer: Issuer | None, html: str, status: int = 200) -> HttpResponse:
    headers = PAGE_HEADERS
    if issuer is not None and issuer.secure:
        headers += (STRICT_TRANSPORT,)
    return HttpResponse(status=status, headers=headers, body=html.encode("utf-8"))


def retry_after(seconds: int) -> Header:
    """When it is worth asking again. RFC 9110 §10.2.3."""
    return b"retry-after", b"%d" % seconds


def saying_when(response: HttpResponse, refusal: Refusal) -> HttpResponse:
    """With the time after which the same request may succeed, if there is one."""
    seconds = refusal.retry_after
    return response.with_headers(retry_after(seconds)) if seconds else response


def reference_header(reference: str) -> Header:
    """Under what reference a refusal is explained: ostiary refusal show."""
    return b"ostiary-reference", reference.encode("ascii")


def cookie_header(issuer: Issuer, name: str, value: str, *, seconds: int | None = None) -> Header:
    """For `seconds`, or until the browser is closed; 0 deletes it.

    Lax: it comes along when a client sends the person here, and not with foreign forms.
    """
    secure = "; Secure" if issuer.secure else ""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    text = f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"
    return b"set-cookie", text.encode("ascii")
