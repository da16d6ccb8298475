"""Addresses of the pages of runs."""

from __future__ import annotations

from django.urls import path

from runs.detail import views
from runs.limits import views as limits_views
from runs.lists import views as lists_views
from runs.statistics import views as statistics_views
from runs.transfer import views as transfer_views
from runs.triggers import views as triggers_views

urlpatterns = [
    path("workflows/<str:name>/triggers/", triggers_views.trigger_list, name="trigger-list"),
    path("workflows/<str:name>/triggers/<int:pk>/<str:act>/", triggers_views.trigger_act, name="trigger-act"),
    path("", statistics_views.home, name="home"),
    path("workflows/<str:name>/start/", views.run_start, name="run-start"),
    path("runs/", lists_views.run_list, name="run-list"),
    path("runs/bulk/", lists_views.run_bulk, name="run-bulk"),
    path("runs/bulk/do/", lists_views.run_bulk_do, name="run-bulk-do"),
    path("approvals/", lists_views.approval_list, name="approval-list"),
    path("limits/", limits_views.limit_list, name="limit-list"),
    path("open-run/", transfer_views.run_open, name="run-open"),
    path("runs/<uuid:run_id>/remove/", transfer_views.run_remove, name="run-remove"),
    path("runs/<uuid:run_id>/", views.run_detail, name="run-detail"),
    path("runs/<uuid:run_id>/panel/", views.run_panel, name="run-panel"),
    path("runs/<uuid:run_id>/cancel/", views.run_cancel, name="run-cancel"),
    path("runs/<uuid:run_id>/pause/", views.run_pause, name="run-pause"),
    path("runs/<uuid:run_id>/rollback/", views.run_rollback, name="run-rollback"),
    path("runs/<uuid:run_id>/signal/", views.run_signal, name="run-signal"),
    path("runs/<uuid:run_id>/steps/<str:step>/approve/", views.run_approve, name="run-approve"),
    path("runs/<uuid:run_id>/steps/<str:step>/now/", views.run_happen_now, name="run-happen-now"),
    path("runs/<uuid:run_id>/steps/<str:step>/enough/", views.run_enough, name="run-enough"),
    path("interventions/<int:pk>/answer/", views.intervention_answer, name="intervention-answer"),
]
