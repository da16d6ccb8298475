"""People, their roles and tokens, and who signed in, for those who administer accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils import timezone

from config.accounts.models import ApiToken
from config.accounts.permissions import Act, ForRole, may

if TYPE_CHECKING:
    ModelAdmin = UserAdmin[User]
    BaseAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = UserAdmin
    BaseAdmin = admin.ModelAdmin

admin.site.unregister(Group)
admin.site.unregister(User)

NEW_PERSON = ["username", "email", "usable_password", "password1", "password2", "groups"]
ROLES_HELP = "Viewer sees. Designer edits and publishes. Operator starts, cancels, answers. Admin does all."


@admin.register(User)
class PersonAdmin(ForRole, ModelAdmin):
    """What an account may do follows from its roles alone, so no other rights are offered."""

    sees: Act = "administer"
    changes: Act | None = "administer"
    list_display = ["username", "email", "roles", "is_active", "last_login"]
    list_filter = ["groups", "is_active"]
    search_fields = ["username", "email", "first_name", "last_name"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Roles", {"fields": ["is_active", "groups"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": NEW_PERSON})]

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description="roles")
    def roles(self, user: User) -> str:
        names = [group.name for group in user.groups.all()]
        return ", ".join(names) or ("superuser" if user.is_superuser else "none")

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "groups":
            field.label, field.help_text = "Roles", ROLES_HELP
        return field


class ForAdmins(ForRole, BaseAdmin):
    """Only looked at; nothing is added, changed or deleted here."""

    sees: Act = "administer"


@admin.register(ApiToken)
class TokenAdmin(ForAdmins):
    list_display = ["name", "start", "owner", "role", "standing", "created_at", "expires_at", "last_used_at"]
    list_filter = ["role", "revoked_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "owner__username", "start"]
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.action(description="Revoke the chosen tokens")
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        """Each is noted in the admin log."""
        tokens = list(chosen.filter(revoked_at=None))
        chosen.filter(revoked_at=None).update(revoked_at=timezone.now())
        LogEntry.objects.log_actions(request.user.pk or 0, tokens, CHANGE, "Revoked.")
        self.message_user(request, f"{len(tokens)} revoked.")


class SignInAdmin(ForAdmins):
    list_display = ["attempt_time", "username", "ip_address", "user_agent", "path_info"]
    list_filter = ["attempt_time"]
    search_fields = ["username", "ip_address"]
    fields = ["attempt_time", "username", "ip_address", "user_agent", "path_info"]


class AttemptAdmin(SignInAdmin):
    """Failures that count towards a lock. Deleting one lifts its lock."""

    list_display = [*SignInAdmin.list_display, "failures_since_start"]
    fields = [*SignInAdmin.fields, "failures_since_start"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, "administer")


for model in (AccessLog, AccessFailureLog):
    admin.site.unregister(model)
    admin.site.register(model, SignInAdmin)
admin.site.unregister(AccessAttempt)
admin.site.register(AccessAttempt, AttemptAdmin)
