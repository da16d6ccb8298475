"""Addresses of the pages of runs."""

from __future__ import annotations

from django.urls import path

from runs.detail import starting, views
from runs.inbox import views as inbox_views
from runs.limits import views as limits_views
from runs.lists import views as lists_views
from runs.proof import views as proof_views
from runs.statistics import views as statistics_views
from runs.subscriptions import views as subscriptions_views
from runs.transfer import views as transfer_views
from runs.triggers import views as triggers_views

urlpatterns = [
    path("workflows/<str:name>/triggers/", triggers_views.trigger_list, name="trigger-list"),
    path("workflows/<str:name>/triggers/<int:pk>/", triggers_views.trigger_detail, name="trigger-detail"),
    path("workflows/<str:name>/triggers/<int:pk>/test/", triggers_views.trigger_test, name="trigger-test"),
    path(
        "workflows/<str:name>/triggers/<int:pk>/calls/<int:call_id>/replay/",
        triggers_views.trigger_replay,
        name="trigger-replay",
    ),
    path("workflows/<str:name>/triggers/<int:pk>/<str:act>/", triggers_views.trigger_act, name="trigger-act"),
    path("workflows/<str:name>/proof/", proof_views.proof, name="workflow-proof"),
    path("workflows/<str:name>/proof/open/", proof_views.proof_open, name="proof-open"),
    path("workflows/<str:name>/proof/mend/", proof_views.proof_mend, name="proof-mend"),
    path("workflows/<str:name>/proof/needs/", proof_views.publish_needs, name="publish-needs"),
    path("", statistics_views.home, name="home"),
    path("first-rollback/", statistics_views.first_rollback, name="first-rollback"),
    path("workflows/<str:name>/start/", starting.run_start, name="run-start"),
    path("runs/", lists_views.run_list, name="run-list"),
    path("runs/columns/", lists_views.run_columns, name="run-columns"),
    path("runs/views/", lists_views.view_save, name="run-view-save"),
    path("runs/views/<int:view_id>/", lists_views.view_detail, name="run-view"),
    path("runs/views/<int:view_id>/delete/", lists_views.view_delete, name="run-view-delete"),
    path("runs/bulk/", lists_views.run_bulk, name="run-bulk"),
    path("runs/bulk/do/", lists_views.run_bulk_do, name="run-bulk-do"),
    path("inbox/", inbox_views.inbox, name="inbox"),
    path("inbox/<uuid:run_id>/<str:step>/approve/", inbox_views.inbox_approve, name="inbox-approve"),
    path("inbox/<uuid:run_id>/<str:step>/reject/", inbox_views.inbox_reject, name="inbox-reject"),
    path("approvals/", inbox_views.approval_list, name="approval-list"),
    path("limits/", limits_views.limit_list, name="limit-list"),
    path("subscriptions/", subscriptions_views.subscription_list, name="subscription-list"),
    path("subscriptions/new/", subscriptions_views.subscription_new, name="subscription-new"),
    path(
        "subscriptions/<int:subscription_id>/",
        subscriptions_views.subscription_detail,
        name="subscription-detail",
    ),
    path(
        "subscriptions/<int:subscription_id>/<str:act>/",
        subscriptions_views.subscription_act,
        name="subscription-act",
    ),
    path(
        "subscriptions/<int:subscription_id>/deliveries/<int:delivery_id>/replay/",
        subscriptions_views.delivery_replay,
        name="delivery-replay",
    ),
    path("open-run/", transfer_views.run_open, name="run-open"),
    path("runs/<uuid:run_id>/remove/", transfer_views.run_remove, name="run-remove"),
    path("runs/<uuid:run_id>/", views.run_detail, name="run-detail"),
    path("runs/<uuid:run_id>/panel/", views.run_panel, name="run-panel"),
    path("runs/<uuid:run_id>/cancel/", views.run_cancel, name="run-cancel"),
    path("runs/<uuid:run_id>/pause/", views.run_pause, name="run-pause"),
    path("runs/<uuid:run_id>/again/", views.run_again, name="run-again"),
    path("runs/<uuid:run_id>/rollback/", views.run_rollback, name="run-rollback"),
    path("runs/<uuid:run_id>/signal/", views.run_signal, name="run-signal"),
    path("runs/<uuid:run_id>/steps/<str:step>/approve/", views.run_approve, name="run-approve"),
    path("runs/<uuid:run_id>/steps/<str:step>/now/", views.run_happen_now, name="run-happen-now"),
    path("runs/<uuid:run_id>/steps/<str:step>/enough/", views.run_enough, name="run-enough"),
    path("interventions/<int:pk>/answer/", views.intervention_answer, name="intervention-answer"),
]
