"""Beside catalogue section 7: pictures of people, at addresses that list nobody."""

from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from ostiary.domain.picture import Picture
from ostiary.domain.user import Membership
from tests.attacks.aftermath import unharmed
from tests.attacks.expected import check_answer
from tests.attacks.operating import add_issuer, remove_user
from tests.attacks.wire import post, send
from tests.kit.relying_party import RelyingParty
from tests.kit.world import ALICE_CLAIMS, CONSUMER, ENTERPRISE, GARDEN, HARBOR, World, an_event

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
FOLDER = "/a/sentry/api/users"


async def address(world: World, username: str = "alice", issuer: object = ENTERPRISE) -> str:
    rp = RelyingParty(world, issuer)  # type: ignore[arg-type]
    tokens = await rp.tokens(username, scope="openid profile")
    url: str = (await rp.userinfo(tokens["access_token"])).json()["picture"]
    return url


async def fetch(world: World, url: str, method: str = "GET") -> httpx2.Response:
    """With no cookie and no token, as an <img> of another site would."""
    parts = urlsplit(url)
    answer = await send(world, method, parts.path, parts.query.encode(), host=parts.netloc)
    check_answer(answer)
    return answer


def changed(url: str, **query: str) -> str:
    parts = urlsplit(url)
    values = {name: values[0] for name, values in parse_qs(parts.query).items()} | query
    return parts._replace(query=urlencode(values)).geturl()


async def neutral(world: World) -> bytes:
    return (await fetch(world, f"{ENTERPRISE.origin}{FOLDER}/nobody/profile-image")).content


async def test_the_picture_is_at_the_contracts_path(world: World) -> None:
    url = await address(world)
    assert url.startswith(f"{ENTERPRISE.origin}{FOLDER}/enterprise-alice-id/profile-image?")
    answer = await fetch(world, url)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert ">AE<" in answer.text, "the initials of Alice Example"
    head = await fetch(world, url, "HEAD")
    assert (head.status_code, head.headers["content-type"]) == (200, "image/svg+xml")


async def test_a_picture_can_do_nothing(world: World) -> None:
    await world.store.pictures.save(
        "enterprise", "enterprise-alice-id", Picture(media_type="image/png", data=PNG), an_event()
    )
    for username, kind in (("alice", "image/png"), ("bob", "image/svg+xml")):
        answer = await fetch(world, await address(world, username))
        assert answer.headers["content-type"] == kind
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"].startswith("private")
        assert "set-cookie" not in answer.headers


async def test_an_uploaded_picture_takes_the_place_of_the_initials(world: World) -> None:
    url, picture = await address(world), Picture(media_type="image/png", data=PNG)
    await world.store.pictures.save("enterprise", "enterprise-alice-id", picture, an_event())
    assert (await fetch(world, url)).content == PNG
    assert await world.store.pictures.remove("enterprise", "enterprise-alice-id", an_event())
    assert ">AE<" in (await fetch(world, url)).text


@pytest.mark.parametrize("user_id", ["enterprise-alice-id", "enterprise-bob-id", "nobody", "%00"])
@pytest.mark.parametrize("query", ["", "tag=", "tag=x&institution=", f"institution={GARDEN}"])
async def test_without_its_tag_nobody_is_told_from_anybody(
    world: World, user_id: str, query: str
) -> None:
    picture = Picture(media_type="image/png", data=PNG)
    await world.store.pictures.save("enterprise", "enterprise-alice-id", picture, an_event())
    async with unharmed(world):
        answer = await fetch(world, f"{ENTERPRISE.origin}{FOLDER}/{user_id}/profile-image?{query}")
        assert answer.status_code == 200
        assert answer.content == await neutral(world)


async def test_a_tag_is_of_one_person_in_one_institution(world: World) -> None:
    url, nothing = await address(world, "bob"), await neutral(world)
    assert (await fetch(world, url)).content != nothing
    assert (await fetch(world, changed(url, institution=HARBOR))).content == nothing
    assert (await fetch(world, url.replace("bob", "alice"))).content == nothing
    tag = parse_qs(urlsplit(url).query)["tag"][0]
    for forged in (tag[:-1], tag + "A", tag.swapcase(), tag + "=", "é", "A" * 43):
        assert (await fetch(world, changed(url, tag=forged))).content == nothing


async def test_a_person_who_is_gone_is_nobody_in_particular(world: World) -> None:
    url = await address(world)
    await remove_user(world, "enterprise-alice-id")
    async with unharmed(world):
        assert (await fetch(world, url)).status_code == 200


async def test_of_two_issuers_at_one_host_the_one_that_made_the_tag_answers(world: World) -> None:
    beside = await add_issuer(
        world, issuer_id="beside", url=f"{ENTERPRISE.url}/beside", base_path="/beside"
    )
    nothing = await neutral(world)
    urls = [await address(world, "alice", issuer) for issuer in (ENTERPRISE, beside)]
    assert urlsplit(urls[0]).netloc == urlsplit(urls[1]).netloc
    for url in urls:
        assert ">AE<" in (await fetch(world, url)).text
    tags = [parse_qs(urlsplit(url).query)["tag"][0] for url in urls]
    assert (await fetch(world, changed(urls[0], tag=tags[1]))).content == nothing


async def test_a_base_path_around_the_contracts_path_takes_nothing_away(world: World) -> None:
    around = await add_issuer(
        world, issuer_id="around", url="http://around.localhost:9400", base_path="/a"
    )
    assert ">AE<" in (await fetch(world, await address(world, "alice", around))).text


async def test_a_picture_of_another_issuers_host_is_not_found(world: World) -> None:
    url = await address(world)
    elsewhere = url.replace(ENTERPRISE.origin, CONSUMER.origin)
    assert (await fetch(world, elsewhere)).content == await neutral(world)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "& &", "\x00\x08", '"><g/>', "é ñ", "\u202eab", "山田"]
)
async def test_names_are_text_in_the_drawing(world: World, name: str) -> None:
    claims = {**ALICE_CLAIMS, "given_name": name, "family_name": name[::-1]}
    member = Membership(institution_id=GARDEN, claims=claims)
    await world.store.users.save_membership("enterprise", "enterprise-alice-id", member, an_event())
    answer = await fetch(world, await address(world))
    assert "script" not in answer.text
    assert answer.text.count("<g ") == 1
    assert "\x00" not in answer.text
    assert "\u202e" not in answer.text


async def test_no_other_method_and_no_other_address(world: World) -> None:
    url = await address(world)
    async with unharmed(world):
        answer = await post(world, urlsplit(url).path, b"", query=urlsplit(url).query.encode())
        assert answer.status_code == 405
        for path in (
            FOLDER,
            f"{FOLDER}/",
            f"{FOLDER}/enterprise-alice-id",
            f"{FOLDER}//profile-image",
        ):
            assert (await send(world, "GET", path)).status_code == 404


async def test_a_picture_of_the_institutions_own_stays(world: World) -> None:
    """What the institution says comes first; it is somebody else's address."""
    claims = {**ALICE_CLAIMS, "picture": "https://cdn.example/alice.png"}
    member = Membership(institution_id=GARDEN, claims=claims)
    await world.store.users.save_membership("enterprise", "enterprise-alice-id", member, an_event())
    assert await address(world) == "https://cdn.example/alice.png"
