"""Grants at the token endpoint. RFC 6749 §4.

To add a grant: a module with `GRANT_TYPE` and `exchange`, and a line in GRANTS.
"""

from collections.abc import Mapping
from typing import Protocol

from ostiary.provider.exchange import JsonAnswer
from ostiary.provider.grants import authorization_code, client_credentials, refresh_token
from ostiary.provider.grants.request import GrantRequest
from ostiary.provider.op import OpenIDProvider


class Grant(Protocol):
    GRANT_TYPE: str

    async def exchange(self, request: GrantRequest, op: OpenIDProvider) -> JsonAnswer:
        """Tokens for what the client presents."""
        ...


_GRANTS: tuple[Grant, ...] = (authorization_code, refresh_token, client_credentials)
GRANTS: Mapping[str, Grant] = {grant.GRANT_TYPE: grant for grant in _GRANTS}
