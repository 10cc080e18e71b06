"""/metrics on the management listener: the sums over all processes, whichever is asked."""

from typing import Final

from ostiary.telemetry.exposition import MEDIA_TYPE, expose
from ostiary.telemetry.instruments import Instruments
from ostiary.telemetry.snapshots import Snapshots
from ostiary.telemetry.watched import Watched
from ostiary.web.responses import HttpResponse

_HEADERS = ((b"content-type", MEDIA_TYPE.encode("ascii")), (b"cache-control", b"no-store"))


class Scrape:
    """`snapshots` where there are other processes."""

    def __init__(
        self, instruments: Instruments, watched: Watched, snapshots: Snapshots | None
    ) -> None:
        self._instruments: Final = instruments
        self._watched: Final = watched
        self._snapshots: Final = snapshots

    async def __call__(self, _: bytes) -> HttpResponse:
        if self._snapshots is None:
            total = Instruments()
            total.absorb(self._instruments.export())
        else:
            total = self._snapshots.gather()
        await self._watched.fill(total)
        return HttpResponse(status=200, headers=_HEADERS, body=expose(total))
