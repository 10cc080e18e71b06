"""RFC 6749 §5.2: the token error response."""

import pytest

from ostiary.domain.refusals import ReasonCode
from ostiary.storage.authorizations import Authorizations
from ostiary.storage.database import StoreUnavailable
from tests.kit.relying_party import RelyingParty
from tests.kit.world import SECRET, a_client, an_event
from tests.specs.wire import basic, code_of, post_token, refused

GRANT = {"grant_type": "client_credentials"}


@pytest.mark.spec("RFC 6749 §5.2")
async def test_failed_basic_authentication_is_401_and_asks_for_basic(rp: RelyingParty) -> None:
    """A client that used the Authorization header gets 401 and WWW-Authenticate of its scheme."""
    response = await post_token(rp, GRANT, authorization=basic(secret="wrong"))
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)
    assert response.headers["www-authenticate"].startswith('Basic realm="')


@pytest.mark.spec("RFC 6749 §5.2")
@pytest.mark.parametrize(
    "credentials",
    [
        {"client_id": "web", "client_secret": "wrong"},
        {"client_id": "nobody", "client_secret": SECRET},
        {"client_id": "spa", "client_secret": SECRET},
        {"client_id": "nobody"},
        {"client_secret": SECRET},
    ],
)
async def test_failed_authentication_in_the_form_is_invalid_client(
    rp: RelyingParty, credentials: dict[str, str]
) -> None:
    """invalid_client: unknown client, wrong secret, or a method that it has not."""
    response = await post_token(rp, GRANT | credentials)
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("RFC 6749 §5.2")
async def test_unknown_client_and_wrong_secret_are_answered_alike(rp: RelyingParty) -> None:
    """Nobody learns from the answer which clients exist."""
    wrong = await post_token(rp, GRANT, authorization=basic("web", "wrong"))
    nobody = await post_token(rp, GRANT, authorization=basic("nobody", "wrong"))
    assert (wrong.status_code, wrong.content) == (nobody.status_code, nobody.content)


@pytest.mark.spec("RFC 6749 §5.2")
async def test_disabled_client_is_invalid_client(rp: RelyingParty) -> None:
    """A client that was switched off authenticates no more, even with the right secret."""
    await rp.world.add_client(a_client("off", rp.issuer, disabled_at=1), rp.issuer)
    response = await post_token(rp, GRANT, authorization=basic("off"))
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("RFC 6749 §5.2")
@pytest.mark.parametrize("grant_type", ["password", "implicit", "CLIENT_CREDENTIALS", "banana"])
async def test_unknown_grant_type_is_unsupported(rp: RelyingParty, grant_type: str) -> None:
    """unsupported_grant_type: the server does not have it."""
    response = await post_token(rp, {"grant_type": grant_type}, authorization=basic())
    await refused(rp, response, ReasonCode.GRANT_TYPE_UNSUPPORTED)


@pytest.mark.spec("RFC 6749 §5.2")
@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
async def test_grant_that_the_client_has_not_is_unauthorized(
    rp: RelyingParty, grant_type: str
) -> None:
    """unauthorized_client: the client may not use this grant."""
    response = await post_token(rp, {"grant_type": grant_type}, authorization=basic("service"))
    await refused(rp, response, ReasonCode.GRANT_NOT_REGISTERED)


@pytest.mark.spec("RFC 6749 §5.2")
async def test_client_is_authenticated_before_anything_else_is_told(rp: RelyingParty) -> None:
    """Who is not proved learns nothing of what is wrong with the rest."""
    code = (await code_of(rp)) | {"code_verifier": "wrong"}
    response = await post_token(rp, code, authorization=basic(secret="wrong"))
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("RFC 6749 §5.2")
async def test_grant_of_a_user_who_was_switched_off_is_invalid(rp: RelyingParty) -> None:
    """invalid_grant: what was granted no longer stands."""
    code = await code_of(rp)
    user_id = await rp.world.user_id("alice", rp.issuer)
    await rp.world.store.users.set_disabled(rp.issuer.issuer_id, user_id, 1, an_event())
    response = await post_token(rp, code, authorization=basic())
    await refused(rp, response, ReasonCode.AUTHORIZATION_ENDED)


@pytest.mark.spec("RFC 9110 §15.6.4")
async def test_store_that_cannot_be_reached_is_503_and_never_a_yes(
    rp: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After: try again; nothing was spent."""
    code = await code_of(rp)

    async def unavailable(*_arguments: object, **_named: object) -> bool:
        raise StoreUnavailable("no disk")

    with monkeypatch.context() as broken:
        broken.setattr(Authorizations, "redeem", unavailable)
        response = await post_token(rp, code, authorization=basic())
    await refused(rp, response, ReasonCode.BUSY)
    assert int(response.headers["retry-after"]) > 0
    assert (await post_token(rp, code, authorization=basic())).status_code == 200


@pytest.mark.spec("RFC 6749 §5.2")
async def test_defect_of_ours_is_a_plain_server_error(
    rp: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A JSON object as every other error, which tells nothing of the inside."""
    code = await code_of(rp)

    async def defect(*_arguments: object, **_named: object) -> bool:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(Authorizations, "redeem", defect)
    response = await post_token(rp, code, authorization=basic())
    await refused(rp, response, ReasonCode.SERVER_ERROR)
    assert "secret detail" not in response.text
