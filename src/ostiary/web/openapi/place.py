"""Where an operation is, and what follows from that for all its answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode
from ostiary.web.cors import Readers
from ostiary.web.openapi.headers import for_scripts
from ostiary.web.openapi.model import Response, Schema
from ostiary.web.openapi.refused import refused
from ostiary.web.routes import Endpoint, RefusalForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`aliases` are further paths of the same."""

    issuer: Issuer
    path: str
    methods: tuple[str, ...]
    refusal_form: RefusalForm = RefusalForm.PAGE
    # Whether whoever accepts HTML is refused with a page.
    also_as_page: bool = False
    readers: Readers = Readers.NOBODY
    aliases: tuple[str, ...] = ()

    def answers(
        self,
        status: int,
        text: str,
        content: Mapping[str, Schema] | None = None,
        headers: Mapping[str, bool] | None = None,
        reasons: tuple[ReasonCode, ...] = (),
    ) -> Response:
        return Response(
            status=status,
            text=text,
            content=content or {},
            headers={**(headers or {}), **for_scripts(self.readers, status)},
            reasons=reasons,
        )

    def refuses(self, reasons: Iterable[ReasonCode]) -> tuple[Response, ...]:
        return refused(reasons, self.refusal_form, self.readers, also_as_page=self.also_as_page)


def place_of(endpoint: Endpoint, paths: tuple[str, ...], issuer: Issuer) -> Place:
    return Place(
        issuer=issuer,
        path=paths[0],
        methods=endpoint.methods,
        refusal_form=endpoint.refusal_form,
        also_as_page=endpoint.page_quirk in issuer.quirks,
        readers=endpoint.readers,
        aliases=paths[1:],
    )
