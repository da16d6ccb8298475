"""Named limits as people see and change them; `runs.store.slots` counts, `runs.engine.slots` offers."""
