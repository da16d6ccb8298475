"""Settings of the tests: the product's own, in a data folder that lives as long as the process."""

import atexit
import os
import shutil
import tempfile

DATA = tempfile.mkdtemp(prefix="sagaboard-test-")
atexit.register(shutil.rmtree, DATA, ignore_errors=True)
for name in ("REDIS_URL", "DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "WORKER_MODULES", "QUEUES"):
    os.environ.pop(name, None)
os.environ["DATA_DIR"] = DATA
os.environ["SECRET_KEY"] = "tests only"
os.environ["SIMULATE_FAULTS"] = "1"
os.environ["CALLS_APART"] = "0"

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, LIMITS  # noqa: E402
from tests.postgres import OF_TESTS  # noqa: E402

NAME = DATABASES["default"]["NAME"]
if not DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    NAME = f"{NAME}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    DATABASES["default"]["OPTIONS"]["application_name"] = OF_TESTS  # see tests.postgres.cut_connections
# With SQLite a file, so that threads and other processes of a test see what it wrote.
DATABASES["default"]["TEST"] = {"NAME": NAME}
# Tests come faster than people, from one address: a test of limits sets its own.
LIMITS = dict.fromkeys(LIMITS, 10_000_000)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
