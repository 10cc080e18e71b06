"""Reading an export of audit events: verified with nothing but the file."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ostiary.domain.audit_chain import Batch, ChainCheck
from ostiary.domain.audit_seal import Anchor, AuditRecord, Seal, parse_anchor
from ostiary.management.audit import EXPORT_VERSION, Verified, conclude
from ostiary.management.errors import ManagementError
from ostiary.protocol.base64url import decode_base64url
from ostiary.protocol.jose.jwk import is_named_by_thumbprint
from ostiary.protocol.malformed import Malformed
from ostiary.protocol.tokens import Json

Members = Mapping[str, Json]

# What comes of a line that we have not written, however it was made.
NOT_OURS = (
    *(AttributeError, IndexError, KeyError, Malformed, RecursionError, TypeError, ValueError),
)


def verify_export(
    lines: Iterable[bytes], *, issuer_id: str | None = None, expected: Anchor | None = None
) -> Sequence[Verified]:
    """Each issuer of the file, in its order; with `issuer_id` this one.

    A seal is of one issuer: of several in a file, one has to be named with `expected`.
    """
    found: list[_Issuer] = []
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip(b"\r\n")
        try:
            members = json.loads(line)
            if members.get("record") == "issuer":
                found.append(_Issuer(members, expected))
            else:
                found[-1].take(members, line)
        except NOT_OURS as error:
            raise ManagementError(
                f"line {number} is not of an export of audit events: {str(error)[:200]}",
                "name a file that ostiary audit export has written",
            ) from error
    chosen = [each for each in found if issuer_id in {None, each.issuer_id}]
    known = ", ".join(each.issuer_id for each in found)
    if not chosen:
        raise ManagementError(
            f'there is no issuer "{issuer_id}" in the file',
            f"choose one of: {known}" if known else "write one with: ostiary audit export",
        )
    if expected is not None and len(chosen) > 1:
        raise ManagementError(
            "there are several issuers in the file", f"choose one with --issuer: {known}"
        )
    return [each.end() for each in chosen]


class _Issuer:
    """What was read of one issuer so far; the batch at the end is still growing."""

    def __init__(self, members: Members, expected: Anchor | None) -> None:
        if members["version"] != EXPORT_VERSION:
            raise Malformed("version", str(EXPORT_VERSION))
        last = members["last_seal"]
        # A file that was cut ends before the seal that it begins by naming.
        if expected is None and last is not None:
            expected = parse_anchor(str(last))
        self.issuer_id: Final = str(members["issuer_id"])
        self.keys: Final[dict[str, Members]] = {}
        self.check: Final = ChainCheck(self.issuer_id, self.keys, expected=expected)
        self.batch: Batch | None = None
        self.records: Final[list[AuditRecord]] = []

    def take(self, members: Members, line: bytes) -> None:
        match members.get("record"):
            case "key":
                jwk = members["jwk"]
                if not isinstance(jwk, Mapping):
                    raise Malformed("jwk", "a JSON object")
                if not is_named_by_thumbprint(str(members["kid"]), jwk):
                    raise Malformed("jwk", "the key whose thumbprint is its kid")
                self.keys[str(members["kid"])] = jwk
            case "seal":
                self._finish_batch()
                number = int(str(members["number"]))
                self.batch = Batch(number=number, seal=_seal(members, number), records=())
            case "unsealed":
                self._finish_batch()
            case None:
                event_id = bytes.fromhex(str(members["event_id"]))
                self.records.append(AuditRecord(event_id=event_id, text=line))
            case other:
                raise Malformed("record", f"not {other}")

    def end(self) -> Verified:
        unsealed = 0 if self.batch is not None else len(self.records)
        self._finish_batch()
        return conclude(self.issuer_id, self.check, unsealed)

    def _finish_batch(self) -> None:
        if self.batch is not None:
            self.check.add(
                Batch(number=self.batch.number, seal=self.batch.seal, records=tuple(self.records))
            )
            self.records.clear()
        self.batch = None


def _seal(members: Members, number: int) -> Seal | None:
    if members["token"] is None:
        return None
    return Seal(
        number=number,
        at=int(str(members["at"])),
        token=str(members["token"]),
        leaves=decode_base64url(str(members["leaves"])),
    )
