"""Subscriptions, which tell the outside what happens: by signed webhooks, in Slack and by e-mail."""
