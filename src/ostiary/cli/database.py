"""Finding the configuration and opening the database that it names."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory

from ostiary.cli import data_directory
from ostiary.cli.output import say
from ostiary.management.errors import Failure, ManagementError
from ostiary.settings import Settings, find_master_key, load_settings
from ostiary.signing.master_key import MasterKey
from ostiary.storage.schema import SchemaState, ensure_schema, schema_state, schema_version
from ostiary.storage.source import Source
from ostiary.storage.store import Store

CONFIGURATION = Path("ostiary.toml")
DATABASE_VARIABLES = ("OSTIARY_DATABASE__PATH", "OSTIARY_DATABASE__URL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    store: Store
    settings: Settings
    now: int

    def master_key(self) -> MasterKey:
        return find_master_key(self.settings, os.environ)


def locate(config: Path | None) -> Settings:
    """The settings of the configuration that was named or that lies here."""
    found = config or find_configuration()
    if found is not None and found.is_dir():
        return load_settings(None, os.environ, data_directory.setting_values(found))
    return load_settings(found, os.environ)


class WhenMissing(Enum):
    """What to do where there is no database yet."""

    REFUSE = "refuse"
    MAKE = "make"
    PRETEND = "pretend"  # an empty one, thrown away afterwards


@contextmanager
def open_store(
    config: Path | None, when_missing: WhenMissing = WhenMissing.REFUSE
) -> Iterator[Opened]:
    """The store of the configuration."""
    settings = locate(config)
    with ExitStack() as stack:
        source = settings.database.source
        state = schema_state(schema_version(source))
        if state is SchemaState.EMPTY and when_missing is WhenMissing.PRETEND:
            source = Path(stack.enter_context(TemporaryDirectory(prefix="ostiary-"))) / "pretended"
            ensure_schema(source)
        elif when_missing is WhenMissing.MAKE:
            ensure_schema(source)
        else:
            _check_schema(source, state)
        store = Store.open(source)
        stack.callback(store.close)
        yield Opened(store=store, settings=settings, now=int(time.time()))


def find_configuration() -> Path | None:
    """What lies here; None when there is no file, and the environment names the database."""
    if CONFIGURATION.exists():
        say(f"Using {CONFIGURATION}")
        return CONFIGURATION
    if any(name in os.environ for name in DATABASE_VARIABLES):
        return None
    if data_directory.is_demo(data_directory.DEFAULT):
        say(f"Using {data_directory.DEFAULT}, the data of ostiary dev")
        return data_directory.DEFAULT
    raise ManagementError(
        "there is no configuration here",
        "name one, such as -c ostiary.toml, or -c .ostiary where ostiary dev runs; "
        "or make one with: ostiary init",
        Failure.NOT_FOUND,
    )


def _check_schema(source: Source, state: SchemaState) -> None:
    match state:
        case SchemaState.EMPTY:
            raise ManagementError(
                f"there is no database at {source}",
                "make it with: ostiary apply -f FILE, or ostiary db upgrade",
                Failure.NOT_FOUND,
            )
        case SchemaState.BEHIND:
            raise ManagementError(
                f"the database {source} is of an older version",
                "back it up, then run: ostiary db upgrade",
                Failure.REFUSED,
            )
        case SchemaState.NEWER:
            raise ManagementError(
                f"the database {source} was written by a newer Ostiary",
                "run that version, or restore a backup",
                Failure.REFUSED,
            )
        case SchemaState.CURRENT:
            pass
