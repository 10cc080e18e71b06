"""Values to store, one of each kind."""

from dataclasses import replace

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.audit_seal import Seal, join_leaves
from ostiary.domain.authorization import Authorization
from ostiary.domain.client import AuthMethod, Client, ClientSecret
from ostiary.domain.consent import Consent
from ostiary.domain.handle_keys import HandleKey
from ostiary.domain.institution import Institution
from ostiary.domain.interaction import AuthorizationRequest, Interaction, PushedRequest
from ostiary.domain.issuer import Environment, Issuer
from ostiary.domain.logout_notice import LogoutNotice
from ostiary.domain.picture import Picture
from ostiary.domain.session import Session
from ostiary.domain.signing_keys import SigningKey
from ostiary.domain.throttle import OF_ACCOUNT
from ostiary.domain.user import Membership, User
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.protocol.prompt import Prompt
from ostiary.protocol.response_mode import ResponseMode
from ostiary.protocol.tokens import Authentication
from ostiary.storage.interactions import Completion, SignInChange
from ostiary.storage.jwks_fetches import JwksFetch
from ostiary.storage.refusals import RefusalRecord
from ostiary.storage.store import Store
from ostiary.storage.throttles import Counted

NOW = 1_800_000_000
# Tables whose rows belong to none.
OF_NO_ISSUER = {"leases", "jobs", "request_counts"}

ISSUER = Issuer(
    issuer_id="left",
    url="https://left.example",
    base_path="/a",
    face_name="enterprise",
    name="Left",
    environment=Environment.SANDBOX,
    api_scopes=frozenset({"https://api.example.com/b", "https://api.example.com/a"}),
)
INSTITUTION = Institution(institution_id="garden", name="Garden Credit Union", support="555 0100")
CLIENT = Client(
    client_id="web",
    name="Budget Buddy",
    institution_id="garden",
    auth_method=AuthMethod.CLIENT_SECRET,
    secrets=(ClientSecret(secret_id="1", sha256="00" * 32, created_at=NOW),),
    redirect_uris=("https://rp.example/cb",),
    web_origins=("https://rp.example",),
    scopes=frozenset({"openid", "profile", "email", "address", "phone", "offline_access"}),
)
USER = User(user_id="alice-id", username="Alice", password_hash="$argon2id$first")
MEMBERSHIP = Membership(
    institution_id="garden", claims={"name": "Alice", "address": {"locality": "Øster"}, "x": None}
)
SESSION_ID, INTERACTION_ID, AUTHORIZATION_ID = b"s" * 16, b"i" * 16, b"a" * 16
SESSION = Session(
    session_id=SESSION_ID,
    generation=0,
    user_id=USER.user_id,
    auth_time=NOW,
    amr=("pwd", "otp"),
    level="standard",
    seen_at=NOW,
    expires_at=NOW + 86_400,
)
INTERACTION = Interaction(
    interaction_id=INTERACTION_ID,
    browser_id=b"b" * 16,
    request=AuthorizationRequest(
        client_id=CLIENT.client_id,
        redirect_uri="https://rp.example/cb",
        response_mode=ResponseMode.FRAGMENT,
        scope=frozenset({"openid", "email"}),
        state="é <&> \U0001f600",
        prompt=frozenset({Prompt.LOGIN, Prompt.CONSENT}),
        max_age=0,
    ),
    created_at=NOW,
    expires_at=NOW + 3600,
)
AUTHORIZATION = Authorization(
    authorization_id=AUTHORIZATION_ID,
    client_id=CLIENT.client_id,
    user_id=USER.user_id,
    institution_id="garden",
    session_id=SESSION_ID,
    scope=frozenset({"openid", "email"}),
    nonce="n",
    redirect_uri="https://rp.example/cb",
    code_challenge="c",
    authentication=Authentication(auth_time=NOW, acr="urn:x:standard", amr=("pwd", "otp")),
    created_at=NOW,
    code_expires_at=NOW + 60,
    ends_at=NOW + 86_400,
    offline=True,
    notify_logout=True,
)
CONSENT = Consent(
    scope=frozenset({"openid", "email"}), data=frozenset({"tax_id"}), client_print="print"
)
PICTURE = Picture(media_type="image/png", data=b"\x89PNG\r\n\x1a\n\x00\xff")
KEY = SigningKey(
    kid="k1",
    algorithm=Algorithm.ES256,
    public_jwk={"kty": "EC", "kid": "k1"},
    sealed=b"\x00\xffsealed",
    created_at=NOW,
    activates_at=NOW,
)
HANDLE_KEY = HandleKey(number=1, sealed=b"sealed", created_at=NOW, activates_at=NOW)
ACCOUNT = Counted(key=b"T" * 16, allowance=OF_ACCOUNT)
REFUSAL = RefusalRecord(
    reference="R-0000-0000",
    at=NOW,
    code="code_unknown",
    endpoint="token",
    client_id="web",
    expected=None,
    received="x",
)
SIGN_IN = SignInChange(session=replace(SESSION, session_id=b"S" * 16), renews=False, ends=None)


def an_event(at: int = NOW, kind: EventType = EventType.CLIENT_CHANGED) -> AuditEvent:
    return AuditEvent(
        type=kind, at=at, actor="test", client_id="web", reason="why", details={"é": [1, None]}
    )


def a_completion(authorization_id: bytes = b"A" * 16, **changes: object) -> Completion:
    authorization = replace(AUTHORIZATION, authorization_id=authorization_id, **changes)  # type: ignore[arg-type]
    return Completion(authorization=authorization, consent=CONSENT, event=an_event())


# Of a session that has ended.
NOTICE = LogoutNotice(
    session_id=b"e" * 16, client_id=CLIENT.client_id, user_id=USER.user_id, created_at=NOW
)
SPENT_ID = b"x" * 16
LAST_ID = b"\xff" * 16
JWKS_FETCH = JwksFetch(at=NOW, error="timed out")
PUSHED = PushedRequest(pushed_id=b"p" * 16, request=INTERACTION.request, expires_at=NOW + 60)


async def fill(store: Store, issuer_id: str) -> None:
    """One row of everything, under the same ids in every issuer."""
    url = f"https://{issuer_id}.example"
    await store.issuers.save(replace(ISSUER, issuer_id=issuer_id, url=url), an_event())
    await store.institutions.save(issuer_id, INSTITUTION, an_event())
    assert await store.clients.add(issuer_id, CLIENT, an_event())
    await store.users.add(issuer_id, USER, [MEMBERSHIP], an_event())
    await store.interactions.add(issuer_id, INTERACTION)
    assert await store.interactions.sign_in(
        issuer_id,
        INTERACTION_ID,
        SignInChange(session=SESSION, renews=False, ends=None),
        an_event(),
    )
    await store.authorizations.add(issuer_id, AUTHORIZATION, touch=False)
    second = replace(INTERACTION, interaction_id=b"I" * 16)
    await store.interactions.add(issuer_id, second)
    assert await store.interactions.complete(
        issuer_id, second.interaction_id, a_completion(b"f" * 16)
    )
    await _end_a_session(store, issuer_id)
    assert await store.keys.add_signing_key(issuer_id, KEY, unless_after=NOW, event=an_event())
    assert await store.keys.add_handle_key(
        issuer_id, HANDLE_KEY, unless_after=NOW, event=an_event()
    )
    await store.keys.add_subject_key(issuer_id, b"sealed", NOW)
    assert await store.throttles.count(issuer_id, [ACCOUNT], NOW) == 1
    await store.pictures.save(issuer_id, USER.user_id, PICTURE, an_event())
    await store.refusals.add(issuer_id, REFUSAL)
    await store.pushed_requests.add(issuer_id, PUSHED)
    await store.secret_uses.save(issuer_id, CLIENT.client_id, "1", NOW)
    await store.jwks_fetches.save(issuer_id, CLIENT.client_id, JWKS_FETCH)
    await _seal_an_event(store, issuer_id)
    assert await store.issuers.set_epoch(issuer_id, 1, an_event())
    assert await store.spent.add(issuer_id, SPENT_ID, expires_at=NOW + 60, now=NOW)


async def _seal_an_event(store: Store, issuer_id: str) -> None:
    (record,) = await store.seals.unsealed(issuer_id, before=LAST_ID, limit=1)
    seal = Seal(number=1, at=NOW, token="token", leaves=join_leaves([record]))
    assert await store.seals.add(
        issuer_id, seal, kid=KEY.kid, sealed_key=b"sealed", last=record.event_id
    )


async def _end_a_session(store: Store, issuer_id: str) -> None:
    """So that a client has to be told of it."""
    third, session = b"e" * 16, replace(SESSION, session_id=NOTICE.session_id)
    await store.interactions.add(issuer_id, replace(INTERACTION, interaction_id=third))
    change = SignInChange(session=session, renews=False, ends=None)
    assert await store.interactions.sign_in(issuer_id, third, change, an_event())
    told = replace(AUTHORIZATION, authorization_id=b"e" * 16, session_id=session.session_id)
    await store.authorizations.add(issuer_id, told, touch=False)
    assert await store.sessions.end(issuer_id, session.session_id, an_event())
