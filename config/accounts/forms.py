"""Forms of the account pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from config.accounts.tokens import DAYS_MAX, grantable_roles

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
