"""Traces and logs for operators: ids of spans, the context of an attempt, what is sent where."""
