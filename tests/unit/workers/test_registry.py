"""Loading modules into a catalog: who wins, and what is refused."""

from __future__ import annotations

import sys

import pytest
from django.test import override_settings

from workers.registry import get_catalog, load_catalog
from workers.sdk.errors import DuplicateWorker, ModuleNotLoaded

WORKER = "from workers import worker\n\n@worker({name!r})\ndef work(context):\n    return {answer!r}\n"


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Writes importable modules; forgets them afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    written = []

    def write(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(text)
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)


def test_workers_of_all_modules_are_found(modules):
    one = modules("shop_one", WORKER.format(name="a", answer=1))
    two = modules("shop_two", WORKER.format(name="b", answer=2))
    catalog = load_catalog([one], [two])
    assert sorted(catalog) == ["a", "b"] and len(catalog) == 2
    assert catalog["a"].module == "shop_one" and not catalog.overrides
    assert "c" not in catalog


def test_the_users_worker_wins_over_a_shipped_one_and_that_is_recorded(modules):
    own = modules("own_shop", WORKER.format(name="a", answer="own"))
    shipped = modules("shipped_shop", WORKER.format(name="a", answer="shipped"))
    catalog = load_catalog([own], [shipped])
    assert catalog["a"].module == "own_shop"
    assert catalog.overrides["a"].module == "shipped_shop"


def test_a_worker_imported_into_another_module_is_no_duplicate(modules):
    shipped = modules("shipped_again", WORKER.format(name="a", answer=1))
    own = modules("own_again", "from shipped_again import work")
    assert not load_catalog([own], [shipped]).overrides
    assert list(load_catalog([own, shipped], [])) == ["a"]


def test_two_user_modules_with_one_name_are_refused_naming_both(modules):
    one = modules("first_shop", WORKER.format(name="a", answer=1))
    two = modules("second_shop", WORKER.format(name="a", answer=2))
    with pytest.raises(DuplicateWorker, match="first_shop.*second_shop") as refusal:
        load_catalog([one, two], [])
    assert refusal.value.worker == "a" and refusal.value.modules == ("first_shop", "second_shop")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1/0", "ZeroDivisionError"),
        ("def (", "SyntaxError"),
        ("import no_such_module_at_all", "no_such_module_at_all"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("from workers import worker\n\n@worker('a b')\ndef f(): ...", "names are letters"),
    ],
)
def test_a_module_that_fails_to_import_is_named_with_the_reason(modules, text, reason):
    name = modules("broken_shop", text)
    with pytest.raises(ModuleNotLoaded, match=reason) as refusal:
        load_catalog([name], [])
    assert "broken_shop" in str(refusal.value) and "PYTHONPATH" not in str(refusal.value)


def test_a_module_that_is_not_there_may_be_in_another_folder():
    with pytest.raises(ModuleNotLoaded, match=r"No module named 'nowhere'; is the folder .* in PYTHONPATH"):
        load_catalog(["nowhere.workers"], [])


def test_a_module_that_is_not_there_is_named():
    with pytest.raises(ModuleNotLoaded, match="never_written"):
        load_catalog(["never_written"], [])


def test_the_catalog_of_the_process_comes_from_the_settings(modules):
    own = modules("settings_shop", WORKER.format(name="a", answer=1))
    with override_settings(WORKER_MODULES=[own], WORKER_LIBRARY=[]):
        assert list(get_catalog()) == ["a"]
        assert get_catalog() is get_catalog()
