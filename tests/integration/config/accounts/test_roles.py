"""Roles: made with the database, given to people, asked in one place."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.accounts import roles
from config.accounts.permissions import ACTS, ROLES, Role, may, require
from tests.people import client_of, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", Role)
def test_a_role_may_what_its_group_says_and_no_more(role):
    user = person("ada", role)
    assert [act for act in ACTS if may(user, act)] == list(ROLES[role])
    assert Group.objects.get(name=role.value.title()).permissions.count() == len(ROLES[role])


def test_nobody_without_a_role_or_account_may_anything():
    away = person("away", "admin", is_active=False)
    for user in (AnonymousUser(), person("new"), away):
        assert not any(may(user, act) for act in ACTS)
        with pytest.raises(PermissionDenied, match="may not see workflows and runs"):
            require(user, "view")


def test_roles_add_up_and_can_be_taken_back():
    user = person("ada", "designer", "operator")
    assert [act for act in ACTS if may(user, act)] == ["view", "design", "operate"]
    assert roles.of(user) == [Role.DESIGNER, Role.OPERATOR]
    roles.give(user, Role.VIEWER)
    assert [act for act in ACTS if may(user, act)] == ["view"]


def test_who_may_operate_enters_the_admin():
    user = person("ada", "viewer")
    roles.add(user, Role.OPERATOR)
    assert user.is_staff and User.objects.get(username="ada").is_staff
    Group.objects.get(name="Operator").user_set.remove(user)
    assert not User.objects.get(username="ada").is_staff


def test_migrate_brings_the_rights_of_roles_up_to_date_and_leaves_other_permissions():
    viewer, operator = Group.objects.get(name="Viewer"), Group.objects.get(name="Operator")
    board = {permission.codename: permission for permission in operator.permissions.all()}
    retired = Permission.objects.create(
        content_type=board["view"].content_type, codename="shelved", name="May do what no release knows"
    )
    other = Permission.objects.get(codename="view_user")
    viewer.permissions.set([board["operate"], retired, other])
    operator.permissions.set([board["view"], other])
    Group.objects.get(name="Designer").delete()
    call_command("migrate", verbosity=0)
    assert set(viewer.permissions.values_list("codename", flat=True)) == {"view", "view_user"}
    assert set(operator.permissions.values_list("codename", flat=True)) == {"view", "operate", "view_user"}
    assert may(person("dora", "designer"), "design")


def test_who_may_operate_after_an_upgrade_enters_the_admin_and_nobody_else_does():
    operate = Permission.objects.get(content_type__app_label="config", codename="operate")
    person("ada", "operator"), person("bob", "viewer")
    for name, change in (("Operator", "remove"), ("Viewer", "add")):
        getattr(Group.objects.get(name=name).permissions, change)(operate)
    User.objects.filter(username="ada").update(is_staff=False)
    User.objects.filter(username="bob").update(is_staff=True)
    call_command("migrate", verbosity=0)
    assert User.objects.get(username="ada").is_staff
    assert not User.objects.get(username="bob").is_staff


def test_a_group_that_is_up_to_date_is_not_written():
    roles.make_groups()
    with CaptureQueriesContext(connection) as queries:
        roles.make_groups()
    assert all(query["sql"].startswith("SELECT") for query in queries)


def test_people_from_before_there_were_roles_keep_what_they_could_do():
    root, staff, other = (
        User.objects.create_superuser("root"),
        User.objects.create_user("staff", is_staff=True),
        User.objects.create_user("other"),
    )
    import_module("config.accounts.migrations.0001_roles").make_roles(apps, None)
    assert (roles.of(root), roles.of(other)) == ([Role.ADMIN], [Role.VIEWER])
    assert roles.of(staff) == [Role.DESIGNER, Role.OPERATOR]


def test_an_administrator_gives_roles_and_no_other_rights():
    client = client_of("root", "admin")
    client.post(
        reverse("admin:auth_user_add"),
        {
            "username": "new",
            "usable_password": "true",
            "password1": "a-long-word-42",
            "password2": "a-long-word-42",
            "roles": ["operator"],
            "is_superuser": "on",
        },
    )
    new = User.objects.get(username="new")
    assert may(new, "operate") and not may(new, "design") and not new.is_superuser
    page = client.get(reverse("admin:auth_user_change", args=[new.pk])).content.decode()
    assert "Viewer: sees workflows and runs" in page and 'name="is_superuser"' not in page
    assert page.count('name="roles"') == 4 and 'name="groups"' not in page and "ermissions" not in page
    assert re.findall(r'value="(\w+)" [^>]*checked', page) == ["operator"]
    assert "Operator" in client.get(reverse("admin:auth_user_changelist")).content.decode()


def test_roles_are_changed_and_other_groups_stay():
    """Approvals name groups that are no roles; the form offers them only where there are some."""
    client, olga = client_of("root", "admin"), person("olga", "operator")
    url = reverse("admin:auth_user_change", args=[olga.pk])
    sent = {"username": "olga", "is_active": "on", "roles": ["viewer", "designer"]}
    assert 'name="teams"' not in client.get(url).content.decode()
    boss = Group.objects.create(name="Boss")
    olga.groups.add(boss)
    assert 'name="teams"' in client.get(url).content.decode()
    client.post(url, sent | {"teams": [boss.pk]})
    assert set(olga.groups.values_list("name", flat=True)) == {"Viewer", "Designer", "Boss"}
    client.post(url, sent | {"roles": [], "teams": []})
    assert not olga.groups.exists()


def test_the_admin_has_the_words_of_the_product():
    client = client_of("root", "admin")
    page = client.get(reverse("admin:index")).content.decode()
    for words in ("People", "Sign-ins", "Failed sign-ins", "Workflows", "Runs"):
        assert f">{words}<" in re.sub(r"\s*([<>])\s*", r"\1", page), words
    for name in ("auth_user", "axes_accesslog", "axes_accessattempt", "library_product"):
        page += client.get(reverse(f"admin:{name}_changelist")).content.decode()
    assert not re.search(r"Axes|Worker library|Authentication and|[Aa]ccess (log|attempt|failure)", page)


@pytest.mark.parametrize("role", ["viewer", "designer", "operator"])
def test_nobody_else_sees_accounts(role):
    client = client_of("ada", role)
    answer = client.get(reverse("admin:auth_user_changelist"))
    assert answer.status_code == (403 if role == "operator" else 302)
    assert client.get(reverse("django_rq:home")).status_code == (200 if role == "operator" else 403)


def test_who_has_no_role_is_told_so_and_can_sign_out():
    answer = client_of("new").get(reverse("home"))
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "may not see workflows and runs" in page and reverse("logout") in page
    assert reverse("run-list") not in page
