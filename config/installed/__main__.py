"""The command `sagaboard`: what manage.py does, from any folder. Alone, it starts the product (`up`)."""

import os
import sys

from sagaboard import open_product

NO_OPTIONS_OF_UP = ("-h", "--help", "--version")


def main() -> None:
    open_product()
    sys.path.append(os.getcwd())  # WORKER_MODULES may lie here; last, so that no file takes a library's place
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"  # whatever other project it is set for
    words = sys.argv[1:]
    if not words or (words[0].startswith("-") and words[0] not in NO_OPTIONS_OF_UP):
        words.insert(0, "up")
    sys.argv = ["sagaboard", *words]

    from manage import main as manage

    manage()


if __name__ == "__main__":
    main()
