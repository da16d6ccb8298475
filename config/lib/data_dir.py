"""The layout of DATA_DIR: the secret key and the socket of the embedded Redis.

Paths and first creation only; nothing here starts a process.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import sys
from pathlib import Path
from urllib.parse import quote

from config.lib.errors import BadSetting

SOCKET_PATH_BYTES_MAX = 100  # AF_UNIX takes 108 on Linux and 104 on macOS, with the closing zero
KEY_BYTES = 48


def prepare(data_dir: Path) -> None:
    """Creates the folder, readable by its owner alone; takes the right from others. Raises BadSetting."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        problem = f"{data_dir} cannot be created ({error.strerror}); name another folder"
        raise BadSetting("DATA_DIR", problem) from error
    for path in (data_dir, data_dir / "secret_key"):
        _close_to_others(path)
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise BadSetting("DATA_DIR", f"{data_dir} cannot be written; check its owner and mode")


def _close_to_others(path: Path) -> None:
    """Takes all rights to a path from everybody but its owner, with a word. Raises BadSetting."""
    mode = path.stat().st_mode if path.exists() else 0
    if not mode & 0o077:
        return
    try:
        path.chmod(stat.S_IMODE(mode) & 0o700)
    except OSError as error:
        hint = f"others can use {path}, which holds keys and data; run `chmod go-rwx {path}`"
        raise BadSetting("DATA_DIR", f"{hint} ({error.strerror})") from error
    print(f"Others could use {path}; now its owner alone can.", file=sys.stderr)


def secret_key(data_dir: Path) -> str:
    """Returns the key in DATA_DIR, made on first use; two processes that start at once get the same.

    Raises BadSetting.
    """
    path = data_dir / "secret_key"
    try:
        if not path.exists():
            _create_once(path, secrets.token_urlsafe(KEY_BYTES))
        key = path.read_text().strip()
    except OSError as error:
        raise BadSetting("SECRET_KEY", f"{path} cannot be used ({error.strerror})") from error
    if not key:
        raise BadSetting("SECRET_KEY", f"{path} is empty; delete it, or set SECRET_KEY")
    return key


def redis_socket(data_dir: Path) -> Path:
    """The socket of the embedded Redis: in DATA_DIR, or in a private folder of /tmp for a long path."""
    path = data_dir / "valkey.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX:
        return path
    owner = data_dir.stat().st_uid
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    path = Path(f"/tmp/sagaboard-{owner}-{digest}")  # nosec B108  # refused unless private
    return _private_folder(path, owner) / "valkey.sock"


def redis_url(data_dir: Path) -> str:
    return f"unix://{quote(str(redis_socket(data_dir)))}"


def _private_folder(path: Path, owner: int) -> Path:
    """Makes `path` a folder that nobody but `owner` has made or can enter. Raises BadSetting.

    Anybody may create names in /tmp beforehand, links included: so the folder itself is looked at (`lstat`).
    """
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner or status.st_mode & 0o077:
        raise BadSetting("DATA_DIR", f"{path} belongs to somebody else; use a DATA_DIR with a shorter path")
    return path


def _create_once(path: Path, content: str) -> None:
    """Writes a file unless it exists.

    `link` fails if another process was faster, and never shows half a file.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
