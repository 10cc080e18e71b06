"""The commands of the page of endpoints, as a shell and curl would understand them."""

import shlex
from argparse import ArgumentParser
from base64 import b64encode
from collections.abc import Mapping
from string import Template
from urllib.parse import urlencode

import httpx2

_CURL = ArgumentParser(exit_on_error=False)
_CURL.add_argument("url")
_CURL.add_argument("-i", action="store_true")
_CURL.add_argument("-G", action="store_true", dest="in_query")
_CURL.add_argument("-X", dest="method")
_CURL.add_argument("-u", dest="user")
_CURL.add_argument("-H", action="append", default=[], dest="headers")
_CURL.add_argument("--data-urlencode", action="append", default=[], dest="fields")


def request_of(command: str, variables: Mapping[str, str]) -> httpx2.Request:
    """What curl sends. Raises KeyError for a variable that nobody has set."""
    one_line = command.replace("\\\n", "")
    name, *words = shlex.split(Template(one_line).substitute(variables))
    assert name == "curl"
    said = _CURL.parse_args(words)
    headers = dict(header.split(": ", 1) for header in said.headers)
    if said.user:
        headers["authorization"] = f"Basic {b64encode(said.user.encode()).decode()}"
    encoded = urlencode([tuple(field.split("=", 1)) for field in said.fields])
    if said.in_query:
        return httpx2.Request("GET", f"{said.url}?{encoded}", headers=headers)
    if not encoded:
        return httpx2.Request(said.method or "GET", said.url, headers=headers)
    headers["content-type"] = "application/x-www-form-urlencoded"
    return httpx2.Request(said.method or "POST", said.url, headers=headers, content=encoded)
