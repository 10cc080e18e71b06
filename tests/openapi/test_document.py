"""The document has every endpoint and nothing else, and says what this issuer in particular does."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import schemathesis

import ostiary.provider
from ostiary.domain.issuer import Issuer
from ostiary.domain.quirks import Quirk
from ostiary.domain.refusals import ReasonCode
from ostiary.provider.grants import GRANTS
from ostiary.web.openapi.document import describe, openapi_document
from ostiary.web.openapi.operations import operations
from ostiary.web.routes import endpoint_paths
from tests.kit.world import CONSUMER, ENTERPRISE, World, an_event

STRICT = replace(ENTERPRISE, profile_name="fapi2_security", require_dpop_nonce=True)
QUIRKY = replace(CONSUMER, quirks=frozenset(Quirk))
ISSUERS = {"enterprise": ENTERPRISE, "consumer": CONSUMER, "strict": STRICT, "quirky": QUIRKY}

each_issuer = pytest.mark.parametrize("issuer", ISSUERS.values(), ids=ISSUERS)


def described(issuer: Issuer, operation_id: str) -> dict[str, Any]:
    document: Any = describe(issuer)
    for item in document["paths"].values():
        for operation in item.values():
            if operation["operationId"] == operation_id:
                return operation  # type: ignore[no-any-return]
    raise AssertionError(f"no operation {operation_id}")


# ---- it is whole -------------------------------------------------------------------------------


@each_issuer
def test_it_is_a_document_of_openapi_3_1(issuer: Issuer) -> None:
    document: Any = describe(issuer)
    assert document["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(document).validate()
    assert len({each.operation_id for each in operations(issuer)}) == len(operations(issuer))


@each_issuer
def test_every_reference_leads_somewhere(issuer: Issuer) -> None:
    document: Any = describe(issuer)
    for reference in set(re.findall(r'"\$ref":"#/([^"]+)"', openapi_document(issuer).decode())):
        found = document
        for name in reference.split("/"):
            found = found[name]


@each_issuer
def test_every_method_of_every_endpoint_is_in_it_and_no_other(issuer: Issuer) -> None:
    there = {
        (path, method) for path, endpoint in endpoint_paths(issuer) for method in endpoint.methods
    }
    told = {(each.path, each.method): each for each in operations(issuer)}
    pages = {
        (path, method) for path, method in told if path.endswith(("/logout", "/profile-image"))
    }
    for path, method in there - told.keys():
        assert f"`{path}`" in told[same_as(path, issuer), method].text, "an alias, named as one"
    assert told.keys() - pages <= there
    assert len(pages) == 3


def same_as(path: str, issuer: Issuer) -> str:
    """The first path of the endpoint that is at this one."""
    paths = dict(endpoint_paths(issuer))
    return next(each for each, endpoint in paths.items() if endpoint is paths[path])


async def test_the_pages_in_it_are_there(world: World) -> None:
    for issuer in (ENTERPRISE, CONSUMER):
        async with world.http(issuer) as http:
            for path in (f"{issuer.base_path}/logout", "/a/sentry/api/users/1/profile-image"):
                assert (await http.get(path)).status_code == 200


def test_every_parameter_that_is_read_is_in_it_and_no_other() -> None:
    told = {
        parameter.name
        for operation in operations(ENTERPRISE)
        for some in (
            operation.in_query,
            operation.credentials,
            *(form.fields for form in operation.forms),
        )
        for parameter in some
    }
    assert told - read_parameters() == {"token_type_hint"}, "which is for other servers to look at"
    assert read_parameters() <= told


def read_parameters() -> set[str]:
    """Their names, as the endpoints ask for them; the forms of our own pages apart."""
    folder = Path(next(iter(ostiary.provider.__path__)))
    return {
        name
        for path in folder.rglob("*.py")
        if path.parent.name != "interaction"
        for name in re.findall(
            r'\b(?:parameters|asked|form|query|query_parameters\(\))\.get\(\s*"(\w+)"',
            path.read_text("utf-8"),
        )
    }


def test_every_reason_to_refuse_is_in_it_or_belongs_to_a_page() -> None:
    told = {reason for reason, _ in reasons(STRICT)} | {reason for reason, _ in reasons(ENTERPRISE)}
    assert set(ReasonCode) - told == {
        ReasonCode.INTERACTION_UNKNOWN,
        ReasonCode.PAGE_UNKNOWN,
        ReasonCode.HOST_UNKNOWN,
        ReasonCode.ORIGIN_UNREGISTERED,
        ReasonCode.PROXY_HEADER_MALFORMED,
    }


def reasons(issuer: Issuer) -> Iterator[tuple[ReasonCode, str]]:
    for operation in operations(issuer):
        for response in operation.responses:
            yield from ((reason, operation.operation_id) for reason in response.reasons)


def test_every_grant_has_its_form() -> None:
    (token,) = (each for each in operations(ENTERPRISE) if each.operation_id == "token")
    assert [form.title for form in token.forms] == [*GRANTS]


# ---- it is this issuer's -----------------------------------------------------------------------


def test_a_push_is_answered_with_the_status_of_the_quirk() -> None:
    assert "201" in described(CONSUMER, "pushAuthorizationRequest")["responses"]
    responses = described(QUIRKY, "pushAuthorizationRequest")["responses"]
    assert "200" in responses
    assert "201" not in responses


def test_a_push_is_refused_with_a_page_where_the_quirk_says_so() -> None:
    plain, quirky = (
        described(issuer, "pushAuthorizationRequest")["responses"]["400"]["content"]
        for issuer in (CONSUMER, QUIRKY)
    )
    assert [*plain] == ["application/json"]
    assert {*quirky} == {"application/json", "text/html"}


def test_expires_in_is_a_string_where_the_quirk_says_so() -> None:
    for issuer, kind in ((CONSUMER, "integer"), (QUIRKY, "string")):
        document: Any = describe(issuer)
        response = document["components"]["schemas"]["TokenResponse"]
        assert response["properties"]["expires_in"]["type"] == kind


def test_a_strict_issuer_asks_for_what_its_profile_does() -> None:
    document: Any = describe(STRICT)
    assert [*document["components"]["securitySchemes"]] == ["bearer", "dpop"]
    parameters = {each["name"]: each for each in described(STRICT, "authorize")["parameters"]}
    assert parameters["request_uri"]["required"]
    form = document["components"]["schemas"]["RefreshTokenRequest"]["properties"]
    assert "client_assertion" in form
    assert "client_secret" not in form


def test_a_nonce_is_told_of_where_it_is_asked_for() -> None:
    for issuer, told in ((STRICT, True), (ENTERPRISE, False)):
        token = described(issuer, "token")["responses"]
        assert ("DPoP-Nonce" in token["200"]["headers"]) is told
        errors = token["400"]["content"]["application/json"]["schema"]["properties"]["error"][
            "enum"
        ]
        assert ("use_dpop_nonce" in errors) is told


def test_userinfo_has_the_claims_of_the_face_each_of_its_kind() -> None:
    for issuer in (ENTERPRISE, CONSUMER):
        document: Any = describe(issuer)
        properties = document["components"]["schemas"]["Userinfo"]["properties"]
        assert properties.keys() == {"sub", *issuer.face.data}
        assert properties["email_verified"] == {"type": "boolean"}
        assert properties["middle_name"] == {"type": ["string", "null"]}
        assert properties["address"]["type"] == "object"


# ---- it is served ------------------------------------------------------------------------------


@pytest.mark.parametrize("issuer", [ENTERPRISE, CONSUMER], ids=["enterprise", "consumer"])
async def test_it_stands_at_the_origin_and_below_the_base_path(
    world: World, issuer: Issuer
) -> None:
    async with world.http(issuer) as http:
        for path in ("/openapi.json", f"{issuer.base_path}/openapi.json"):
            answer = await http.get(path, headers={"origin": "https://anyone.example"})
            assert answer.content == openapi_document(issuer)
            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["cache-control"] == "public, max-age=300"
            assert answer.headers["access-control-allow-origin"] == "*"


async def test_of_two_issuers_at_a_host_each_has_its_own_below_its_base_path(world: World) -> None:
    second = replace(CONSUMER, url=f"{ENTERPRISE.origin}/second/v0", base_path="/second/v0")
    await world.store.issuers.save(second, an_event())
    async with world.http(ENTERPRISE) as http:
        for issuer in (ENTERPRISE, second):
            answer = await http.get(issuer.endpoint("openapi.json"))
            assert answer.content == openapi_document(issuer)


def test_it_is_made_once_for_as_long_as_the_issuer_is_the_same() -> None:
    assert openapi_document(ENTERPRISE) is openapi_document(replace(ENTERPRISE))
    renamed = replace(ENTERPRISE, name="Another name")
    assert openapi_document(renamed) != openapi_document(ENTERPRISE)
