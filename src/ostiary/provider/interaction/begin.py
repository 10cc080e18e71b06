"""Beginning an interaction: the checked request is kept while the person is asked."""

from ostiary.domain.handles import Handle, Purpose
from ostiary.domain.interaction import AuthorizationRequest, Interaction
from ostiary.domain.issuer import DAY
from ostiary.provider.exchange import ShowInteraction
from ostiary.provider.op import OpenIDProvider
from ostiary.storage.ids import new_id


async def begin_interaction(
    op: OpenIDProvider,
    request: AuthorizationRequest,
    now: int,
    *,
    address: str,
    pushed_id: bytes | None = None,
) -> ShowInteraction:
    """A new interaction of the browser that gets the answer, at this address."""
    op.limits.count_sign_in(op.issuer, address)
    lifetime = op.issuer.lifetimes.interaction
    interaction = Interaction(
        interaction_id=new_id(now),
        browser_id=new_id(now),
        request=request,
        created_at=now,
        expires_at=now + lifetime,
        pushed_id=pushed_id,
    )
    await op.store.interactions.add(op.issuer.issuer_id, interaction)
    return ShowInteraction(
        interaction_id=interaction.interaction_id,
        cookie=interaction_cookie(op, interaction),
        # Longer than the interaction, so that one left open overnight can still be started again.
        seconds=lifetime + DAY,
    )


def interaction_cookie(op: OpenIDProvider, interaction: Interaction) -> str:
    """What proves to an interaction's pages that it is the browser in which it began."""
    return op.handles.seal(Handle(id=interaction.browser_id), Purpose.BROWSER)
