"""Interventions, the open questions to people: claim, answer, notify, and the pages that show them."""
