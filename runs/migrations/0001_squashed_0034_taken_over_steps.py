"""What 0001 to 0034 come to, for a new installation: all tables at once, in a tenth of the time."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

NAMES = (
    "0001_initial",
    "0002_worker_process_lacks",
    "0003_casework",
    "0004_run_pruned_at",
    "0005_lists_and_figures",
    "0006_find_text_in_inputs",
    "0007_triggers",
    "0008_lean_journal",
    "0009_list_cases_and_acts_by_index",
    "0010_count_what_is_left",
    "0011_names_of_deleted_people",
    "0012_search_texts_in_normal_form",
    "0013_digest_of_what_a_key_came_with",
    "0014_where_a_delivery_says_its_id",
    "0015_bodies_and_detached_runs",
    "0016_approvals_by_person",
    "0017_waits_for_events",
    "0018_acts_with_what_was_brought_forward",
    "0019_slots_of_limits",
    "0020_lines_of_runs",
    "0021_pauses_of_runs",
    "0022_priority_of_triggers",
    "0023_ended_loops_are_acts",
    "0024_figures_of_steps_in_bodies",
    "0025_held_inputs",
    "0026_priority_of_slots",
    "0027_verified_triggers_calls_and_files",
    "0028_subscriptions_and_their_deliveries",
    "0029_waiting_in_the_order_of_deadlines",
    "0030_places_in_that_order",
    "0031_lists_by_id_error_end_and_saved_views",
    "0032_figures_of_workflows",
    "0033_facts_of_steps_for_forecasts",
    "0034_taken_over_steps",
)
OPERATIONS = [
    operation for name in NAMES for operation in import_module(f"runs.migrations.{name}").Migration.operations
]
search = import_module("runs.migrations.0006_find_text_in_inputs")


class CreateAtOnce(Operation):
    """Takes the state through all operations, and then creates the models that there are in the end.

    Django renders all models anew after each operation on a rendered state; so here it is rendered once.
    """

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        vars(state).pop("apps", None)
        for operation in OPERATIONS:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for model in to_state.apps.get_app_config(app_label).get_models():
            if self.allow_migrate_model(schema_editor.connection.alias, model):
                schema_editor.create_model(model)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for model in reversed(list(from_state.apps.get_app_config(app_label).get_models())):
            if self.allow_migrate_model(schema_editor.connection.alias, model):
                schema_editor.delete_model(model)


class Migration(migrations.Migration):
    initial = True
    replaces = [("runs", name) for name in NAMES]
    dependencies = [
        ("designer", "0006_folders_favourites_and_the_archive"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [CreateAtOnce(), migrations.RunPython(search.build, search.drop)]
