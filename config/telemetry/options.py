"""What the standard environment variables of OpenTelemetry say, read once.

The SDK reads most of them by itself; here stands only what decides whether it is loaded at all, and what this
product cannot do is refused.
"""

from __future__ import annotations

import os
from typing import Literal, cast

from config.lib import env
from config.lib.errors import BadSetting

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
PROTOCOL = "http/protobuf"
SERVICE = "sagaboard"

Exporter = Literal["", "otlp", "console"]


def traces_exporter() -> Exporter:
    """Where spans go; "" for nowhere, which is the default. Raises BadSetting."""
    named = env.text("OTEL_TRACES_EXPORTER")
    if env.flag("OTEL_SDK_DISABLED", False) or named == "none":
        return ""
    if not named:
        named = "otlp" if any(map(env.text, ENDPOINTS)) else ""
    if named not in ("", "otlp", "console"):
        raise BadSetting("OTEL_TRACES_EXPORTER", f"{named!r} cannot be used; use otlp, console or none")
    if named == "otlp":
        _check_otlp()
    return cast(Exporter, named)


def log_format() -> Literal["text", "json"]:
    """Raises BadSetting."""
    named = env.text("LOG_FORMAT", "text")
    if named not in ("text", "json"):
        raise BadSetting("LOG_FORMAT", f"{named!r} cannot be used; use text or json")
    return cast(Literal["text", "json"], named)


def _check_otlp() -> None:
    for name in ENDPOINTS:
        if env.text(name) and not env.text(name).startswith(("http://", "https://")):
            raise BadSetting(name, "is not an address such as http://collector:4318")
    protocol = next(filter(env.text, PROTOCOLS), "")
    if protocol and env.text(protocol) != PROTOCOL:
        raise BadSetting(protocol, f"{env.text(protocol)!r} is not offered; spans are sent as {PROTOCOL}")


def name_service() -> None:
    """Gives the SDK a name of this product where the environment says none."""
    if "service.name=" not in env.text("OTEL_RESOURCE_ATTRIBUTES"):
        os.environ.setdefault("OTEL_SERVICE_NAME", SERVICE)


TRACES: Exporter = traces_exporter()
JSON_LOGS = log_format() == "json"
