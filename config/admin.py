"""People and their roles in the admin, for those who administer accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.forms import ModelMultipleChoiceField
from django.http import HttpRequest

from config.access import Act, ForRole

if TYPE_CHECKING:
    ModelAdmin = UserAdmin[User]
else:
    ModelAdmin = UserAdmin

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
