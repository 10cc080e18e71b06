"""The file of a backup: a tar archive of a manifest, which says what it is, and the database."""

import json
import os
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import file_digest, sha256
from io import BytesIO
from pathlib import Path
from secrets import token_hex

from pydantic import TypeAdapter, ValidationError

from ostiary.management.errors import Failure, ManagementError

FORMAT = 1
MANIFEST, DATABASE = "manifest.json", "database"
_LONGEST_MANIFEST = 1 << 20
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`seals` has the last audit seal of each issuer; `sha256` is of the database in the archive."""

    format: int
    ostiary: str
    engine: str
    schema: str
    taken_at: int
    master_key: str
    seals: Mapping[str, str | None]
    sha256: str


_MANIFEST = TypeAdapter(Manifest)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def write_backup(path: Path, manifest: Manifest, database: Path) -> None:
    """A new file of mode 600, whole from its first moment; another one is never written over."""
    draft = path.with_name(f"{path.name}.{token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                text = json.dumps(asdict(manifest), indent=2).encode() + b"\n"
                head = tarfile.TarInfo(MANIFEST)
                head.size, head.mode, head.mtime = len(text), 0o600, manifest.taken_at
                archive.addfile(head, BytesIO(text))
                archive.add(database, DATABASE)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError as error:
        raise file_exists(path) from error
    finally:
        draft.unlink()


def read_manifest(path: Path) -> Manifest:
    try:
        with tarfile.open(path) as archive:
            file = archive.extractfile(MANIFEST)
            if file is None:
                raise _no_backup(path)
            manifest = _MANIFEST.validate_json(file.read(_LONGEST_MANIFEST))
    except (OSError, tarfile.TarError, KeyError, ValidationError, EOFError) as error:
        raise _no_backup(path) from error
    if manifest.format != FORMAT:
        raise ManagementError(
            f"{path} was written by a newer Ostiary ({manifest.ostiary})",
            "restore it with that version",
            Failure.REFUSED,
        )
    return manifest


def extract_database(path: Path, manifest: Manifest, target: Path) -> None:
    """The database out of the archive, proved to be what was written into it."""
    found = sha256()
    try:
        with tarfile.open(path) as archive:
            file = archive.extractfile(DATABASE)
            if file is None:
                raise _no_backup(path)
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as written:
                while chunk := file.read(_CHUNK):
                    found.update(chunk)
                    written.write(chunk)
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise _damaged(path) from error
    if found.hexdigest() != manifest.sha256:
        raise _damaged(path)


def file_exists(path: Path) -> ManagementError:
    return ManagementError(f"{path} is there already", "name a new file", Failure.CONFLICT)


def _no_backup(path: Path) -> ManagementError:
    return ManagementError(
        f"{path} is no backup of Ostiary", "name a file that ostiary db backup has written"
    )


def _damaged(path: Path) -> ManagementError:
    return ManagementError(
        f"{path} is damaged: its database is not what was written",
        "restore another backup",
        Failure.REFUSED,
    )
