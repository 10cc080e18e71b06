"""Pictures of people: uploaded and taken away."""

from ostiary.domain.audit import AuditEvent, EventType
from ostiary.domain.issuer import Issuer
from ostiary.domain.picture import MAX_PICTURE_LENGTH, Picture, find_media_type
from ostiary.management.errors import ManagementError
from ostiary.management.users import find_user
from ostiary.storage.store import Store


async def set_picture(store: Store, issuer: Issuer, username: str, data: bytes, now: int) -> None:
    """The picture that clients see from now on, in place of the initials or of another one."""
    media_type = find_media_type(data)
    if media_type is None:
        raise ManagementError("this is no picture", "give a PNG or a JPEG file")
    if len(data) > MAX_PICTURE_LENGTH:
        raise ManagementError(
            "the picture is too large", f"make it {MAX_PICTURE_LENGTH // 1024} kB at most"
        )
    user = await find_user(store, issuer, username)
    picture = Picture(media_type=media_type, data=data)
    event = _event(user.user_id, "picture_set", now)
    await store.pictures.save(issuer.issuer_id, user.user_id, picture, event)


async def remove_picture(store: Store, issuer: Issuer, username: str, now: int) -> None:
    """Back to the initials; nothing to do for who has no picture."""
    user = await find_user(store, issuer, username)
    event = _event(user.user_id, "picture_removed", now)
    await store.pictures.remove(issuer.issuer_id, user.user_id, event)


def _event(user_id: str, reason: str, now: int) -> AuditEvent:
    return AuditEvent(
        type=EventType.USER_CHANGED, at=now, actor="operator", user_id=user_id, reason=reason
    )
