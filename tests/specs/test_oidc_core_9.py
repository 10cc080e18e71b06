"""OIDC Core §9: client authentication, by the methods that discovery lists."""

from base64 import b64encode
from dataclasses import replace

import pytest

from ostiary.domain.client import AuthMethod, ClientSecret
from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode
from ostiary.management.clients import hash_secret
from ostiary.protocol.jose.algorithms import Algorithm
from ostiary.signing.client_secrets import seal_client_secret
from tests.kit.client_key import ClientKey
from tests.kit.relying_party import RelyingParty
from tests.kit.world import MASTER_KEY, SECRET, START, World, a_client, an_event
from tests.specs.asserting import CLIENT_CREDENTIALS, Signer
from tests.specs.wire import basic, code_of, discovery, post_token, refused


@pytest.mark.spec("OIDC Core §9")
async def test_listed_methods_are_those_that_work(rp: RelyingParty) -> None:
    """The methods of the metadata: each of them gets tokens for a client that has it."""
    document = await discovery(rp.world, rp.issuer)
    assert set(document["token_endpoint_auth_methods_supported"]) == {
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "client_secret_jwt",
        "none",
    }
    algorithms = document["token_endpoint_auth_signing_alg_values_supported"]
    assert algorithms == [*Algorithm, "HS256"]


@pytest.mark.spec("OIDC Core §9")
@pytest.mark.spec("RFC 8414 §2")
async def test_listed_methods_are_those_of_the_profile(rp: RelyingParty) -> None:
    """What the issuer's profile refuses is not listed."""
    world = rp.world
    strict = replace(rp.issuer, profile_name="fapi2_security")
    await world.store.issuers.save(strict, an_event())
    document = await discovery(world, strict)
    for endpoint in ("token", "revocation", "introspection"):
        assert document[f"{endpoint}_endpoint_auth_methods_supported"] == ["private_key_jwt"]
        algorithms = document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        assert algorithms == ["PS256", "ES256", "EdDSA"]


@pytest.mark.spec("OIDC Core §9")
async def test_client_secret_basic_is_what_a_client_does_by_default(rp: RelyingParty) -> None:
    """client_secret_basic: HTTP Basic."""
    response = await post_token(rp, await code_of(rp), authorization=basic())
    assert response.status_code == 200


@pytest.mark.spec("OIDC Core §9")
async def test_client_secret_post_puts_the_secret_into_the_form(rp: RelyingParty) -> None:
    """client_secret_post: client_id and client_secret in the body."""
    form = {"client_id": "web", "client_secret": SECRET}
    assert (await post_token(rp, (await code_of(rp)) | form)).status_code == 200


@pytest.mark.spec("OIDC Core §9")
async def test_none_is_for_clients_without_a_secret(spa: RelyingParty) -> None:
    """none: the client does not authenticate, because it is public."""
    response = await post_token(spa, (await code_of(spa)) | {"client_id": "spa"})
    assert response.status_code == 200


@pytest.mark.spec("OIDC Core §9")
async def test_none_is_not_for_clients_with_a_secret(rp: RelyingParty) -> None:
    """A confidential client cannot leave its secret out."""
    response = await post_token(rp, (await code_of(rp)) | {"client_id": "web"})
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)


# ---- private_key_jwt ---------------------------------------------------------------------------


@pytest.mark.spec("OIDC Core §9")
async def test_private_key_jwt_is_for_clients_that_registered_a_key(
    world: World, issuer: Issuer
) -> None:
    """private_key_jwt: a client that registered a public key signs with its private key."""
    signer = await Signer(world, issuer).register()
    assert (await signer.ask()).status_code == 200


@pytest.mark.spec("OIDC Core §9")
@pytest.mark.parametrize(
    "changes",
    [
        {"auth_method": AuthMethod.CLIENT_SECRET},
        {"auth_method": AuthMethod.CLIENT_SECRET_JWT},
        {"auth_method": AuthMethod.NONE},
    ],
)
async def test_private_key_jwt_is_not_for_clients_of_another_method(
    world: World, issuer: Issuer, changes: dict[str, object]
) -> None:
    """A client uses the method that it is registered for, whatever else it could sign with."""
    signer = await Signer(world, issuer).register(**changes)
    response = await signer.ask()
    assert response.status_code == 401
    assert response.json()["error_description"] == "client authentication failed"


@pytest.mark.spec("OIDC Core §9")
async def test_algorithm_that_is_registered_is_the_only_one(world: World, issuer: Issuer) -> None:
    """token_endpoint_auth_signing_alg: the one algorithm of a client's assertions."""
    key = ClientKey.make("PS256")
    signer = await Signer(world, issuer, key).register(assertion_algorithm=Algorithm.PS256)
    assert (await signer.ask()).status_code == 200
    signer.key = ClientKey("RS256", key.private)
    await refused(signer.rp, await signer.ask(), ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("OIDC Core §9")
async def test_method_that_the_profile_refuses_authenticates_nobody(
    world: World, issuer: Issuer
) -> None:
    """A client under a profile that has become stricter cannot go on with its secret."""
    client = a_client("old", issuer, profile_name="fapi2_security")
    rp = RelyingParty.of(world, await world.add_client(client, issuer), issuer)
    response = await rp.token(grant_type="client_credentials")
    await refused(rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)
    reference = response.headers["ostiary-reference"]
    record = await world.store.refusals.find([issuer.issuer_id], reference)
    assert record is not None
    assert record.expected == "one of private_key_jwt, by the profile fapi2_security"
    assert record.received == "client_secret"


# ---- client_secret_jwt --------------------------------------------------------------------------

LONG_SECRET = "a secret of thirty-two bytes, or more of them"


def a_sealed_secret(issuer: Issuer, secret: str = LONG_SECRET) -> ClientSecret:
    sealed = seal_client_secret(issuer.issuer_id, "signer", "1", secret, MASTER_KEY)
    return ClientSecret(secret_id="1", sha256=hash_secret(secret), created_at=START, sealed=sealed)


async def a_secret_signer(world: World, issuer: Issuer, **changes: object) -> Signer:
    signer = Signer(world, issuer, ClientKey("HS256", LONG_SECRET))
    client = a_client(
        "signer",
        issuer,
        auth_method=AuthMethod.CLIENT_SECRET_JWT,
        secrets=(a_sealed_secret(issuer),),
        **changes,
    )
    await world.add_client(client, issuer)
    return signer


@pytest.mark.spec("OIDC Core §9")
async def test_client_secret_jwt_is_signed_with_the_secret(world: World, issuer: Issuer) -> None:
    """client_secret_jwt: HMAC SHA, with the octets of the UTF-8 secret as the key."""
    signer = await a_secret_signer(world, issuer)
    form = signer.assertion()
    assert (await signer.send(form)).status_code == 200
    await refused(signer.rp, await signer.send(form), ReasonCode.CLIENT_ASSERTION_USED)
    signer.key = ClientKey("HS256", LONG_SECRET + ".")
    await refused(signer.rp, await signer.ask(), ReasonCode.CLIENT_ASSERTION_INVALID)


@pytest.mark.spec("OIDC Core §9")
async def test_client_secret_jwt_is_not_the_secret_itself(world: World, issuer: Issuer) -> None:
    """A client that signs does not show its secret to anybody, and cannot be made to."""
    signer = await a_secret_signer(world, issuer)
    shown = {"client_id": "signer", "client_secret": LONG_SECRET}
    await refused(signer.rp, await signer.send(shown), ReasonCode.CLIENT_AUTHENTICATION_FAILED)
    header = "Basic " + b64encode(f"signer:{LONG_SECRET}".encode()).decode()
    response = await post_token(signer.rp, CLIENT_CREDENTIALS, authorization=header)
    await refused(signer.rp, response, ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("OIDC Core §9")
async def test_client_secret_jwt_is_for_clients_that_are_set_to_it(
    world: World, issuer: Issuer
) -> None:
    """A client with a secret is not one that signs with it."""
    signer = Signer(world, issuer, ClientKey("HS256", SECRET + "x" * 32))
    await world.add_client(a_client("signer", issuer), issuer)
    await refused(signer.rp, await signer.ask(), ReasonCode.CLIENT_AUTHENTICATION_FAILED)


@pytest.mark.spec("OIDC Core §9")
async def test_secret_that_has_expired_signs_nothing(world: World, issuer: Issuer) -> None:
    """Of two secrets at a time each is good until its own end."""
    signer = await a_secret_signer(world, issuer)
    seen = await world.store.clients.find(issuer.issuer_id, "signer")
    assert seen is not None
    ended = replace(seen.secrets[0], expires_at=START)
    await world.replace_client(seen, replace(seen, secrets=(ended,)), issuer)
    await refused(signer.rp, await signer.ask(), ReasonCode.CLIENT_ASSERTION_INVALID)
