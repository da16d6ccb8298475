"""nginx with deploy/nginx/sagaboard.conf, of which only ports and certificates are others."""

from __future__ import annotations

import os
import re
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from workers.process import parent_death

SITE = Path(settings.BASE_DIR) / "deploy" / "nginx" / "sagaboard.conf"
MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
START_S_MAX = 20.0


def certificate(folder: Path) -> None:
    """A self-signed one for localhost, as `cert.pem` and `key.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def site(folder: Path, port: int, plain_port: int, web_port: int) -> str:
    text = SITE.read_text()
    for pattern, other, count in (
        (r"\n    listen \[::\]:.*", "", 2),
        (r"listen 80;", f"listen 127.0.0.1:{plain_port};", 1),
        (r"listen 443 ", f"listen 127.0.0.1:{port} ", 1),
        (r"/etc/ssl/certs/\S+\.pem", f"{folder}/cert.pem", 1),
        (r"/etc/ssl/private/\S+\.key", f"{folder}/key.pem", 1),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{web_port}", 1),
    ):
        text, found = re.subn(pattern, other, text)
        assert found == count, f"{SITE} has {found} of {pattern}"
    return text


@contextmanager
def nginx(folder: Path, port: int, plain_port: int, web_port: int) -> Iterator[ssl.SSLContext]:
    """Gives what trusts its certificate."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise SystemExit("nginx is missing: install Debian's nginx-light")
    certificate(folder)
    (folder / "site.conf").write_text(site(folder, port, plain_port, web_port))
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder, user="user root;" if os.geteuid() == 0 else ""))
    words = [program, "-e", "stderr", "-p", str(folder), "-c", str(main)]
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(parent_death.command(words, signal.SIGTERM), stdout=log, stderr=log)
    try:
        until = time.monotonic() + START_S_MAX
        while not (folder / "nginx.pid").exists():
            assert process.poll() is None and time.monotonic() < until, (folder / "nginx.log").read_text()
            time.sleep(0.02)
        yield ssl.create_default_context(cafile=str(folder / "cert.pem"))
    finally:
        process.terminate()
        process.wait()
