"""A client's certificate, handed on by a proxy in a header. RFC 9440 §2."""

from urllib.parse import quote

import pytest

from ostiary.web.client_certificate import CLIENT_CERTIFICATE
from tests.kit.proxied import BASE64, DER, PEM, WITH_CERTIFICATES, seen_behind

CERTIFICATES = {
    "RFC 9440": f":{BASE64}:",
    "base64 of DER, by HAProxy and Caddy": BASE64,
    "PEM in %XX, by nginx": quote(PEM),
    "PEM in %XX with slashes too": quote(PEM, safe=""),
    "PEM with spaces for line ends, by Apache": PEM.replace("\n", " "),
    "PEM with tabs, by old nginx": PEM.replace("\n", "\t"),
    "Envoy": f'By=spiffe://a;Hash=00;Cert="{quote(PEM, safe="")}";Subject="CN=a,O=b";URI=',
    "two of Envoy": f'Cert="{quote("older")}",Hash=1;Cert="{quote(PEM, safe="")}"',
}


@pytest.mark.spec("RFC 9440 §2.1")
@pytest.mark.parametrize("form", CERTIFICATES)
async def test_a_certificate_in_the_form_of_each_proxy(form: str) -> None:
    """The DER between colons, and what proxies write instead. RFC 9440 §2.1."""
    seen = await seen_behind(WITH_CERTIFICATES, [("X-Client-Cert", CERTIFICATES[form])])
    assert seen[CLIENT_CERTIFICATE] == DER
    assert seen["headers"] == [(b"host", b"internal:9400")]
