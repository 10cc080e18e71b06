"""`ostiary init`."""

import re
from pathlib import Path

import pytest

from ostiary.settings import ManagementSettings, Settings, load_settings
from ostiary.storage.source import PostgresqlSource
from tests.cli.terminal import run


def test_it_writes_a_configuration_and_a_key_that_only_the_owner_reads(folder: Path) -> None:
    answer = run("init")
    assert answer.code == 0
    assert (folder / "master.key").stat().st_mode & 0o777 == 0o600
    settings = load_settings(folder / "ostiary.toml", {})
    assert settings.database.path == folder / "ostiary.sqlite3"
    assert settings.master_key.file == folder / "master.key"
    for command in ("client secret", "user password", "serve"):
        assert f"ostiary {command}" in answer.err


def test_what_is_commented_out_is_the_default(folder: Path) -> None:
    run("init")
    template = (folder / "ostiary.toml").read_text("utf-8")
    uncommented = re.sub(r"^# (\w+ = )", r"\1", template, flags=re.MULTILINE)
    assert uncommented != template
    Path("all.toml").write_text(uncommented, "utf-8")
    settings = load_settings(folder / "all.toml", {})
    assert settings.server == Settings().server
    assert settings.outbound == Settings().outbound
    assert settings.log == Settings().log
    assert settings.management == ManagementSettings(port=9401)  # the one that is written
    named = {line.split(" = ")[0] for line in uncommented.splitlines() if " = " in line}
    assert settings.database.connections == Settings().database.connections
    assert {"connections", "statement_timeout_seconds", "pooled_by_transaction"} <= named
    assert {"host", "port", "path", "file", "allow", "level", "format", "requests"} <= named


def test_postgresql_takes_the_place_of_the_file(folder: Path) -> None:
    assert "PostgreSQL" in run("init").err
    template = (folder / "ostiary.toml").read_text("utf-8")
    template = re.sub(r"^path = .*\n", "", template, flags=re.MULTILINE)
    template = re.sub(r"^#   (url = )", r"\1", template, flags=re.MULTILINE)
    Path("postgresql.toml").write_text(template, "utf-8")
    source = load_settings(folder / "postgresql.toml", {}).database.source
    assert isinstance(source, PostgresqlSource)


def test_it_makes_the_directory(folder: Path) -> None:
    assert run("init", "--directory", "etc/ostiary").code == 0
    assert (folder / "etc/ostiary/ostiary.toml").exists()


@pytest.mark.parametrize("name", ["ostiary.toml", "master.key"])
def test_it_never_overwrites(folder: Path, name: str) -> None:
    (folder / name).write_text("mine", "utf-8")
    answer = run("init")
    assert answer.code == 5
    assert name in answer.err
    assert (folder / name).read_text("utf-8") == "mine"
    assert [path.name for path in folder.iterdir()] == [name]
