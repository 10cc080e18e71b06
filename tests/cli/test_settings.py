"""Settings: where they come from, and all that is wrong with them at once."""

import re
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from ostiary.management.file_faults import FileFaults
from ostiary.settings import Settings, find_master_key, load_settings
from ostiary.signing.master_key import MasterKey, MasterKeyError, parse_master_key

KEY = urlsafe_b64encode(bytes(32)).decode()


def write(text: str) -> Path:
    path = Path("ostiary.toml").absolute()
    path.write_text(text, "utf-8")
    return path


def faults(text: str, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(FileFaults) as caught:
        load_settings(write(text), environment or {})
    return [str(fault) for fault in caught.value.faults]


def test_flags_go_before_variables_before_the_file_before_the_default() -> None:
    path = write('[server]\nport = 1001\nhost = "file"\n[log]\nlevel = "debug"')
    environment = {"OSTIARY_SERVER__PORT": "1002", "OSTIARY_SERVER__HOST": "variable"}
    settings = load_settings(path, environment, {"server": {"port": 1003}})
    assert settings.server.port == 1003
    assert settings.server.host == "variable"
    assert settings.log.level == "debug"
    assert settings.log.format == "auto"


def test_paths_are_relative_to_the_file_that_names_them(folder: Path) -> None:
    nested = folder / "etc"
    nested.mkdir()
    (nested / "o.toml").write_text('[database]\npath = "a.db"\n[master_key]\nfile = "/k"')
    settings = load_settings(nested / "o.toml", {})
    assert settings.database.path == nested / "a.db"
    assert settings.master_key.file == Path("/k")
    assert load_settings(
        nested / "o.toml", {"OSTIARY_DATABASE__PATH": "b.db"}
    ).database.path == Path("b.db")


def test_all_faults_are_told_at_once_with_their_lines_and_what_to_write() -> None:
    text = """\
titel = "x"

[server]
port = "abc"
prot = 9400

[log]
level = "inof"
requests = "sometimes"
"""
    assert faults(text, {"OSTIARY_DATABSE__PATH": "x", "OSTIARY_SERVER__HOST__X": "1"}) == [
        "OSTIARY_SERVER__HOST__X: server.host: write text in quotes, not a table",
        'OSTIARY_DATABSE__PATH: databse: unknown key; did you mean "database"?',
        "line 1: titel: unknown key; write one of: database, limits, log, management, "
        "master_key, metrics, outbound, server, tracing",
        'line 4: server.port: write a whole number, not "abc"',
        'line 5: server.prot: unknown key; did you mean "port"?',
        "line 8: log.level: write 'debug', 'info', 'warning' or 'error', not \"inof\"",
        'line 9: log.requests: write true or false, not "sometimes"',
    ]


@pytest.mark.parametrize("port", ["0", "65536", "true", "94.5", "[9400]"])
def test_a_port_is_a_port(port: str) -> None:
    assert len(faults(f"[server]\nport = {port}")) == 1


def test_every_wrongly_typed_value_is_told_beside_the_others() -> None:
    text = """\
server = "localhost:9400"
listen = 9400

[database]
path = 5
pth = "x"

[master_key]
file = true

[log]
level = ["info"]
format = "yaml"
requests = 7
"""
    assert faults(text, {"OSTIARY_LOG__LEVL": "info"}) == [
        'OSTIARY_LOG__LEVL: log.levl: unknown key; did you mean "level"?',
        'line 1: server: write a table, not "localhost:9400"',
        "line 2: listen: unknown key; write one of: database, limits, log, management, "
        "master_key, metrics, outbound, server, tracing",
        "line 5: database.path: write a path in quotes, not 5",
        'line 6: database.pth: unknown key; did you mean "path"?',
        "line 9: master_key.file: write a path in quotes, not true",
        "line 12: log.level: write 'debug', 'info', 'warning' or 'error', not a list",
        "line 13: log.format: write 'json', 'text' or 'auto', not \"yaml\"",
        "line 14: log.requests: write true or false, not 7",
    ]


def test_the_origins_that_may_be_asked_are_a_list_or_one_text_of_a_variable() -> None:
    listed = ["http://localhost:8080", "https://10.1.2.3:9443"]
    path = write(f"[outbound]\nallow = {listed}")
    variable = {"OSTIARY_OUTBOUND__ALLOW": " ".join(listed)}
    for settings in (load_settings(path, {}), load_settings(None, variable)):
        assert {str(origin) for origin in settings.outbound.allow} == set(listed)


def test_what_is_no_origin_is_told_with_its_line() -> None:
    text = '[outbound]\nallow = ["http://localhost:8080/jwks", 5, "localhost"]'
    advice = "write a scheme, a host and a port, such as http://localhost:8080"
    assert faults(text) == [
        f"line 2: outbound.allow[0]: {advice}",
        "line 2: outbound.allow[1]: write text in quotes",
        f"line 2: outbound.allow[2]: {advice}",
    ]
    assert faults("[outbound]\nallow = 5") == ["line 2: outbound.allow: write a list, not 5"]


def test_what_is_no_toml_is_told_with_its_line() -> None:
    (fault,) = faults("[server]\nport = = 1")
    assert "line 2" in fault


def test_variables_of_container_platforms_are_not_settings() -> None:
    environment = {"OSTIARY_PORT": "tcp://10.0.0.1:9400", "OSTIARY_SERVICE_HOST": "10.0.0.1"}
    assert load_settings(None, environment) == Settings()


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(FileFaults, match="No such file"):
        load_settings(Path("none.toml"), {})


def test_the_master_key_comes_from_the_first_place_that_has_one(folder: Path) -> None:
    file, credential = folder / "file.key", folder / "ostiary-master-key"
    keys = {
        name: urlsafe_b64encode(bytes([number]) * 32).decode()
        for number, name in enumerate(("file", "variable", "credential"))
    }
    file.write_text(keys["file"])
    file.chmod(0o600)
    credential.write_text(keys["credential"])
    credential.chmod(0o440)  # systemd's own, which an ACL makes look open
    everything = {"CREDENTIALS_DIRECTORY": str(folder), "OSTIARY_MASTER_KEY": keys["variable"]}
    with_file = load_settings(None, {}, {"master_key": {"file": file}})

    assert opens(find_master_key(with_file, everything), keys["file"])
    assert opens(find_master_key(Settings(), everything), keys["variable"])
    del everything["OSTIARY_MASTER_KEY"]
    assert opens(find_master_key(Settings(), everything), keys["credential"])
    with pytest.raises(MasterKeyError, match="ostiary init"):
        find_master_key(Settings(), {})


def test_the_variable_goes_before_the_file_that_the_configuration_names(folder: Path) -> None:
    file, configuration = folder / "file.key", folder / "ostiary.toml"
    in_file, in_variable = (urlsafe_b64encode(each * 32).decode() for each in (b"f", b"v"))
    file.write_text(in_file)
    file.chmod(0o600)
    configuration.write_text('[master_key]\nfile = "file.key"\n')
    variable = {"OSTIARY_MASTER_KEY": in_variable}

    settings = load_settings(configuration, {})
    assert opens(find_master_key(settings, {}), in_file)
    settings = load_settings(configuration, variable)
    assert opens(find_master_key(settings, variable), in_variable)
    # As a flag does, and the directory of ostiary dev.
    settings = load_settings(configuration, variable, {"master_key": {"file": file}})
    assert opens(find_master_key(settings, variable), in_file)


def opens(key: MasterKey, text: str) -> bool:
    return key.open(parse_master_key(text).seal(b"secret", "context"), "context") == b"secret"


def test_a_master_key_that_others_may_read_is_refused(folder: Path) -> None:
    file = folder / "file.key"
    file.write_text(KEY)
    file.chmod(0o640)
    settings = load_settings(None, {}, {"master_key": {"file": file}})
    with pytest.raises(MasterKeyError, match="chmod 600"):
        find_master_key(settings, {})


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_master_key_that_cannot_be_read_is_told_in_plain_words(
    folder: Path, content: bytes | None
) -> None:
    file = folder / "file.key"
    if content is not None:
        file.write_bytes(content)
    settings = load_settings(None, {}, {"master_key": {"file": file}})
    with pytest.raises(MasterKeyError, match=r"cannot read the master key .*; ") as caught:
        find_master_key(settings, {})
    assert not {"Errno", "codec"} & set(re.findall(r"\w+", str(caught.value)))


URL = "postgresql://ostiary@127.0.0.1:1/ostiary"


def test_a_path_and_a_url_in_one_file_are_one_too_many() -> None:
    text = f'[database]\npath = "a.db"\nurl = "{URL}"'
    assert faults(text) == ["line 1: database: give path (SQLite) or url (PostgreSQL), not both"]


def test_of_path_and_url_the_one_that_is_said_last_is_the_database() -> None:
    file = write('[database]\npath = "a.db"')
    assert str(load_settings(file, {"OSTIARY_DATABASE__URL": URL}).database.source) == (
        "postgresql://127.0.0.1:1/ostiary"
    )
    file = write(f'[database]\nurl = "{URL}"\nconnections = 3')
    settings = load_settings(file, {"OSTIARY_DATABASE__PATH": "b.db"})
    assert settings.database.source == Path("b.db")
    assert settings.database.connections == 3
    settings = load_settings(None, {"OSTIARY_DATABASE__URL": URL}, {"database": {"path": "c.db"}})
    assert settings.database.source == Path("c.db")
