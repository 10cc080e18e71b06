"""The programs' side of tests/interop/conversation.py, for those that run on Python.

It stands on the standard library alone: each library has an environment of its own.
"""

import base64
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    scope: str
    auth_method: str
    algorithm: str
    private_key: str


settings = Settings(
    **{each.name: os.environ[f"INTEROP_{each.name.upper()}"] for each in fields(Settings)}
)

# What is asked for in the scenario "claims".
CLAIMS = json.dumps(
    {
        "id_token": {"email": {"essential": True}},
        "userinfo": {"name": None, "email": {"essential": True}},
    }
)
Scenarios = Mapping[str, Callable[[], dict[str, Any] | None]]


def visit(url: str) -> str:
    """Send the person to an address; where they come back."""
    _say({"visit": url})
    return str(json.loads(sys.stdin.readline())["url"])


def visit_for_form(url: str) -> tuple[str, str]:
    """The same where they come back with a form: its target and its content."""
    _say({"visit": url})
    came_back = json.loads(sys.stdin.readline())
    return str(came_back["url"]), str(came_back["body"])


def told(tokens: Mapping[str, Any], claims: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the tests want to know of a token response; `claims` are those that were verified."""
    return {
        "token_type": tokens.get("token_type"),
        "expires_in": tokens.get("expires_in"),
        "scope": tokens.get("scope"),
        "algorithm": header(tokens["id_token"])["alg"] if "id_token" in tokens else None,
        "claims": claims,
        "refresh_token": tokens.get("refresh_token"),
    }


def header(token: str) -> dict[str, Any]:
    return _decoded(token.split(".", maxsplit=1)[0])


def payload(token: str) -> dict[str, Any]:
    return _decoded(token.split(".")[1])


def described(error: Exception) -> dict[str, Any]:
    """What the error says of itself."""
    return {
        "kind": type(error).__name__,
        "status": getattr(getattr(error, "response", None), "status_code", None),
        "error": getattr(error, "error", None),
        "description": getattr(error, "description", None),
        "message": str(error),
    }


def run(scenarios: Scenarios, describe: Callable[[Exception], dict[str, Any]] = described) -> None:
    """Run the scenario that was asked for, and end with its report or its failure."""
    try:
        _say({"report": scenarios[os.environ["INTEROP_SCENARIO"]]() or {}})
    except Exception as error:
        _say({"report": {"failure": describe(error)}})


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _decoded(segment: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    )
    return decoded
