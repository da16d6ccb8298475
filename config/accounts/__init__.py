"""Accounts of people and programs: roles, permissions, API tokens, sign-in, rate limits."""
