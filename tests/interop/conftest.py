"""The fixtures of the flows: one `ostiary dev` for the tests of a worker."""

from tests.flows.conftest import http, new_browser, server

__all__ = ["http", "new_browser", "server"]
