"""What holds for every client, however it proves who it is. RFC 6749 §2.3, OIDC Core §9."""

from collections.abc import Collection

from ostiary.domain.client import AuthMethod, Client
from ostiary.domain.refusals import ReasonCode
from ostiary.protocol.parameters import Parameters
from ostiary.provider.op import OpenIDProvider


def check_registered(
    found: Client | None, client_id: str, methods: Collection[AuthMethod], op: OpenIDProvider
) -> Client:
    """The client, if it is there, switched on, and registered for one of these `methods`."""
    if found is None:
        raise _failed("a registered client_id", client_id)
    if found.disabled_at is not None:
        raise _failed("a client that is switched on", client_id)
    if found.auth_method not in methods:
        used = " or ".join(sorted(methods))
        raise _failed(f"authentication by {found.auth_method}", f"{client_id}, by {used}")
    profile = op.profile(found)
    if found.auth_method not in profile.auth_methods:
        allowed = ", ".join(sorted(profile.auth_methods))
        raise _failed(f"one of {allowed}, by the profile {profile.name}", found.auth_method)
    return found


def check_named(parameters: Parameters, client_id: str) -> None:
    """A client_id beside the credentials may repeat theirs. RFC 6749 §3.2.1, RFC 7521 §4.2."""
    named = parameters.get("client_id")
    if named not in {None, client_id}:
        raise _failed(f"client_id {client_id} in the form, or none", named)


def _failed(expected: str, received: str | None) -> Exception:
    return ReasonCode.CLIENT_AUTHENTICATION_FAILED.refusal(expected=expected, received=received)
