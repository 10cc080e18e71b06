"""Claims about the person that a client may see. OIDC Core §5.1, §5.4."""

from ostiary.domain.authorization import Standing
from ostiary.domain.issuer import Issuer
from ostiary.protocol.tokens import Json


def released_claims(issuer: Issuer, standing: Standing, scope: frozenset[str]) -> dict[str, Json]:
    """What the institution knows of the person, as far as these scopes release it.

    What is not known is left out; a value that is known to be none is null.
    """
    known = {
        **(standing.claims or {}),
        "institution_id": standing.authorization.institution_id,
    }
    return {name: known[name] for name in issuer.face.claims_for(scope) if name in known}
