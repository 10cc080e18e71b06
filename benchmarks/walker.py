"""A browser in miniature: cookies, redirects and forms, enough to sign a person in."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from benchmarks.messages import Answer, Endpoint, LoadError

LONGEST_WALK = 20


@dataclass(slots=True)
class Form:
    """A form of a page: where it goes, what it sends as it stands, what a person may add."""

    action: str = ""
    values: dict[str, str] = field(default_factory=dict)
    inputs: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def fill(self, answers: Mapping[str, str]) -> dict[str, str]:
        """What to send: values as they stand, known fields answered, the named button pressed."""
        typed = {name: answers[name] for name in self.inputs if name in answers}
        pressed = dict(button for button in self.buttons if button in answers.items())
        return self.values | typed | pressed

    def is_for(self, answers: Mapping[str, str]) -> bool:
        return bool(self.inputs & answers.keys()) or any(
            button in answers.items() for button in self.buttons
        )


class FormParser(HTMLParser):
    """Collects the forms of a page that are sent by POST."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form" and attributes.get("method", "").lower() == "post":
            self._form = Form(action=attributes.get("action", ""))
            self.forms.append(self._form)
        elif self._form is not None and "name" in attributes and tag in ("input", "button"):
            self._add_control(self._form, tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def _add_control(self, form: Form, tag: str, attributes: Mapping[str, str]) -> None:
        name, value, kind = attributes["name"], attributes.get("value", ""), attributes.get("type")
        if tag == "button" or kind == "submit":
            form.buttons.append((name, value))
        elif kind not in ("checkbox", "radio") or "checked" in attributes:
            form.values[name] = value
            form.inputs.add(name)


def choose_form(page: str, answers: Mapping[str, str]) -> Form:
    """The first form that asks for something we can answer, or else the first."""
    parser = FormParser()
    parser.feed(page)
    if not parser.forms:
        raise LoadError(f"no form on the page: {page[:500]}")
    return next((form for form in parser.forms if form.is_for(answers)), parser.forms[0])


Walk = Generator[bytes, Answer, str]
"""Requests of a browser on its way; where it arrives."""


class Browser:
    """Keeps cookies by name alone: it only ever visits one server."""

    def __init__(self) -> None:
        self._cookies: dict[str, str] = {}

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self._cookies.items())

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Cookie": self.cookie_header} if self._cookies else {}

    def walk(self, url: str, *, until: str, answers: Mapping[str, str]) -> Walk:
        """Follows redirects and fills in forms; the first address that begins with `until`."""
        request = Endpoint.parse(url).get(headers=self.headers)
        for _ in range(LONGEST_WALK):
            answer = yield request
            if answer.status >= 400:
                raise LoadError(f"{answer.status} from {url}: {answer.body[:500]!r}")
            self._keep_cookies(answer)
            location = answer.header("location")
            if location is None:
                form = choose_form(answer.body.decode(), answers)
                url = urljoin(url, form.action)
                request = Endpoint.parse(url).post(form.fill(answers), self.headers)
                continue
            url = urljoin(url, location)
            if url.startswith(until):
                return url
            request = Endpoint.parse(url).get(headers=self.headers)
        raise LoadError(f"signing in did not come to an end, last at {url}")

    def _keep_cookies(self, answer: Answer) -> None:
        for cookie in answer.headers("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            if value and "max-age=0" not in cookie.lower():
                self._cookies[name] = value
            else:
                self._cookies.pop(name, None)
