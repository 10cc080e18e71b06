"""An interaction that is open: found again for the browser that began it, with who is signed in."""

from dataclasses import dataclass

from ostiary.accounts.sessions import find_signed_in
from ostiary.domain.client import Client
from ostiary.domain.handles import Handle, Purpose
from ostiary.domain.interaction import Interaction
from ostiary.domain.issuer import Issuer
from ostiary.domain.refusals import ReasonCode
from ostiary.domain.session import SignedIn
from ostiary.domain.subjects import Subjects
from ostiary.provider.authorization.locate import (
    check_redirect_uri,
    check_still_allowed,
    find_usable_client,
)
from ostiary.provider.cookies import interaction_cookie_name, session_cookie_name
from ostiary.provider.exchange import EndpointRequest, ShowInteraction
from ostiary.provider.interaction.begin import begin_interaction
from ostiary.provider.interaction.state import InteractionState
from ostiary.provider.op import OpenIDProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInteraction:
    """An interaction of the browser that asks, with its client and whoever is signed in."""

    interaction: Interaction
    client: Client
    issuer: Issuer
    subjects: Subjects
    signed_in: SignedIn | None
    # The session cookie that came along, live or not.
    session: Handle | None
    # From where it asks; empty when nobody knows.
    address: str
    now: int

    @property
    def finished(self) -> bool:
        return self.interaction.finished_at is not None

    @property
    def expired(self) -> bool:
        return self.interaction.expires_at <= self.now

    @property
    def state(self) -> InteractionState:
        return InteractionState(
            request=self.interaction.request,
            client=self.client,
            issuer=self.issuer,
            subjects=self.subjects,
            signed_in=self.signed_in,
            interaction=self.interaction,
            now=self.now,
        )


async def open_interaction(
    request: EndpointRequest, interaction_id: bytes, op: OpenIDProvider
) -> OpenInteraction:
    """The interaction, if this browser began it and its client still stands."""
    browser = op.handles.open(
        request.cookie(interaction_cookie_name(op.issuer, interaction_id)) or "", Purpose.BROWSER
    )
    interaction = await op.store.interactions.find(op.issuer.issuer_id, interaction_id)
    if interaction is None or browser is None or interaction.browser_id != browser.id:
        raise ReasonCode.INTERACTION_UNKNOWN.refusal(
            expected="the browser in which the sign-in began",
            received="another interaction" if interaction is None else "another browser",
        )
    client = await find_usable_client(interaction.request.client_id, op)
    check_redirect_uri(interaction.request.redirect_uri, client)
    check_still_allowed(interaction.request.scope, interaction.wanted_institution_id, client)
    now = op.clock.now()
    cookie = request.cookie(session_cookie_name(op.issuer)) or ""
    session = op.handles.open(cookie, Purpose.SESSION)
    return OpenInteraction(
        interaction=interaction,
        client=client,
        issuer=op.issuer,
        subjects=op.subjects,
        signed_in=await find_signed_in(
            op.store, op.issuer, session, client, now, interaction.wanted_institution_id
        ),
        session=session,
        address=request.address,
        now=now,
    )


async def restart(opened: OpenInteraction, op: OpenIDProvider) -> ShowInteraction:
    """The same request again, from its beginning: nothing but a password has to be typed anew."""
    interaction = opened.interaction
    return await begin_interaction(
        op,
        interaction.request,
        opened.now,
        address=opened.address,
        pushed_id=interaction.pushed_id,
    )
