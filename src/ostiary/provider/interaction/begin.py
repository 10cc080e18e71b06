"""Beginning an interaction: the checked request is kept while the person is asked."""

from ostiary.domain.interaction import AuthorizationRequest, Interaction
from ostiary.provider.op import OpenIDProvider
from ostiary.storage.ids import new_id


async def begin_interaction(
    op: OpenIDProvider, request: AuthorizationRequest, browser_id: bytes, now: int
) -> Interaction:
    """A new interaction of this browser."""
    interaction = Interaction(
        interaction_id=new_id(now),
        browser_id=browser_id,
        request=request,
        created_at=now,
        expires_at=now + op.issuer.lifetimes.interaction,
    )
    await op.store.interactions.add(op.issuer.issuer_id, interaction)
    return interaction
