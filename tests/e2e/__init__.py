"""The product in Chromium, as a person uses it. The only suite that may retry a test."""
