"""Admin pages of accounts: users with their roles, API tokens, sign-ins and failed sign-ins.

Only users can be edited. Everything else is read-only, except revoking a token and lifting a lockout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from config.accounts.forms import NewUserForm, UserForm
from config.accounts.models import ApiToken
from config.accounts.permissions import Act, ForRole, Role, may
from config.accounts.roles import GROUPS

if TYPE_CHECKING:
    ModelAdmin = UserAdmin[User]
    BaseAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = UserAdmin
    BaseAdmin = admin.ModelAdmin

admin.site.unregister(Group)
admin.site.unregister(User)
for secret in (TOTPDevice, StaticDevice):  # of their owners alone; `reset_second_factor` takes one away
    admin.site.unregister(secret)

NEW_USER_FIELDS = ["username", "email", "usable_password", "password1", "password2", "roles"]


class RoleFilter(admin.SimpleListFilter):
    title, parameter_name = "role", "role"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.value, role.value.title()) for role in Role]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(groups__name=chosen.title()) if chosen else queryset


@admin.register(User)
class PersonAdmin(ForRole, ModelAdmin):
    """Users. Permissions follow from roles alone, so the form offers no individual permissions."""

    form = UserForm
    add_form = NewUserForm
    sees: Act = "administer"
    changes: Act | None = "administer"
    list_display = ["username", "email", "role_names", "is_active", "last_login"]
    list_filter = [RoleFilter, "is_active"]
    search_fields = ["username", "email", "first_name", "last_name"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Roles", {"fields": ["is_active", "roles", "teams"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": NEW_USER_FIELDS})]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """People are deleted one by one, so that each is thought about."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], Any, set[str], list[Any]]:
        """What goes with an account needs no permission of its own. Refuses one's own account, with words."""
        own = ["This is your own account. Another administrator can delete it."]
        return [str(user) for user in objs], {}, set(), own if request.user in objs else []

    @admin.display(description="roles")
    def role_names(self, user: User) -> str:
        names = [group.name for group in user.groups.all() if group.name in GROUPS]
        return ", ".join(names) or ("superuser" if user.is_superuser else "none")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Groups that are no roles are offered only where there are some."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or Group.objects.exclude(name__in=GROUPS).exists():
            return fieldsets
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name != "teams"]})
            for title, options in fieldsets
        ]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Keeps the groups that the form did not offer."""
        if change and "teams" not in form.cleaned_data:
            form.cleaned_data["teams"] = form.initial["teams"]
        super().save_related(request, form, formsets, change)


class ReadOnlyForAdmins(ForRole, BaseAdmin):
    """Rows can be viewed by administrators, and not added, changed or deleted."""

    sees: Act = "administer"


@admin.register(ApiToken)
class TokenAdmin(ReadOnlyForAdmins):
    list_display = ["name", "start", "owner", "role", "standing", "created_at", "expires_at", "last_used_at"]
    list_filter = ["role", "revoked_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__username", "start"]
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.action(description="Revoke the chosen tokens")
    def revoke(self, request: HttpRequest, selected: QuerySet[ApiToken]) -> None:
        """Revokes the selected tokens that are not revoked yet, and logs each in the admin log."""
        tokens = list(selected.filter(revoked_at=None))
        selected.filter(revoked_at=None).update(revoked_at=timezone.now())
        LogEntry.objects.log_actions(request.user.pk or 0, tokens, CHANGE, "Revoked.")
        self.message_user(request, f"{len(tokens)} revoked.")


class SignInAdmin(ReadOnlyForAdmins):
    list_display = ["attempt_time", "username", "ip_address", "user_agent", "path_info"]
    list_filter = ["attempt_time"]
    search_fields = ["username", "ip_address"]
    fields = ["attempt_time", "username", "ip_address", "user_agent", "path_info"]


class AttemptAdmin(SignInAdmin):
    """Failed sign-ins that count towards a lockout. Deleting one lifts its lockout."""

    list_display = [*SignInAdmin.list_display, "failures_since_start"]
    fields = [*SignInAdmin.fields, "failures_since_start"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, "administer")


for model in (AccessLog, AccessFailureLog):
    admin.site.unregister(model)
    admin.site.register(model, SignInAdmin)
admin.site.unregister(AccessAttempt)
admin.site.register(AccessAttempt, AttemptAdmin)
