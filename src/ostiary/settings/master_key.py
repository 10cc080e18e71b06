"""Where the master key comes from."""

from collections.abc import Mapping
from pathlib import Path

from ostiary.settings.sections import Settings
from ostiary.signing.master_key import (
    MasterKey,
    MasterKeyError,
    parse_master_key,
    read_master_key,
)

MASTER_KEY_VARIABLE = "OSTIARY_MASTER_KEY"
CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
CREDENTIAL_NAME = "ostiary-master-key"


def find_master_key(settings: Settings, environment: Mapping[str, str]) -> MasterKey:
    """From the file of the settings, else from the variable, else from the systemd credential.

    `load_settings` leaves out a file that the configuration names where there is the variable.
    """
    if settings.master_key.file is not None:
        return _read_master_key(settings.master_key.file)
    if text := environment.get(MASTER_KEY_VARIABLE):
        return parse_master_key(text)
    directory = environment.get(CREDENTIALS_VARIABLE)
    if directory and (credential := Path(directory) / CREDENTIAL_NAME).exists():
        # systemd guards it; an ACL of its makes the mode look wider than it is.
        return parse_master_key(credential.read_text("utf-8"))
    raise MasterKeyError(
        "there is no master key; make one with ostiary init, and name it as master_key.file in the "
        f"configuration, in the variable {MASTER_KEY_VARIABLE} or as the systemd credential "
        f"{CREDENTIAL_NAME}"
    )


def _read_master_key(path: Path) -> MasterKey:
    try:
        return read_master_key(path)
    except MasterKeyError as error:
        # Its text has Python's own words when the file could not be read.
        match error.__cause__:
            case OSError(strerror=reason):
                advice = "check master_key.file and the file's owner and mode"
            case UnicodeDecodeError():
                reason, advice = (
                    "it is not text",
                    "write 32 bytes in base64url, as ostiary init does",
                )
            case _:
                raise
        raise MasterKeyError(f"cannot read the master key {path}: {reason}; {advice}") from error
