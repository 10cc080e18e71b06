"""The algorithms we offer. RFC 7518 §3.1, RFC 8725 §3.2."""

from ostiary.protocol.jose.algorithms import Algorithm


def test_every_algorithm_is_asymmetric_and_signs() -> None:
    assert {algorithm.value for algorithm in Algorithm} == {"RS256", "PS256", "ES256", "EdDSA"}
