"""The expected answers of the catalogue, section 0, and what every answer has in common."""

import re

import httpx2

from ostiary.domain.issuer import Issuer
from tests.attacks.wire import returned
from tests.kit.person import Page
from tests.kit.relying_party import Flow
from tests.kit.world import ENTERPRISE

REFERENCE = re.compile(r"R-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
# RFC 6749 §5.2: what a description may consist of.
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*")


def check_answer(answer: httpx2.Response) -> None:
    """No defect, no framework's own validation, nothing of the program's inside."""
    assert answer.status_code < 500, answer.text[:500]
    assert answer.status_code != 422
    assert "Traceback" not in answer.text
    for name, value in answer.headers.raw:
        assert not set(name + value) & set(b"\r\n\0"), (name, value)
    assert "server" not in answer.headers


def check_page_headers(answer: httpx2.Response) -> None:
    """Section 0.1, 4."""
    policy = answer.headers["content-security-policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "no-store" in answer.headers["cache-control"]


def is_page(answer: httpx2.Response, *statuses: int) -> Page:
    """PAGE: an error page of ours, and the browser stays here."""
    check_answer(answer)
    assert answer.status_code in (statuses or (400,)), (answer.status_code, answer.headers)
    check_page_headers(answer)
    assert "location" not in answer.headers
    assert "oc_" not in answer.text
    page = Page(answer)
    assert page.heading
    assert REFERENCE.search(page.text)
    return page


def is_redirect(
    answer: httpx2.Response,
    flow: Flow,
    error: str,
    *,
    state: str | None = "",
    issuer: Issuer = ENTERPRISE,
) -> None:
    """REDIR(error): to the registered URI, with the flow's state unless another is given."""
    check_answer(answer)
    assert answer.status_code == 303, (answer.status_code, answer.text[:500])
    location = answer.headers["location"]
    assert location.startswith(flow.redirect_uri + "?"), location
    assert "#" not in location
    assert location.isascii()
    assert location.isprintable()
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    parameters = returned(answer)
    assert parameters["error"] == error, parameters
    assert DESCRIPTION.fullmatch(parameters["error_description"])
    assert parameters.get("state") == (flow.state if state == "" else state)
    assert parameters["iss"] == issuer.url
    assert "code" not in parameters
    assert not set(parameters) - {"error", "error_description", "state", "iss"}


def is_json(answer: httpx2.Response, status: int, *errors: str) -> None:
    """J400(error), J401(error)."""
    check_answer(answer)
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == "application/json"
    assert "no-store" in answer.headers["cache-control"]
    assert "location" not in answer.headers
    members = answer.json()
    assert set(members) == {"error", "error_description"}
    assert members["error"] in errors, members
    assert DESCRIPTION.fullmatch(members["error_description"])


def is_challenge(
    answer: httpx2.Response, status: int, error: str | None, *, scheme: str = "Bearer"
) -> None:
    """RS401(error): both schemes, with the error in the one that was tried; none without a token."""
    check_answer(answer)
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    tried, other = answer.headers.get_list("www-authenticate")
    assert {tried.partition(" ")[0], other.partition(" ")[0]} == {"Bearer", "DPoP"}
    assert tried.startswith(f"{scheme} ")
    assert "error" not in other
    if error is None:
        assert "error" not in tried
        assert answer.json() == {}
    else:
        assert f'error="{error}"' in tried
        assert answer.json()["error"] == error
    assert "no-store" in answer.headers["cache-control"]
    assert "sub" not in answer.json()
