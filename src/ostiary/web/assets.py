"""Stylesheet, scripts and pictures: read once, named by their content, cached for ever."""

from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Final

from ostiary.web.responses import NO_SNIFFING, HttpResponse

_MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_FOREVER = (b"cache-control", b"public, max-age=31536000, immutable")
# An SVG opened by itself is a document: it may do nothing.
_NOTHING_ALLOWED = (b"content-security-policy", b"default-src 'none'; sandbox")


class Assets:
    def __init__(self) -> None:
        folder = files("ostiary.web") / "static"
        bodies = {entry.name: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
        self._responses: Final = {name: _response(name, body) for name, body in bodies.items()}
        self._hrefs: Final[Mapping[str, str]] = {
            name: f"/static/{name}?v={sha256(body).hexdigest()[:12]}"
            for name, body in bodies.items()
        }

    def href(self, name: str) -> str:
        return self._hrefs[name]

    def find(self, name: str) -> HttpResponse | None:
        return self._responses.get(name)


def stylesheet(css: str) -> HttpResponse:
    """A stylesheet that is made here and never changes under its address."""
    return _response("made.css", css.encode("ascii"))


def _response(name: str, body: bytes) -> HttpResponse:
    media_type = _MEDIA_TYPES[name.rpartition(".")[2]]
    return HttpResponse(
        status=200,
        headers=(
            (b"content-type", media_type.encode()),
            _FOREVER,
            NO_SNIFFING,
            _NOTHING_ALLOWED,
        ),
        body=body,
    )
