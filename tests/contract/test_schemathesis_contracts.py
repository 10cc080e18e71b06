"""Requests made up from the two contracts, with all quirks on: no 5xx, and no answer that neither the
contract documents nor the page of differences tells of.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
import pytest
import schemathesis

from ostiary.domain.quirks import Quirk
from tests.contract.differences import expected
from tests.contract.documents import OPERATIONS, deviations, document
from tests.contract.making_up import MADE_UP, Case, Holder, holding

ENTERPRISE = schemathesis.openapi.from_dict(document("enterprise"))
CONSUMER = schemathesis.openapi.from_dict(document("consumer"))
# What HTTP itself may answer to what is made up: another method.
BY_HTTP = frozenset({405})


@pytest.fixture(scope="module")
def holders(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Holder]]:
    with holding(template, tmp_path_factory.mktemp("quirky"), *Quirk) as made:
        yield made


def undocumented(face: str, case: Case, answer: schemathesis.Response) -> set[str]:
    """What of an answer stands neither in the contract nor on the page of differences."""
    if answer.status_code in BY_HTTP:
        return set()
    documented = case.operation.label.split()
    (operation,) = (
        each for each in OPERATIONS if each.face == face and [each.method, each.path] == documented
    )
    headers = [(name, value) for name, values in answer.headers.items() for value in values]
    plain = httpx2.Response(answer.status_code, headers=headers, content=answer.content)
    return set(deviations(operation, plain)) - expected(face, *Quirk)


@ENTERPRISE.parametrize()
@MADE_UP
def test_the_enterprise_contract_holds(case: Case, holders: Mapping[str, Holder]) -> None:
    for answer in holders["enterprise"].send(case):
        assert undocumented("enterprise", case, answer) == set(), case.as_curl_command()


@CONSUMER.parametrize()
@MADE_UP
def test_the_consumer_contract_holds(case: Case, holders: Mapping[str, Holder]) -> None:
    for answer in holders["consumer"].send(case):
        assert undocumented("consumer", case, answer) == set(), case.as_curl_command()
