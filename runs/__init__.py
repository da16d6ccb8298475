"""Running workflows: the engine and its rules, storage, lists, pages, API and live updates."""
