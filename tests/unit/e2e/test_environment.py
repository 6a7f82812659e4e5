from __future__ import annotations

from pathlib import Path

from tests.e2e.environment import (
    for_emulated_account,
    for_emulator,
    for_real_account,
)

ENDPOINT = "https://127.0.0.1:4567"
HOST = {
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL_SQS": "https://elsewhere",
    "CDK_DEFAULT_ACCOUNT": "111122223333",
    "HTTPS_PROXY": "http://proxy",
    "NO_PROXY": "intranet",
    "UV_INDEX_URL": "https://mirror",
    "PATH": "/usr/bin",
}


class TestEmulatedAccount:
    def test_leaves_out_what_the_host_says_of_aws(self, tmp_path):
        """
        No credential, profile or endpoint of the user's reaches the CDK CLI.
        """
        environment = for_emulated_account(tmp_path, ENDPOINT, HOST)

        assert not {"AKIAREAL", "real", "production", "https://elsewhere"} & set(
            environment.values()
        )
        assert "CDK_DEFAULT_ACCOUNT" not in environment
        assert "AWS_PROFILE" not in environment

    def test_takes_every_call_to_the_endpoint(self, tmp_path):
        """
        Clients find the endpoint and trust its certificate, proxy or not.
        """
        environment = for_emulated_account(tmp_path, ENDPOINT, HOST)

        assert environment["AWS_ENDPOINT_URL"] == ENDPOINT
        assert environment["AWS_CA_BUNDLE"] == str(tmp_path / "certificate.pem")
        assert environment["NO_PROXY"] == "127.0.0.1,localhost,intranet"

    def test_reads_no_file_of_the_users_and_asks_no_metadata_service(self, tmp_path):
        """
        Neither ~/.aws nor an instance's role can give credentials.
        """
        environment = for_emulated_account(tmp_path, ENDPOINT, HOST)

        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            file = Path(environment[name])
            assert file.parent == tmp_path
            assert not file.exists()
        assert environment["AWS_EC2_METADATA_DISABLED"] == "true"

    def test_keeps_the_cli_to_the_folder_and_quiet(self, tmp_path):
        """
        The CLI remembers nothing in the home folder and reports nothing home.
        """
        environment = for_emulated_account(tmp_path, ENDPOINT, HOST)

        assert environment["CDK_HOME"].startswith(str(tmp_path))
        assert environment["CDK_DISABLE_CLI_TELEMETRY"] == "true"

    def test_keeps_what_packaging_needs(self, tmp_path):
        """
        Proxies and package indexes stay as the user has them.
        """
        environment = for_emulated_account(tmp_path, ENDPOINT, HOST)

        assert environment["HTTPS_PROXY"] == "http://proxy"
        assert environment["UV_INDEX_URL"] == "https://mirror"


class TestEmulator:
    def test_starts_from_nothing(self, tmp_path, monkeypatch):
        """
        Handlers inherit this environment, so the host's variables stay out of it.
        """
        monkeypatch.setenv("SECRET_OF_THE_HOST", "secret")
        monkeypatch.setenv("AWS_CA_BUNDLE", "/etc/host.pem")

        environment = for_emulator(tmp_path, 4567)

        assert "SECRET_OF_THE_HOST" not in environment
        assert environment["AWS_CA_BUNDLE"] == str(tmp_path / "certificate.pem")

    def test_listens_on_loopback_and_writes_into_its_folder(self, tmp_path):
        """
        Nothing is reachable from outside, and nothing is left outside.
        """
        environment = for_emulator(tmp_path, 4567)

        assert environment["BIND_HOST"] == "127.0.0.1"
        assert environment["GATEWAY_PORT"] == "4567"
        assert environment["IOT_MTLS_ENABLED"] == environment["SFTP_ENABLED"] == "0"
        for name in ("HOME", "TMPDIR", "STATE_DIR", "S3_DATA_DIR"):
            assert environment[name].startswith(str(tmp_path))

    def test_enforces_roles(self, tmp_path):
        """
        A function may do what its role allows, and no more.
        """
        environment = for_emulator(tmp_path, 4567)

        assert environment["AUTH"] == "true"


class TestRealAccount:
    def test_leaves_the_users_environment_as_it_is(self):
        """
        Credentials are the user's, and no endpoint is set.
        """
        environment = for_real_account("eu-west-1", HOST)

        assert HOST.items() - environment.items() == {("PATH", "/usr/bin")}
        assert "AWS_ENDPOINT_URL" not in environment

    def test_names_the_region_to_every_client(self):
        """
        The CDK CLI and boto3 read different variables and must agree.
        """
        environment = for_real_account("eu-west-1", HOST)

        assert environment["AWS_REGION"] == "eu-west-1"
        assert environment["AWS_DEFAULT_REGION"] == "eu-west-1"
