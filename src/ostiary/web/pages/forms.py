"""Forms of our own pages: where each may have come from. RFC 9700 §4.7, CWE-352."""

from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.parameters import Parameters
from ostiary.provider.exchange import EndpointRequest
from ostiary.provider.op import OpenIDProvider

_OWN_SITES = frozenset({"same-origin", "none"})


def form_token(op: OpenIDProvider, *bound_to: bytes) -> str:
    """A token that only a page for exactly this thing, in exactly this browser, contains."""
    return op.handles.tag("form", *bound_to)


def read_own_form(request: EndpointRequest, op: OpenIDProvider, *bound_to: bytes) -> Parameters:
    """The form, proved to come from our page."""
    form = request.form_parameters()
    # Origin is not looked at: with our Referrer-Policy browsers send "null" in it.
    sites = request.header_values(b"sec-fetch-site")
    if not _OWN_SITES.issuperset(sites):
        raise ReasonCode.FORM_FORGED.refusal(expected="same-origin", received=", ".join(sites))
    if not op.handles.is_tag(form.get("csrf") or "", "form", *bound_to):
        raise ReasonCode.FORM_FORGED.refusal(expected="the form's own token")
    return form
