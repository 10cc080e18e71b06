"""A client's certificate, handed on by a proxy in a header. RFC 9440 §2."""

from urllib.parse import quote

import pytest

from ostiary.web.client_certificate import CLIENT_CERTIFICATE
from tests.kit.proxied import BASE64, DER, PEM, WITH_CERTIFICATES, seen_behind

CERT = f'Cert="{quote(PEM, safe="")}"'
CERTIFICATES = {
    "RFC 9440": f":{BASE64}:",
    "base64 of DER, by HAProxy and Caddy": BASE64,
    "PEM in %XX, by nginx": quote(PEM),
    "PEM in %XX with slashes too": quote(PEM, safe=""),
    "PEM with spaces for line ends, by Apache": PEM.replace("\n", " "),
    "PEM with tabs, by old nginx": PEM.replace("\n", "\t"),
    "Envoy": f'By=spiffe://a;Hash=00;Cert="{quote(PEM, safe="")}";Subject="CN=a,O=b";URI=',
    "Envoy, with a subject that looks like more": f'Hash=1;Subject="CN=\\",Cert=\\"";{CERT}',
    "two of Envoy": f'Cert="{quote("older")}",Hash=1;Cert="{quote(PEM, safe="")}"',
}


NO_CERTIFICATES = {
    "a second one in the element": f"{CERT};Hash=1;{CERT}",
    "only in the element of a hop further away": f"{CERT},By=spiffe://a;Hash=1",
    "inside the quotes of a subject": f'Hash=1;Subject="CN=\\",{CERT[:-1]}"',
    "quotes that do not end": f'Subject="CN=a,{CERT}',
    "what is no pair": f"Hash=1;a;{CERT}",
}


@pytest.mark.spec("RFC 9440 §2.1")
@pytest.mark.parametrize("form", CERTIFICATES)
async def test_a_certificate_in_the_form_of_each_proxy(form: str) -> None:
    """The DER between colons, and what proxies write instead. RFC 9440 §2.1."""
    seen = await seen_behind(WITH_CERTIFICATES, [("X-Client-Cert", CERTIFICATES[form])])
    assert seen[CLIENT_CERTIFICATE] == DER
    assert seen["headers"] == [(b"host", b"internal:9400")]


@pytest.mark.spec("RFC 9440 §2.1")
@pytest.mark.parametrize("form", NO_CERTIFICATES)
async def test_more_or_less_than_the_nearest_proxys_one_is_refused(form: str) -> None:
    """A proxy hands on one certificate. RFC 9440 §2.1."""
    seen = await seen_behind(WITH_CERTIFICATES, [("X-Client-Cert", NO_CERTIFICATES[form])])
    assert seen == {"status": 400}
