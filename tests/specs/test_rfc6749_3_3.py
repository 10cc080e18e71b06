"""RFC 6749 §3.3: scope, asked for and granted."""

import pytest

from ostiary.domain.refusals import ReasonCode
from tests.kit.relying_party import RelyingParty
from tests.kit.world import a_client
from tests.specs.wire import access_token_claims, ask, sent_back


@pytest.mark.spec("RFC 6749 §3.3")
async def test_granted_scope_is_told_in_the_token_response(rp: RelyingParty) -> None:
    """What was issued is said, as space-separated names."""
    tokens = await rp.tokens(scope="openid email")
    assert set(tokens["scope"].split(" ")) == {"openid", "email"}
    assert (await access_token_claims(rp, tokens))["scope"] == tokens["scope"]


@pytest.mark.spec("RFC 6749 §3.3")
async def test_order_and_repetition_of_scope_names_mean_nothing(rp: RelyingParty) -> None:
    """Scope is a set: its order does not matter."""
    one = await rp.tokens(scope="openid email profile")
    two = await rp.tokens(scope="profile email  openid email")
    assert one["scope"] == two["scope"]


@pytest.mark.spec("RFC 6749 §3.3")
async def test_scope_that_was_narrowed_is_told_in_the_token_response(rp: RelyingParty) -> None:
    """When the issued scope differs from the requested one, `scope` must say what it is."""
    tokens = await rp.tokens(scope="openid email nobody-knows-this Email")
    assert tokens["scope"] == "openid email"


@pytest.mark.spec("RFC 6749 §3.3")
async def test_scope_names_have_case(rp: RelyingParty) -> None:
    """Scope values are case-sensitive: "Email" is not "email"."""
    tokens = await rp.tokens(scope="openid Email")
    assert "email" not in await access_token_claims(rp, tokens)
    assert tokens["scope"] == "openid"


@pytest.mark.spec("RFC 6749 §3.3")
@pytest.mark.parametrize("scope", ['openid "', "openid \\", "openid é", "openid\temail", "a\nb"])
async def test_scope_of_other_characters_than_the_grammar_has_is_refused(
    rp: RelyingParty, scope: str
) -> None:
    """A scope name is printable ASCII without quote and backslash."""
    await sent_back(rp, await ask(rp, scope=scope), ReasonCode.SCOPE_MALFORMED)


@pytest.mark.spec("RFC 6749 §3.3")
async def test_scope_that_the_client_may_not_have_is_refused(rp: RelyingParty) -> None:
    """A scope that is known but not the client's fails with invalid_scope."""
    client = a_client("narrow", rp.issuer, scopes=frozenset({"openid"}))
    await rp.world.add_client(client, rp.issuer)
    narrow = RelyingParty.of(rp.world, client, rp.issuer)
    response = await ask(narrow, scope="openid email")
    await sent_back(narrow, response, ReasonCode.SCOPE_NOT_ALLOWED)


@pytest.mark.spec("RFC 6749 §3.3")
async def test_request_without_scope_is_granted_the_default_which_is_none(
    rp: RelyingParty,
) -> None:
    """Without `scope` the server uses a default or fails; here the default is no scope at all."""
    flow, response = await rp.authorize(rp.person(), scope="")
    tokens = (await rp.redeem(flow, response["code"])).json()
    assert "scope" not in tokens
    assert "id_token" not in tokens
    assert "scope" not in await access_token_claims(rp, tokens)


@pytest.mark.spec("RFC 6749 §3.3")
async def test_request_whose_whole_scope_is_unknown_is_not_answered_as_if_it_were_granted(
    rp: RelyingParty,
) -> None:
    """A scope that differs must be told; an empty one cannot be, so invalid_scope is left."""
    response = await ask(rp, scope="nobody knows this")
    assert response.headers["location"].startswith(f"{rp.redirect_uri}?error=invalid_scope")
