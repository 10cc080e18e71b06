"""From host and path to an endpoint of an issuer, remembered until the issuer moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from ostiary.domain.issuer import Issuer
from ostiary.provider.op import OpenIDProvider
from ostiary.provider.served import ServedIssuer, ServedIssuers
from ostiary.storage.database import StoreUnavailable
from ostiary.web.routes import OF_NO_ISSUER, Endpoint, endpoint_paths

Located: TypeAlias = tuple[Endpoint, OpenIDProvider]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An endpoint of an issuer, as long as the issuer is where it was."""

    served: ServedIssuer
    endpoint: Endpoint
    issuer_url: str
    base_path: str

    def still_leads_to(self, issuer: Issuer) -> bool:
        return issuer.url == self.issuer_url and issuer.base_path == self.base_path


class Targets:
    def __init__(self, issuers: ServedIssuers) -> None:
        self._issuers: Final = issuers
        self._targets: Final[dict[tuple[bytes, str], Target]] = {}

    def known(self, host: bytes, path: str) -> Located | None:
        """What was found here before, unless it is time to look again."""
        target = self._targets.get((host, path))
        op = target.served.fresh if target else None
        if target is None or op is None or not target.still_leads_to(op.issuer):
            return None
        return target.endpoint, op

    async def locate(self, host: bytes, path: str) -> Located | None:
        """The endpoint at this address and the provider that it is of."""
        if path.startswith(OF_NO_ISSUER):
            return None
        target = self._targets.get((host, path))
        op = await _provider_for(target) if target else None
        if target is not None and (op is None or not target.still_leads_to(op.issuer)):
            self._targets.clear()  # an issuer has moved, and another may live here now
            target = None
        if target is None:
            target = await self._find(host, path)
            op = await _provider_for(target) if target else None
        return (target.endpoint, op) if target is not None and op is not None else None

    async def providers(self, host: bytes, path: str) -> Sequence[OpenIDProvider]:
        """All that may have a page at this address; as far as is known, where it matters little."""
        name = host.decode("latin-1")
        if path.startswith(OF_NO_ISSUER):
            return self._issuers.last_known_at(name)
        return [op for _, op in await self._issuers.at_host(name)]

    async def _find(self, host: bytes, path: str) -> Target | None:
        """Look the host up, and remember the endpoints of its issuers: only of hosts that exist."""
        for served, op in await self._issuers.at_host(host.decode("latin-1")):
            for known, endpoint in endpoint_paths(op.issuer):
                target = Target(
                    served=served,
                    endpoint=endpoint,
                    issuer_url=op.issuer.url,
                    base_path=op.issuer.base_path,
                )
                self._targets.setdefault((host, known), target)
        return self._targets.get((host, path))


async def _provider_for(target: Target) -> OpenIDProvider | None:
    """As of now; while the store is away its documents, and nothing else, stay as they were."""
    try:
        return await target.served.current()
    except StoreUnavailable:
        if target.endpoint.document is None:
            raise
        return target.served.last_known
