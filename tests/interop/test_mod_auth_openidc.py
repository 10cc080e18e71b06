"""Apache's mod_auth_openidc: what it does beyond the common suite, and the server of its page."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.newcomers import add_newcomer
from tests.interop.desk import Desk
from tests.interop.libraries import LIBRARIES
from tests.interop.pages import free_port, serving, sign_in_at
from tests.interop.table import Flow
from tests.interop.test_pages import write_page

pytestmark = LIBRARIES["mod_auth_openidc"].marks
on_one_issuer = pytest.mark.parametrize("issuer_name", ["enterprise"])


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that Apache's workers can reach, who are somebody else when it is started by root."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@on_one_issuer
@pytest.mark.shows(Flow.BACKCHANNEL_LOGOUT)
async def test_signed_out_without_the_browser(desk: Desk) -> None:
    """Back-Channel Logout §2.5, at the address that the module has for it."""
    callback = f"http://127.0.0.1:{free_port()}/auth/cb"
    changes = await desk.add_client(
        redirect_uris=(callback,), backchannel_logout_uri=f"{callback}?logout=backchannel"
    )
    assert (await desk.run("backchannel_logout", **changes)).seen == {"signed_out": True}


@on_one_issuer
async def test_a_denial_in_the_query_is_taken_for_something_else(desk: Desk) -> None:
    """The `iss` of RFC 9207 looks to it like a sign-in that somebody else begins; it is no sign-in."""
    failure = (await desk.run("denied_in_query", decision="deny")).failure
    assert failure["kind"] == "Refused"
    assert "target_link_uri" in failure["message"]


@on_one_issuer
async def test_the_server_of_the_page(desk: Desk, folder: Path) -> None:
    port = free_port()
    await write_page(desk, folder, port)
    username = await add_newcomer(desk.server, desk.issuer_name)
    command = ("/usr/sbin/apache2", "-D", "FOREGROUND", "-f", f"{folder}/httpd.conf")
    async with serving(command, folder, port, {"PWD": str(folder)}) as application:
        shown = await sign_in_at(application, desk.person, username)
    assert shown.status == 200, shown.text
    assert f"You are {username}@example.com." in shown.text
