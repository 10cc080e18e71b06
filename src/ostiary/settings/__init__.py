"""Settings of the process."""

from ostiary.settings.loading import NESTING, PREFIX, load_settings
from ostiary.settings.master_key import (
    CREDENTIAL_NAME,
    CREDENTIALS_VARIABLE,
    MASTER_KEY_VARIABLE,
    find_master_key,
)
from ostiary.settings.sections import (
    UNIX,
    LimitSettings,
    ManagementSettings,
    ServerSettings,
    Settings,
)

__all__ = [
    "CREDENTIALS_VARIABLE",
    "CREDENTIAL_NAME",
    "MASTER_KEY_VARIABLE",
    "NESTING",
    "PREFIX",
    "UNIX",
    "LimitSettings",
    "ManagementSettings",
    "ServerSettings",
    "Settings",
    "find_master_key",
    "load_settings",
]
