"""Saved tests of the workflows of this installation: run, recorded from runs, asked before publishing."""
