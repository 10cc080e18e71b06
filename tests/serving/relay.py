"""A way to a server that can be closed and opened again: a database that is lost and comes back."""

import asyncio
from contextlib import suppress


class Relay:
    """Hands on whatever comes to its port; `close` cuts everybody off.

    Without telling anybody it hands on nothing more once it has fallen silent, as a lost network does.
    """

    def __init__(self, port: int, to: int) -> None:
        self.port = port
        self._to = to
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard = asyncio.Event()
        self._heard.set()

    def fall_silent(self) -> None:
        self._heard.clear()

    def speak(self) -> None:
        self._heard.set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._joined, "127.0.0.1", self.port)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self.speak()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers |= {writer, back}
        await asyncio.gather(self._pour(reader, back), self._pour(there, writer))
        self._writers -= {writer, back}
        self._tasks.discard(task)

    async def _pour(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                await self._heard.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
