"""Requests made up from our own OpenAPI documents: no answer that they do not have, and no 5xx."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import schemathesis
from schemathesis import checks

from ostiary.domain.quirks import Quirk
from ostiary.web.openapi.document import openapi_document
from tests.contract.making_up import MADE_UP, Case, Holder, holding
from tests.kit.world import CONSUMER, ENTERPRISE

PLAIN = schemathesis.openapi.from_dict(json.loads(openapi_document(ENTERPRISE)))
QUIRKY = schemathesis.openapi.from_dict(
    json.loads(openapi_document(replace(CONSUMER, quirks=frozenset(Quirk))))
)
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@pytest.fixture(scope="module")
def plain(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holder]:
    with holding(template, tmp_path_factory.mktemp("plain")) as holders:
        yield holders["enterprise"]


@pytest.fixture(scope="module")
def quirky(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Holder]:
    with holding(template, tmp_path_factory.mktemp("quirky"), *Quirk) as holders:
        yield holders["consumer"]


@PLAIN.parametrize()
@MADE_UP
def test_the_enterprise_face_answers_as_it_is_documented(case: Case, plain: Holder) -> None:
    for answer in plain.send(case):
        case.validate_response(answer, checks=CHECKS)


@QUIRKY.parametrize()
@MADE_UP
def test_the_consumer_face_with_all_quirks_answers_as_it_is_documented(
    case: Case, quirky: Holder
) -> None:
    for answer in quirky.send(case):
        case.validate_response(answer, checks=CHECKS)
