"""A person's picture: the uploaded one, or one drawn from their initials."""

from hashlib import sha256
from html import escape
from typing import Final

from ostiary.protocol.parameters import Parameters
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.pictures import Portrait, find_portrait
from ostiary.web.responses import NO_SNIFFING, Header, HttpResponse

_HEADERS: tuple[Header, ...] = (
    (b"cache-control", b"private, max-age=300"),
    NO_SNIFFING,
    # Opened by itself a picture is a document: it may do nothing.
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    # Clients show it in pages of their own.
    (b"cross-origin-resource-policy", b"cross-origin"),
)
# White text on each of them has a contrast of 4.5 or more. WCAG 2.2 §1.4.3.
_COLORS: Final = (
    "#1f4e79",
    "#14532d",
    "#7c2d12",
    "#581c87",
    "#9d174d",
    "#115e59",
    "#713f12",
    "#3730a3",
)
_NEUTRAL_COLOR: Final = "#5b6470"
_SILHOUETTE: Final = '<circle cx="48" cy="37" r="17"/><path d="M14 88a34 30 0 0 1 68 0v8H14z"/>'


async def show_picture(
    providers: list[OpenIDProvider], user_id: str, query: Parameters
) -> HttpResponse:
    portrait = await find_portrait(providers, user_id, query)
    if portrait.picture is not None:
        return _response(portrait.picture.media_type, portrait.picture.data)
    return _response("image/svg+xml", draw(portrait).encode("utf-8"))


def draw(portrait: Portrait) -> str:
    """The initials on a colour of the person's own; for nobody in particular, a silhouette."""
    if portrait.initials:
        digest = sha256(portrait.seed.encode()).digest()
        color = _COLORS[digest[0] % len(_COLORS)]
        content = (
            '<text x="48" y="48" dy=".36em" font-family="system-ui, Arial, sans-serif"'
            f' font-size="38" text-anchor="middle">{escape(portrait.initials)}</text>'
        )
    else:
        color, content = _NEUTRAL_COLOR, _SILHOUETTE
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96">'
        f'<rect width="96" height="96" fill="{color}"/><g fill="#fff">{content}</g></svg>'
    )


def _response(media_type: str, body: bytes) -> HttpResponse:
    headers = ((b"content-type", media_type.encode("ascii")), *_HEADERS)
    return HttpResponse(status=200, headers=headers, body=body)
