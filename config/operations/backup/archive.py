"""The file of a backup: a zip archive of the database's parts, and `manifest.json` as the last of them.

A part is streamed in and out, so its size does not matter. Its SHA-256 stands in the manifest, which is
guarded by the archive's own checksum; the archive's directory is at its end, so half a file is no archive.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from config.operations.backup.errors import CannotWrite, Damaged, NoBackup

MANIFEST = "manifest.json"
MANIFEST_BYTES_MAX = 10_000_000
CHUNK_BYTES = 1 << 20
COMPRESSION_LEVEL = 3  # half as large again as the best, and several times faster
KEYS_NOTE = (
    "SECRET_KEY, SECRET_KEY_FALLBACKS and DATA_DIR/secret_key are not in this file, nor are the files of "
    "DATA_DIR. Sealed secrets open with the keys of these fingerprints only."
)


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    bytes: int
    sha256: str


class Table(BaseModel):
    """`columns` and `numbers`, the last given value of each numbered column, stand where rows are copied."""

    model_config = ConfigDict(extra="forbid")
    rows: int
    columns: list[str] = []
    numbers: dict[str, int] = {}


class Manifest(BaseModel):
    """What a backup holds. `keys`: fingerprints of the keys that open its secrets; no key is in it."""

    model_config = ConfigDict(extra="forbid")
    product: Literal["sagaboard"] = "sagaboard"
    format: Literal[1] = 1
    made_at: str
    database: str
    migrations: list[tuple[str, str]]
    tables: dict[str, Table]
    keys: list[str]
    note: str = KEYS_NOTE
    parts: dict[str, Part] = {}

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


class Writer:
    """Takes the parts of a backup, one after the other."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.parts: dict[str, Part] = {}

    def add(self, name: str, chunks: Iterable[bytes | memoryview]) -> None:
        digest, size = hashlib.sha256(), 0
        with self._archive.open(_entry(name), "w", force_zip64=True) as part:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                part.write(chunk)
        self.parts[name] = Part(bytes=size, sha256=digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        stated = manifest.model_copy(update={"parts": self.parts}).model_dump()
        self._archive.writestr(_entry(MANIFEST), orjson.dumps(stated, option=orjson.OPT_INDENT_2))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    entry._compresslevel = COMPRESSION_LEVEL  # type: ignore[attr-defined]  # public from Python 3.13 on
    return entry


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """A backup that is at `path` only once it is whole; only its owner may read it. Raises CannotWrite.

    An earlier backup of that name is replaced, any other file is not. Raises NoBackup.
    """
    if path.exists():
        Reader(path)
    try:
        descriptor, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written ({error.strerror}); name another file") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w") as archive:
                yield Writer(archive)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise CannotWrite(
            f"{path} cannot be written ({error.strerror}); make room, or name another"
        ) from error
    finally:
        Path(draft).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Makes a new name in a folder outlast a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Reader:
    """A backup that was opened, and its manifest. Raises NoBackup."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
            if self._archive.getinfo(MANIFEST).file_size > MANIFEST_BYTES_MAX:
                raise NoBackup(path, "its manifest is too long")
            self.manifest = Manifest.model_validate_json(self._archive.read(MANIFEST))
        except OSError as error:
            raise NoBackup(path, error.strerror or str(error)) from error
        except KeyError as error:
            raise NoBackup(path, "it has no manifest") from error
        except ValidationError as error:
            raise NoBackup(path, f"its manifest has another form, at {_place(error)}") from error
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise NoBackup(path, "it is no whole archive") from error

    def read_through(self, say: Callable[[str], None]) -> None:
        """Raises Damaged if any part is."""
        for name in self.manifest.parts:
            for _ in self.chunks(name):
                say(f"{name} is checked")

    def chunks(self, name: str) -> Iterator[bytes]:
        """A part's content. Raises Damaged, at its end if its checksum is wrong."""
        digest, size = hashlib.sha256(), 0
        stated = self.manifest.parts.get(name)
        if stated is None:
            raise Damaged(f"its manifest does not name {name}")
        try:
            with self._archive.open(name) as part:
                while chunk := part.read(CHUNK_BYTES):
                    digest.update(chunk)
                    size += len(chunk)
                    yield chunk
        except (KeyError, OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise Damaged(f"{name} cannot be read ({error})") from error
        if (size, digest.hexdigest()) != (stated.bytes, stated.sha256):
            raise Damaged(f"the checksum of {name} is not the one in the manifest")


def _place(error: ValidationError) -> Any:
    return "/".join(map(str, error.errors()[0]["loc"])) or "its beginning"
