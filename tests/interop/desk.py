"""Where a library meets an issuer: a person who has agreed to nothing yet, and what a sign-in shows."""

import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.scopes import STANDARD_SCOPES
from ostiary.management.demo_people import GARDEN_ID
from tests.flows.conftest import NewBrowser
from tests.flows.dev_server import DevServer
from tests.flows.newcomers import add_application, add_newcomer
from tests.interop.conversation import Outcome, Task, converse
from tests.interop.library import Library

CALLBACK = "http://localhost:8080/auth/cb"


class Desk:
    """A library, an issuer, and somebody with an empty browser."""

    def __init__(
        self, server: DevServer, issuer_name: str, library: Library, new_browser: NewBrowser
    ) -> None:
        self.server = server
        self.issuer_name = issuer_name
        self.library = library
        self.issuer = server.issuer(issuer_name)
        self.person = new_browser(self.issuer)

    async def run(self, scenario: str, *, decision: str = "allow", **changes: str) -> Outcome:
        """As demo-web (or as the client that the library needs), unless `changes` say otherwise."""
        username = await add_newcomer(self.server, self.issuer_name)
        if self.library.registration and "client_id" not in changes:
            changes = await self.add_client() | changes
        task = Task(
            issuer=self.issuer,
            client_id="demo-web",
            client_secret="demo-web-secret",
            scenario=scenario,
        )
        return await converse(
            self.library, replace(task, **changes), self.person, username, decision=decision
        )

    async def add_client(self, **values: Any) -> dict[str, str]:
        """A client with a secret, unless `values` differ: what is to be changed in a task for it."""
        client = Client(
            **{
                "client_id": f"interop-{secrets.token_hex(4)}",
                "name": "Interop",
                "institution_id": GARDEN_ID,
                "auth_method": AuthMethod.CLIENT_SECRET,
                "redirect_uris": (CALLBACK,),
                "scopes": STANDARD_SCOPES,
                **self.library.registration,
                **values,
            }
        )
        secret = await add_application(self.server, self.issuer_name, client)
        return {
            "client_id": client.client_id,
            "client_secret": secret or "",
            "redirect_uri": client.redirect_uris[0],
            "algorithm": client.id_token_algorithm,
        }

    async def add_client_with_key(self, folder: Path, **values: Any) -> dict[str, str]:
        """A client for private_key_jwt, whose key is left in a file of the folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        file = folder / "client-key.pem"
        file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        )
        changes = await self.add_client(
            auth_method=AuthMethod.PRIVATE_KEY_JWT,
            public_keys=(ECAlgorithm.to_jwk(key.public_key(), as_dict=True),),
            **values,
        )
        return changes | {"auth_method": "private_key_jwt", "private_key": str(file)}


def check_sign_in(desk: Desk, outcome: Outcome, *, token_type: str = "bearer") -> None:
    """What a library says about a complete sign-in."""
    report, task = outcome.seen, outcome.task
    assert report["issuer"] == task.issuer
    tokens, claims = report["tokens"], report["tokens"]["claims"]
    assert tokens["token_type"].lower() == token_type
    assert isinstance(tokens["expires_in"], int)
    assert tokens["algorithm"] == task.algorithm
    assert (claims["iss"], claims["aud"]) == (task.issuer, task.client_id)
    assert claims["iat"] <= time.time() < claims["exp"]
    assert report["userinfo"]["sub"] == claims["sub"]
    assert report["userinfo"]["email"].startswith("newcomer-")
    assert report["userinfo"]["email_verified"] is True
    if "refresh" in desk.library.scenarios:
        check_refreshes(report, task.algorithm)


def check_refreshes(report: dict[str, Any], algorithm: str, *, rotated: bool = True) -> None:
    """OIDC Core §12.2: the ID token says the same. Each refresh hands out another token, or none."""
    claims = report["tokens"]["claims"]
    refresh_tokens = {report["tokens"]["refresh_token"]}
    assert len(report["refreshes"]) == 2
    for refreshed in report["refreshes"]:
        assert refreshed["algorithm"] == algorithm
        for name in ("iss", "sub", "aud", "auth_time"):
            assert refreshed["claims"][name] == claims[name], name
        assert refreshed["userinfo"] == report["userinfo"]
        refresh_tokens.add(refreshed.get("refresh_token", report["tokens"]["refresh_token"]))
    assert len(refresh_tokens) == (3 if rotated else 1)
