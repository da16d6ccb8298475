"""Forms of the account pages, and of a user in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AdminUserCreationForm, PasswordChangeForm, UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from config.accounts.permissions import Role
from config.accounts.roles import GROUPS, give
from config.accounts.roles import of as roles_of
from config.accounts.tokens import DAYS_MAX, grantable_roles

if TYPE_CHECKING:
    UserModelForm = forms.ModelForm[User]
    Creation = AdminUserCreationForm[User]
    Change = UserChangeForm[User]
else:
    UserModelForm, Creation, Change = forms.ModelForm, AdminUserCreationForm, UserChangeForm

NAME_CHARS_MAX = 100
DAYS_DEFAULT = 90


class TokenForm(forms.Form):
    """A new API token. Offers only roles whose permissions the person has."""

    name = forms.CharField(max_length=NAME_CHARS_MAX, widget=forms.TextInput({"class": "input"}))
    role = forms.ChoiceField(widget=forms.Select({"class": "select"}))
    days = forms.IntegerField(
        min_value=1, max_value=DAYS_MAX, initial=DAYS_DEFAULT, widget=forms.NumberInput({"class": "input"})
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.value.title()) for role in grantable_roles(user)]


class ChangePasswordForm(PasswordChangeForm):
    """A new password. A wrong old one counts like a failed sign-in, so that an open session is no oracle."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    @sensitive_variables("password")
    def clean_old_password(self) -> str:
        password: str = self.cleaned_data["old_password"]
        if authenticate(self.request, username=self.user.get_username(), password=password) != self.user:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return password


class CodeForm(forms.Form):
    """A code of the second factor: six digits of the app, or a recovery code."""

    code = forms.CharField(
        max_length=20,
        widget=forms.TextInput({"class": "input", "autocomplete": "one-time-code", "autofocus": True}),
    )

    def refuse(self) -> None:
        self.add_error("code", "That code does not hold. Wait a few seconds, and give the next one.")


ROLE_WORDS = {
    Role.VIEWER: "Viewer: sees workflows and runs",
    Role.DESIGNER: "Designer: edits and publishes workflows",
    Role.OPERATOR: "Operator: starts and cancels runs, answers",
    Role.ADMIN: "Admin: all of it, and accounts",
}


class WithRoles(UserModelForm):
    """A user with a checkbox for each role. Groups that are no roles, which approvals may name, stay."""

    roles = forms.MultipleChoiceField(
        choices=[(role.value, words) for role, words in ROLE_WORDS.items()],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    teams = forms.ModelMultipleChoiceField(
        queryset=Group.objects.exclude(name__in=GROUPS).order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Groups",
        help_text="Approvals ask a group by its name, as group:NAME.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["roles"] = [role.value for role in roles_of(self.instance)]
            self.initial["teams"] = self.instance.groups.exclude(name__in=GROUPS)

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        data = self.cleaned_data
        give(self.instance, *(Role(name) for name in data.get("roles", ())), groups=data.get("teams", ()))


class NewUserForm(WithRoles, Creation):
    class Meta(AdminUserCreationForm.Meta):
        fields = ("username", "email")


class UserForm(WithRoles, Change):
    pass
