"""Words of interventions."""
