"""The page of endpoints: whole, without scripts, and there in production as well."""

import re
from dataclasses import replace

import pytest

from ostiary.domain.issuer import Environment, Issuer
from ostiary.web.openapi.operations import operations
from ostiary.web.pages.openapi import EVERYWHERE
from tests.kit.person import Page
from tests.kit.world import CONSUMER, ENTERPRISE, World, an_event

each_face = pytest.mark.parametrize(
    "issuer", [ENTERPRISE, CONSUMER], ids=["enterprise", "consumer"]
)


async def page_of(world: World, issuer: Issuer) -> Page:
    async with world.http(issuer) as http:
        return Page(await http.get(issuer.endpoint("openapi")))


@each_face
async def test_it_has_every_path_with_its_parameters_and_answers(
    world: World, issuer: Issuer
) -> None:
    page = await page_of(world, issuer)
    for operation in operations(issuer):
        assert operation.path in page.text
        fields = (*operation.in_query, *operation.in_headers, *operation.credentials)
        for parameter in (*fields, *(each for form in operation.forms for each in form.fields)):
            assert f"<code>{parameter.name}</code>" in page.html
        for response in operation.responses:
            assert f"<dt>{response.status}</dt>" in page.html
            if response.status not in EVERYWHERE:
                for reason in response.reasons:
                    assert reason.value.advice.split("'")[0] in page.text


@each_face
async def test_its_links_lead_to_the_issuer_itself(world: World, issuer: Issuer) -> None:
    page = await page_of(world, issuer)
    within = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert within <= set(re.findall(r'id="([^"]+)"', page.html))
    assert len(within) == 11, "ten paths, and the way past the header"
    async with world.http(issuer) as http:
        outside = {link for link in page.links if not link.startswith("#")}
        assert outside == {
            f"{issuer.url}/.well-known/openid-configuration",
            issuer.endpoint("openapi.json"),
        }
        for link in outside:
            assert (await http.get(link)).status_code == 200


async def test_it_needs_no_script(world: World) -> None:
    assert "<script" not in (await page_of(world, ENTERPRISE)).html


async def test_production_has_it_too(world: World) -> None:
    issuer = replace(CONSUMER, environment=Environment.PRODUCTION)
    await world.store.issuers.save(issuer, an_event())
    page = await page_of(world, issuer)
    assert page.status == 200
    assert page.heading == "Endpoints"
    assert "Sandbox" not in page.text
