"""Traces and JSON logs are off unless the standard variables ask for them; what cannot be done is refused."""

from __future__ import annotations

import subprocess
import sys

import pytest

from config.lib.errors import BadSetting
from config.telemetry import options

ENDPOINT = "http://collector:4318"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*options.ENDPOINTS, *options.PROTOCOLS, "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("set_to", "exporter"),
    [
        ({}, ""),
        ({"OTEL_SERVICE_NAME": "board"}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{ENDPOINT}/v1/traces"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT}, ""),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, "otlp"),
    ],
)
def test_what_the_variables_ask_for(
    set_to: dict[str, str], exporter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    assert options.traces_exporter() == exporter


@pytest.mark.parametrize(
    ("set_to", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(
    set_to: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in set_to.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=named):
        options.traces_exporter()


def test_a_log_format_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(BadSetting, match="LOG_FORMAT"):
        options.log_format()


def test_what_makes_and_sends_spans_is_not_loaded_where_traces_are_off() -> None:
    """The engine, the worker process and the web process do without."""
    code = (
        "SENDS = 'opentelemetry.sdk.trace', 'opentelemetry.exporter', 'config.telemetry.provider'; "
        "import django, sys; django.setup(); import config.asgi, workers.process.pool; "
        "sys.exit(any(name.startswith(SENDS) for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
