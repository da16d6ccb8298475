"""Writing a project of one's own, by the machinery of Django's `startproject`."""

from __future__ import annotations

import re
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError
from django.core.management.templates import TemplateCommand

from workers.scaffold.errors import BadName, FileInTheWay
from workers.scaffold.names import CATEGORY, pair_names
from workers.scaffold.pairs import Written, write_pair
from workers.scaffold.rendering import FOLDER

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")  # it is the name of a Python package and of a workflow


class ProjectTemplate(TemplateCommand):
    """Django renders the files, replaces `project_name` in their names, and overwrites none."""

    rewrite_template_suffixes = ((".py-tpl", ".py"), ("gitignore-tpl", ".gitignore"))
    app_or_project, a_or_an = "project", "a"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def validate_name(self, name: str, name_or_dir: str = "name") -> None:
        """Allows the project's own folder, which is a package to Python where its parent is in the path."""
        spec = find_spec(name)
        if spec is None or spec.origin or list(spec.submodule_search_locations or ()) != [str(self.folder)]:
            super().validate_name(name, name_or_dir)


def write_project(folder: Path, name: str, command: str) -> Written:
    """Writes a project with one pair of workers. `command`: what stands in its README for `manage.py`.

    Raises ScaffoldError, and nothing is written then.
    """
    folder = folder.expanduser().resolve()
    name = name or folder.name
    if not NAME.fullmatch(name):
        raise BadName(
            f"{name!r}: the name is one that Python takes, a-z, 0-9 and _, such as hotel; see --name"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileInTheWay(folder)
    template = ProjectTemplate(folder)
    try:
        template.validate_name(name)
    except CommandError as error:
        raise BadName(str(error)) from error
    names = pair_names("book_room", "cancel_room")
    folder.mkdir(parents=True, exist_ok=True)
    template.handle(
        "project",
        name,
        str(folder),
        template=str(FOLDER / "project"),
        extensions=["py", "md", "toml", "yaml", "sh"],
        files=[],
        verbosity=1,
        names=names,
        product=settings.BASE_DIR,
        command=command,
        python=shlex.quote(sys.executable),
    )
    return write_pair(names, folder / name / "workers.py", folder / "tests", CATEGORY, catalog=None)
