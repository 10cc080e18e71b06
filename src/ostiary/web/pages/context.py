"""What a page of an interaction works with."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary.domain.institution import Institution
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.base64url import decode_base64url, encode_base64url
from ostiary.protocol.parameters import Parameters
from ostiary.provider.cookies import interaction_cookie_name
from ostiary.provider.exchange import ShowInteraction
from ostiary.provider.interaction.opened import OpenInteraction
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.refusal_log import RefusalLog
from ostiary.web.pages.forms import form_token
from ostiary.web.pages.render import Renderer
from ostiary.web.responses import HttpResponse, cookie_header, redirect

_ID_LENGTH = 22  # base64url of 16 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PageServices:
    """What all pages share."""

    renderer: Renderer
    refusals: RefusalLog


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    op: OpenIDProvider
    services: PageServices
    opened: OpenInteraction
    # Whose page it is, and those among which the person may choose.
    institution: Institution
    institutions: Sequence[Institution]

    @property
    def path(self) -> str:
        return interaction_path(self.op, self.opened.interaction.interaction_id)

    @property
    def csrf(self) -> str:
        interaction = self.opened.interaction
        return form_token(self.op, interaction.interaction_id, interaction.browser_id)

    @property
    def account(self) -> str:
        """Whom a page speaks of: an answer to it counts for this person alone."""
        return self.op.handles.tag("account", *self._account_parts)

    def speaks_of_account(self, form: Parameters) -> bool:
        """Whether the form was made for who is signed in now; another tab may have changed that."""
        return self.op.handles.is_tag(form.get("account") or "", "account", *self._account_parts)

    @property
    def _account_parts(self) -> tuple[bytes, bytes]:
        signed_in = self.opened.signed_in
        session_id = signed_in.session.session_id if signed_in else b""
        return self.opened.interaction.interaction_id, session_id

    def page(
        self, template: str, title: str, *, status: int = 200, **values: object
    ) -> HttpResponse:
        return self.services.renderer.page(
            template,
            title,
            self.op.issuer,
            self.institution,
            status=status,
            client_name=self.opened.client.name,
            **values,
        )


def interaction_path(op: OpenIDProvider, interaction_id: bytes) -> str:
    return f"{op.issuer.base_path}/interaction/{encode_base64url(interaction_id)}"


def interaction_redirect(op: OpenIDProvider, shown: ShowInteraction) -> HttpResponse:
    """To the pages of a new interaction, with the cookie that binds it to this browser."""
    name = interaction_cookie_name(op.issuer, shown.interaction_id)
    return redirect(
        interaction_path(op, shown.interaction_id),
        cookie_header(op.issuer, name, shown.cookie, seconds=shown.seconds),
    )


def parse_interaction_id(name: str) -> bytes:
    """The id in the address of an interaction's pages."""
    try:
        if len(name) != _ID_LENGTH:
            raise ValueError
        return decode_base64url(name)
    except ValueError as error:
        raise ReasonCode.PAGE_UNKNOWN.refusal(received=name) from error
