"""The key, the folder and the socket of DATA_DIR."""

import stat
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote, urlsplit

import pytest

from config.lib import data_dir
from config.lib.errors import BadSetting


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(data_dir.secret_key, [tmp_path] * 16))
    assert len(keys) == 1
    assert len(keys.pop()) >= 50
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701, 0o777])
def test_a_folder_that_others_can_use_is_closed_with_a_word(tmp_path, mode, capsys):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "secret_key").write_text("x")
    (folder / "secret_key").chmod(0o644)
    folder.chmod(mode)
    data_dir.prepare(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    said = capsys.readouterr().err
    assert f"Others could use {folder};" in said and "secret_key" in said
    data_dir.prepare(folder)
    assert capsys.readouterr().err == ""


def test_a_folder_that_cannot_be_closed_is_refused(tmp_path, monkeypatch):
    def refuse(self, mode):
        raise PermissionError(1, "Operation not permitted")

    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(0o755)
    monkeypatch.setattr(type(folder), "chmod", refuse)
    with pytest.raises(BadSetting, match="chmod go-rwx"):
        data_dir.prepare(folder)


def test_an_empty_key_is_refused(tmp_path):
    (tmp_path / "secret_key").touch()
    with pytest.raises(BadSetting, match="is empty"):
        data_dir.secret_key(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match="cannot be created"):
        data_dir.prepare(tmp_path / "file" / "data")


def test_the_socket_lies_in_the_folder(tmp_path):
    assert data_dir.redis_socket(tmp_path) == tmp_path / "valkey.sock"


def test_a_deep_folder_has_its_socket_elsewhere_and_always_at_the_same_place(tmp_path):
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    path = data_dir.redis_socket(deep)
    assert len(str(path)) <= data_dir.SOCKET_PATH_BYTES_MAX
    assert path == data_dir.redis_socket(deep)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.parent.chmod(0o755)
    with pytest.raises(BadSetting, match="belongs to somebody else"):
        data_dir.redis_socket(deep)
    path.parent.rmdir()


def test_the_address_keeps_strange_characters(tmp_path):
    folder = tmp_path / "a b#c?d"
    url = urlsplit(data_dir.redis_url(folder))
    assert url.scheme == "unix"
    assert unquote(url.path) == str(folder / "valkey.sock")
