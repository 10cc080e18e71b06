"""The signature algorithms we offer: all asymmetric, none below 128 bits but RSA 2048. RFC 7518 §3.1."""

from enum import StrEnum


class Algorithm(StrEnum):
    RS256 = "RS256"
    PS256 = "PS256"
    ES256 = "ES256"
    EDDSA = "EdDSA"
