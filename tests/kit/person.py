"""A person with a browser that has no scripts: follows links and redirects, fills in forms."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx2

LONGEST_WALK = 20
# As browsers send it.
ACCEPTED = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_VOID_TEXT = {"script", "style"}


@dataclass(slots=True)
class Form:
    action: str
    values: dict[str, str] = field(default_factory=dict)
    # Buttons by id, with what each of them sends.
    buttons: dict[str, tuple[str, str] | None] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.headings: list[str] = []
        self.links: dict[str, str] = {}
        self.text: list[str] = []
        self._form: Form | None = None
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._inside.append(tag)
        if tag == "h1":
            self.headings.append("")
        elif tag == "a" and "href" in attributes:
            self.links[attributes.get("id") or attributes["href"]] = attributes["href"]
        elif tag == "form":
            self._form = Form(action=attributes.get("action", ""))
            self.forms.append(self._form)
        elif tag == "button" and self._form is not None:
            name = attributes.get("name")
            sends = (name, attributes.get("value", "")) if name else None
            self._form.buttons[attributes.get("id", "")] = sends
        elif tag == "input" and self._form is not None and "name" in attributes:
            self._form.values[attributes["name"]] = attributes.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        if "h1" in self._inside:
            self.headings[-1] += data
        if not _VOID_TEXT & set(self._inside):
            self.text.append(data)


class Page:
    """What the browser shows."""

    def __init__(self, response: httpx2.Response) -> None:
        self.status = response.status_code
        self.url = str(response.url)
        self.headers = response.headers
        self.html = response.text
        reader = _Reader()
        reader.feed(self.html)
        self.forms = reader.forms
        self.links = reader.links
        self.headings = [" ".join(heading.split()) for heading in reader.headings]
        self.text = " ".join(" ".join(reader.text).split())

    @property
    def heading(self) -> str:
        assert len(self.headings) == 1, f"one heading on {self.url}: {self.headings}"
        return self.headings[0]

    def form_with(self, button: str) -> Form:
        for form in self.forms:
            if button in form.buttons:
                return form
        raise AssertionError(f"no button {button!r} on {self.url}: {self.text[:300]}")


class Person:
    """Stops at the first address outside the provider: `left_to` is where the browser was sent."""

    def __init__(self, http: httpx2.AsyncClient) -> None:
        self.http = http
        self.left_to: str | None = None
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        assert self._page is not None, f"no page; the browser was sent to {self.left_to}"
        return self._page

    async def open(self, url: str) -> Self:
        return await self._walk(httpx2.Request("GET", urljoin(str(self.http.base_url), url)))

    async def press(self, button: str, **fields: str) -> Self:
        """Fill in the form that has this button, and press it."""
        form = self.page.form_with(button)
        values = {**form.values, **fields}
        sent = form.buttons[button]
        if sent is not None:
            values[sent[0]] = sent[1]
        return await self.post(form.action, values)

    async def post(self, action: str, values: dict[str, str]) -> Self:
        request = httpx2.Request("POST", urljoin(self.page.url, action), data=values)
        return await self._walk(request)

    async def sign_in(self, username: str, password: str) -> Self:
        """The username, then the password: on one page or on two."""
        form = self.page.form_with("sign-in")
        if form.action.endswith("/identifier"):
            await self.press("sign-in", username=username)
        return await self.press("sign-in", username=username, password=password)

    async def _walk(self, request: httpx2.Request) -> Self:
        self.left_to, self._page = None, None
        for _ in range(LONGEST_WALK):
            self.http.cookies.set_cookie_header(request)
            request.headers["Accept"] = ACCEPTED
            response = await self.http.send(request)
            location = response.headers.get("location")
            if location is None:
                self._page = Page(response)
                return self
            target = urljoin(str(request.url), location)
            if urlsplit(target).netloc != self.http.base_url.netloc.decode():
                self.left_to = target
                return self
            request = httpx2.Request("GET", target)
        raise AssertionError("redirected for ever")
