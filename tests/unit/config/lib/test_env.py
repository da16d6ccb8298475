"""Bad values in the environment are refused with one line that says what to do."""

import pytest

from config.lib import env
from config.lib.errors import BadSetting


@pytest.mark.parametrize(
    ("read", "value", "says"),
    [
        (lambda name: env.flag(name, False), "perhaps", "use true or false"),
        (lambda name: env.integer(name, 1, least=0, most=9), "many", "use a whole number"),
        (lambda name: env.integer(name, 1, least=0, most=9), "10", "from 0 to 9"),
        (env.modules, "shop.workers, 9lives", "'9lives' is not a module name"),
        (lambda name: env.queues(name, ()), "a b", "'a b' is not a name"),
        (env.origins, "board.example.org", "use a scheme and host"),
        (env.redis_url, "localhost:6379", "redis://HOST:PORT/DB"),
        (env.redis_url, "redis://host:port", "is not an address"),
        (env.database, "oracle://x/y", "postgresql://"),
        (env.database, "postgresql://host", "postgresql://"),
        (env.database, "postgresql://host:port/name", "is not an address"),
        (env.database, "postgresql://ada:p@ss/w:rd@host/name", "write it as %40"),
        (env.database, "postgresql://ada:p@ss@host/name", "write it as %40"),
        (env.redis_url, "redis://:p@ss@host:6379/0", "write it as %40"),
    ],
)
def test_refuses(monkeypatch, read, value, says):
    monkeypatch.setenv("THING", value)
    with pytest.raises(BadSetting) as refusal:
        read("THING")
    assert str(refusal.value).startswith("THING: ")
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_empty_values_mean_the_default(monkeypatch, tmp_path):
    monkeypatch.setenv("THING", " ")
    assert env.flag("THING", True) is True
    assert env.integer("THING", 7, least=0, most=9) == 7
    assert env.items("THING", ("a",)) == ["a"]
    assert env.folder("THING", tmp_path) == tmp_path
    assert env.redis_url("THING") == ""
    assert env.database("THING") is None


def test_too_many_values(monkeypatch):
    monkeypatch.setenv("THING", ",".join("x" * 101))
    with pytest.raises(BadSetting, match="the limit is 100"):
        env.items("THING")


def test_a_file_is_no_folder(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("THING", str(tmp_path / "file"))
    with pytest.raises(BadSetting, match="is not a folder"):
        env.folder("THING", tmp_path)
