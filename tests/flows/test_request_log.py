"""The setting log.requests, over `ostiary serve`: off unless it is asked for."""

import json
from pathlib import Path

import httpx2
import pytest

from tests.kit import server
from tests.kit.server import make_site, serving


@pytest.mark.parametrize("wanted", [True, False])
def test_requests_are_logged_when_the_setting_says_so(
    template: Path, tmp_path: Path, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = 'level = "info"' + ("\nrequests = true" if wanted else "")
    configuration = server.CONFIGURATION.replace('level = "warning"', setting)
    assert configuration != server.CONFIGURATION
    monkeypatch.setattr(server, "CONFIGURATION", configuration)
    site = make_site(template, tmp_path / "ostiary.db")
    with serving(site) as [started]:
        url = f"http://localhost:{started.port}/nothing?id_token_hint=canary-hint"
        assert httpx2.get(url).status_code == 404
    written = (tmp_path / f"server-{site.port}.log").read_text()
    # The banner is for people.
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    paths = [line["path"] for line in lines if line["event"] == "request"]
    assert ("/nothing" in paths) == wanted
    assert bool(paths) == wanted
    assert "canary-hint" not in written
