"""Files that hold a secret: for their owner alone, whole from the first moment, never written over."""

import contextlib
import os
import secrets
from pathlib import Path


def write_private_file(path: Path, text: str) -> bool:
    """A new file of mode 600; False, and nothing changed, when there is one already.

    Of several processes that do it at once, one writes, and all find its text.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
            return True
    finally:
        draft.unlink()
    return False
