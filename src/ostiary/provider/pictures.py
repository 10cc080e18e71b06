"""Pictures of people: each at an address that cannot be guessed, so that nobody lists users."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ostiary.domain.authorization import Authorization
from ostiary.domain.client import Client, SubjectType
from ostiary.domain.picture import Picture, initials
from ostiary.protocol.parameters import Parameters
from ostiary.provider.op import OpenIDProvider

# The contract's path.
FOLDER, NAME = "/a/sentry/api/users", "profile-image"
PURPOSE = "picture"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """What is shown: the picture that was uploaded; or else initials, empty for nobody in particular.

    `seed` is the same for the same person.
    """

    picture: Picture | None = None
    initials: str = ""
    seed: str = ""


def find_picture_url(
    op: OpenIDProvider, client: Client, authorization: Authorization
) -> str | None:
    """Where the person's picture is; None for a client that must not learn who they are elsewhere."""
    if client.subject_type is SubjectType.PAIRWISE:
        return None
    user_id, institution_id = authorization.user_id, authorization.institution_id
    return op.picture_url(
        user_id, institution_id, lambda: _picture_url(op, user_id, institution_id)
    )


def _picture_url(op: OpenIDProvider, user_id: str, institution_id: str) -> str:
    tag = _tag(op, user_id, institution_id)
    path = f"{FOLDER}/{quote(user_id, safe='')}/{NAME}"
    return f"{op.issuer.origin}{path}?institution={quote(institution_id, safe='')}&tag={tag}"


async def find_portrait(
    providers: Sequence[OpenIDProvider], user_id: str, query: Parameters
) -> Portrait:
    """The portrait at this address, of whichever provider has made it.

    Without the right tag nothing is looked up: whoever tries ids learns nothing of them.
    """
    institution_id, tag = query.get("institution") or "", query.get("tag") or ""
    for op in providers:
        if op.handles.is_tag(f"{tag}=", PURPOSE, user_id.encode(), institution_id.encode()):
            return await _portrait(op, user_id, institution_id)
    return Portrait()


async def _portrait(op: OpenIDProvider, user_id: str, institution_id: str) -> Portrait:
    issuer_id = op.issuer.issuer_id
    picture = await op.store.pictures.find(issuer_id, user_id)
    if picture is not None:
        return Portrait(picture=picture)
    memberships = await op.store.users.memberships(issuer_id, user_id)
    known = (each.claims for each in memberships if each.institution_id == institution_id)
    return Portrait(initials=initials(next(known, {})), seed=user_id)


def _tag(op: OpenIDProvider, user_id: str, institution_id: str) -> str:
    """Without its padding, one character: it stands in a URL."""
    return op.handles.tag(PURPOSE, user_id.encode(), institution_id.encode()).removesuffix("=")
