"""A client of the races that proves itself by assertion."""

from ostiary.domain.client import AuthMethod
from tests.kit.client_key import ClientKey
from tests.kit.world import ENTERPRISE, a_client

KEY = ClientKey.make()
SIGNER = a_client(
    "signer",
    ENTERPRISE,
    auth_method=AuthMethod.PRIVATE_KEY_JWT,
    secrets=(),
    public_keys=(KEY.public_jwk,),
)
