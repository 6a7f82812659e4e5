"""The environment variables of the processes that these commands start."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
REGION = "us-east-1"


def tool_path(inherited: Mapping[str, str] = os.environ) -> str:
    """Give the PATH that has this project's Python, Node and CDK CLI first."""
    environment = Path(sys.prefix)
    ours = [environment / "bin", environment / "tools" / "node_modules" / ".bin"]
    return os.pathsep.join([*map(str, ours), inherited.get("PATH", os.defpath)])


def for_emulator(state: Path, port: int) -> dict[str, str]:
    """Give the server's environment, from scratch: what it inherits, handlers get.

    Nothing listens but *port* on loopback, and nothing is written outside *state*.
    """
    return {
        "PATH": tool_path(),
        "HOME": str(state),
        "TMPDIR": str(state),
        "STATE_DIR": str(state / "state"),
        "S3_DATA_DIR": str(state / "s3"),
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "SFTP_ENABLED": "0",
        "SFTP_HOST": HOST,
        "IOT_MTLS_ENABLED": "0",
        # Functions run under their roles; that takes TLS, which handlers must trust.
        "AUTH": "true",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(certificate_file(state)),
        "MINISTACK_SSL_KEY": str(key_file(state)),
        "AWS_CA_BUNDLE": str(certificate_file(state)),
        "MINISTACK_REGION": REGION,
        # It removes containers with its label, and would find those of others.
        "DOCKER_HOST": f"unix://{state}/no-docker.sock",
    }


def for_emulated_account(
    state: Path, endpoint: str, inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Give the environment in which every AWS call goes to the emulated account.

    Whatever *inherited* says about AWS and the CDK is left out, credentials above
    all, so that no mistake can reach a real account.
    """
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith(("AWS_", "CDK_"))
    }
    direct = ",".join(filter(None, [HOST, "localhost", inherited.get("NO_PROXY")]))
    return {
        **kept,
        **credentials(state, endpoint),
        "PATH": tool_path(inherited),
        "NO_PROXY": direct,
        "no_proxy": direct,
        "NODE_EXTRA_CA_CERTS": str(certificate_file(state)),
        "AWS_CONFIG_FILE": str(state / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(state / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        # The CLI remembers which account an access key belongs to.
        "CDK_HOME": str(state / "cdk"),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        # Reads all templates again with a rule engine, as `make synth` does.
        "CDK_VALIDATION": "false",
    }


def for_real_account(
    region: str, inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Give the user's environment, with this project's tools and one region."""
    return {**inherited, "PATH": tool_path(inherited), **in_region(region)}


def in_region(region: str) -> dict[str, str]:
    """Name the region to every client: boto3 reads one of these, others another."""
    return {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}


def credentials(state: Path, endpoint: str) -> dict[str, str]:
    """Give what any AWS client needs to talk to the emulated account, as its root."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CA_BUNDLE": str(certificate_file(state)),
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "test",
        **in_region(REGION),
    }


def certificate_file(state: Path) -> Path:
    """Where the certificate of the emulated account is."""
    return state / "certificate.pem"


def key_file(state: Path) -> Path:
    """Where the key of that certificate is."""
    return state / "key.pem"
