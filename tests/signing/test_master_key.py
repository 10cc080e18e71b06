"""The master key: what it seals, it alone opens; where it lies, nobody else reads it. DJ-10."""

import os
import stat
import subprocess
import sys
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.signing.master_key import (
    MasterKey,
    MasterKeyError,
    parse_master_key,
    read_master_key,
    write_master_key,
)

RAW = bytes(range(200, 232))
TEXT = urlsafe_b64encode(RAW).decode("ascii")
KEY = MasterKey(RAW)
CONTEXT = "signing-key main k1"
SECRET = b"the private key of the bank"
AT_ONCE = 8


@pytest.fixture
def open_umask() -> Iterator[None]:
    """A process that lets everybody read what it writes."""
    before = os.umask(0)
    yield
    os.umask(before)


@settings(deadline=None)
@given(st.binary(max_size=200), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_what_was_sealed_opens_to_itself(secret: bytes, context: str) -> None:
    assert KEY.open(KEY.seal(secret, context), context) == secret


def test_the_secret_does_not_stand_in_what_is_sealed() -> None:
    assert SECRET not in KEY.seal(SECRET, CONTEXT)


def test_no_two_seals_of_a_secret_are_the_same() -> None:
    assert len({KEY.seal(SECRET, CONTEXT) for _ in range(100)}) == 100


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=32).filter(lambda raw: raw != RAW))
def test_another_key_does_not_open(raw: bytes) -> None:
    with pytest.raises(MasterKeyError, match="does not open"):
        MasterKey(raw).open(KEY.seal(SECRET, CONTEXT), CONTEXT)


@pytest.mark.parametrize(
    "context",
    ["", "signing-key main k2", "signing-key other k1", "handle-key main k1", CONTEXT + " "],
)
def test_another_context_does_not_open(context: str) -> None:
    with pytest.raises(MasterKeyError, match="does not open"):
        KEY.open(KEY.seal(SECRET, CONTEXT), context)


def test_no_changed_bit_opens() -> None:
    sealed = KEY.seal(SECRET, CONTEXT)
    for at in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[at] ^= 1 << bit
            with pytest.raises(MasterKeyError):
                KEY.open(bytes(changed), CONTEXT)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 11, 12, 13, 27, 28, 54])
def test_nothing_cut_off_opens(length: int) -> None:
    with pytest.raises(MasterKeyError):
        KEY.open(KEY.seal(SECRET, CONTEXT)[:length], CONTEXT)


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(MasterKeyError, match="32 bytes in base64url"):
        MasterKey(bytes(length))


@pytest.mark.parametrize("text", [TEXT, TEXT.rstrip("="), f"{TEXT}\n", f"  {TEXT}\r\n"])
def test_a_key_is_read_with_or_without_padding_and_space_around_it(text: str) -> None:
    assert parse_master_key(text).open(KEY.seal(SECRET, CONTEXT), CONTEXT) == SECRET


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\n", id="newline"),
        pytest.param("change-me", id="a word"),
        pytest.param(TEXT[:-2], id="too short"),
        pytest.param("A" + TEXT.rstrip("="), id="one character too long"),
        pytest.param(TEXT.rstrip("=") * 2, id="twice"),
        pytest.param(RAW.hex(), id="hexadecimal"),
        pytest.param("é" * 43, id="not ASCII"),
        pytest.param("\ud800" * 43, id="surrogates"),
        pytest.param("!" * 43, id="junk"),
    ],
)
def test_a_text_that_is_no_key_is_refused_with_what_it_must_be(text: str) -> None:
    with pytest.raises(MasterKeyError, match="32 bytes in base64url"):
        parse_master_key(text)


def test_the_message_for_a_wrong_key_does_not_tell_the_key() -> None:
    with pytest.raises(MasterKeyError) as caught:
        parse_master_key(TEXT[:-3])
    assert TEXT[:20] not in str(caught.value)


@pytest.mark.usefixtures("open_umask")
def test_a_new_key_is_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "master.key"
    write_master_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = read_master_key(path)
    assert key.open(key.seal(SECRET, CONTEXT), CONTEXT) == SECRET


def test_no_two_new_keys_are_the_same(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(20)]
    for path in paths:
        write_master_key(path)
    assert len({path.read_text("ascii") for path in paths}) == 20


def test_a_key_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    write_master_key(path)
    before = path.read_bytes()
    write_master_key(path)
    assert path.read_bytes() == before


def test_of_eight_threads_that_start_at_once_all_read_the_same_key(tmp_path: Path) -> None:
    for number in range(20):
        path = tmp_path / str(number) / "master.key"
        start = threading.Barrier(AT_ONCE)

        def begin(path: Path = path, start: threading.Barrier = start) -> str:
            start.wait()
            write_master_key(path)
            read_master_key(path)
            return path.read_text("ascii")

        with ThreadPoolExecutor(AT_ONCE) as pool:
            texts = {each.result() for each in [pool.submit(begin) for _ in range(AT_ONCE)]}
        assert len(texts) == 1
        assert [each.name for each in path.parent.iterdir()] == [path.name], "no draft is left"


BEGIN = """
import sys
from hashlib import sha256
from pathlib import Path
from ostiary.signing.master_key import read_master_key, write_master_key
path = Path(sys.argv[1])
print("ready", flush=True)
sys.stdin.read(1)
write_master_key(path)
read_master_key(path)
print(sha256(path.read_bytes()).hexdigest())
"""


def test_of_eight_processes_that_start_at_once_all_read_the_same_key(tmp_path: Path) -> None:
    path = tmp_path / "data" / "master.key"
    processes = [
        subprocess.Popen(
            (sys.executable, "-c", BEGIN, path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(AT_ONCE)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("x")
            process.stdin.flush()
        seen = [process.communicate(timeout=30)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert seen == [sha256(path.read_bytes()).hexdigest() + "\n"] * AT_ONCE
    assert [each.name for each in path.parent.iterdir()] == [path.name], "no draft is left"


def test_a_key_appears_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the moment in which the name appears, the key is on the disk behind it."""
    path = tmp_path / "master.key"
    flushed: list[int] = []
    seen: list[bool] = []
    fsync, link = os.fsync, os.link

    def flushing(descriptor: int) -> None:
        assert not path.exists()
        flushed.append(os.fstat(descriptor).st_size)
        fsync(descriptor)

    def linking(source: Path, target: Path) -> None:
        seen.append(path.exists())
        assert stat.S_IMODE(source.stat().st_mode) == 0o600
        assert flushed == [source.stat().st_size]
        link(source, target)

    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(os, "link", linking)
    write_master_key(path)
    assert seen == [False]
    read_master_key(path)


def test_the_key_of_whoever_was_first_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the link somebody else was faster."""
    path = tmp_path / "master.key"
    link = os.link

    def late(source: Path, target: Path) -> None:
        path.write_text(TEXT)
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    write_master_key(path)
    assert path.read_text() == TEXT
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_key_that_cannot_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_master_key(tmp_path / "master.key")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_only_its_owner_reads_is_accepted(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    write_master_key(path)
    path.chmod(mode)
    key = read_master_key(path)
    assert key.open(key.seal(SECRET, CONTEXT), CONTEXT) == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620, 0o602, 0o610, 0o601, 0o777])
def test_dj_10_a_file_open_to_others_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "master.key"
    write_master_key(path)
    path.chmod(mode)
    with pytest.raises(MasterKeyError, match="chmod 600") as caught:
        read_master_key(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match=r"cannot read .*missing\.key"):
        read_master_key(tmp_path / "missing.key")


def test_a_folder_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(MasterKeyError, match="cannot read"):
        read_master_key(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe" * 20, RAW, b"secret\n"])
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(MasterKeyError):
        read_master_key(path)
