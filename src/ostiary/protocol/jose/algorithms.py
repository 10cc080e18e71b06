"""Signature algorithms, all asymmetric, none below 128 bits but RSA 2048. RFC 7518 §3.1."""

from enum import StrEnum


class Algorithm(StrEnum):
    """What we sign with."""

    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"


class ClientAlgorithm(StrEnum):
    """What clients may sign with; which of them where, each use says. RFC 8037 §3.1, RFC 8812 §3.2."""

    RS256 = "RS256"
    PS256 = "PS256"
    PS384 = "PS384"
    ES256 = "ES256"
    ES256K = "ES256K"
    ES384 = "ES384"
    ES512 = "ES512"
    EDDSA = "EdDSA"


def usual_name(algorithm: str) -> str:
    """EdDSA for Ed25519, which is the name some libraries send: the same on our curve. RFC 9864 §2.2"""
    return ClientAlgorithm.EDDSA if algorithm == "Ed25519" else algorithm
