"""DPoP: whoever asks for a token, or uses one, proves that it holds a private key.

RFC 9449 §4.3, §5, §7, §8, §9. A proof counts once. The server's nonce comes from the clock, so
that all processes agree on it and none has to remember it.
"""

from ostiary.domain.client import Client
from ostiary.domain.refusals import ReasonCode
from ostiary.domain.spent import SpentKind, spent_id
from ostiary.protocol.dpop import MAX_AGE, MAX_AHEAD, DPoPProof, check_proof, parse_proof
from ostiary.protocol.malformed import Malformed
from ostiary.provider.exchange import EndpointRequest, Headers
from ostiary.provider.op import OpenIDProvider

# A nonce is good in the window in which it was given and in the next.
NONCE_WINDOW = 300


async def find_proof(
    request: EndpointRequest,
    op: OpenIDProvider,
    now: int,
    *,
    endpoint: str,
    access_token: str | None = None,
) -> DPoPProof | None:
    """The request's proof, checked and spent; None when it has none. RFC 9449 §4.3.

    `endpoint` is the one that is asked, by its path: the proof has to name it as it is configured,
    whatever Host says. With `access_token` the proof has to be for that token.
    """
    sent = request.header_values(b"dpop")
    if not sent:
        return None
    if len(sent) > 1:
        raise ReasonCode.DPOP_PROOF_INVALID.refusal(
            expected="one DPoP header", received=f"{len(sent)} of them"
        )
    try:
        proof = parse_proof(sent[0])
        nonce_is_fresh = check_nonce(proof, op, now)
        check_proof(
            proof,
            method=request.method,
            url=op.issuer.endpoint(endpoint),
            now=now,
            access_token=access_token,
            nonce_is_fresh=nonce_is_fresh,
        )
        _check_epoch(proof, op, nonce_is_fresh=nonce_is_fresh)
    except Malformed as error:
        raise ReasonCode.DPOP_PROOF_INVALID.refusal(
            expected=f"{error.what}: {error.expected}"
        ) from error
    # As long as it would be accepted. RFC 9449 §11.1.
    until = now + 2 * NONCE_WINDOW if nonce_is_fresh else proof.iat + MAX_AGE
    name = spent_id(SpentKind.PROOF, proof.jkt, proof.jti)
    if not await op.store.spent.add(op.issuer.issuer_id, name, expires_at=until, now=now):
        raise ReasonCode.DPOP_PROOF_REPLAYED.refusal(expected="a proof used once")
    return proof


def _check_epoch(proof: DPoPProof, op: OpenIDProvider, *, nonce_is_fresh: bool) -> None:
    """Which proofs were used before a backup was restored, nobody remembers."""
    if not nonce_is_fresh and proof.iat < op.epoch + MAX_AHEAD:
        raise Malformed("iat", "a proof made after this server was restored")


def check_nonce(proof: DPoPProof, op: OpenIDProvider, now: int) -> bool:
    """Whether the proof has a nonce of ours; where the issuer requires one, it has. RFC 9449 §8."""
    if not op.issuer.require_dpop_nonce:
        return False
    nonce = proof.nonce or ""
    if not any(
        op.handles.is_tag(nonce, "dpop-nonce", *_window(op, instant))
        for instant in (now, now - NONCE_WINDOW)
    ):
        raise ReasonCode.DPOP_NONCE_NEEDED.refusal(expected="the nonce of the DPoP-Nonce header")
    return True


def current_nonce(op: OpenIDProvider, now: int) -> str:
    return op.handles.tag("dpop-nonce", *_window(op, now))


def _window(op: OpenIDProvider, instant: int) -> tuple[bytes, bytes]:
    """None from before a backup was restored is good any longer."""
    return (instant // NONCE_WINDOW).to_bytes(8), op.epoch.to_bytes(8)


def nonce_headers(proof: DPoPProof | None, op: OpenIDProvider, now: int) -> Headers:
    """The nonce for the client's next proof, to go with the answer to this one. RFC 9449 §8.2."""
    if proof is None or not op.issuer.require_dpop_nonce:
        return ()
    return (nonce_header(op, now),)


def nonce_header(op: OpenIDProvider, now: int) -> tuple[bytes, bytes]:
    """RFC 9449 §8.1."""
    return b"dpop-nonce", current_nonce(op, now).encode("ascii")


def check_sent(proof: DPoPProof | None, client: Client, op: OpenIDProvider) -> None:
    """RFC 9449 §5.2: a client that always binds its tokens gets none without a proof, and none with
    one that its profile does not allow."""
    profile = op.profile(client)
    if proof is None:
        if client.require_dpop or profile.requires_dpop:
            raise ReasonCode.DPOP_PROOF_MISSING.refusal(expected="a DPoP header")
    elif proof.algorithm not in profile.proof_algorithms:
        raise ReasonCode.DPOP_PROOF_INVALID.refusal(
            expected=" ".join(sorted(profile.proof_algorithms)), received=proof.algorithm
        )


def check_key(jkt: str | None, bound_to: str | None) -> None:
    """RFC 9449 §5, §10: what is bound to a key is given to nobody without a proof of that key."""
    if bound_to is None or jkt == bound_to:
        return
    if jkt is None:
        raise ReasonCode.DPOP_PROOF_MISSING.refusal(expected=f"a proof by {bound_to}")
    raise ReasonCode.DPOP_KEY_OTHER.refusal(expected=bound_to, received=jkt)
