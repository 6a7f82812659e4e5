"""What is too large, too old or unwise is known before it is deployed."""

from __future__ import annotations

from datetime import date

import pytest

from lambda_constructs._packaging import sizes
from lambda_constructs._packaging.archive import MAX_FILES, Packed, write_zip
from lambda_constructs._packaging.plan import Inputs
from lambda_constructs._packaging.sizes import MB, Limits, check_sizes
from lambda_constructs._packaging.target import Target, check_supported, ends_soon
from lambda_constructs.errors import ConfigurationError
from tests.unit.packaging.conftest import MakeFolder, Packaging

SIZE = "lambda-constructs:package-size"


class TestSizes:
    """Lambda's limits, and those that only some ways of deploying have."""

    def test_fails_if_too_large_unzipped(
        self,
        make_folder: MakeFolder,
        package: Packaging,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """
        Not even S3 helps there.
        """
        monkeypatch.setattr(sizes, "UNZIPPED_BYTES", MB)
        folder = make_folder({"data.bin": bytes(2 * MB)})

        with pytest.raises(ConfigurationError) as caught:
            package(folder)

        assert str(caught.value) == (
            "thumbnailer must be at most 250 MB unzipped with its layers, got 2.0 MB; "
            "leave files out with exclude=, remove a dependency, or build a container "
            "image with DockerImageFunction"
        )

    def test_fails_before_reading_what_is_too_large(
        self, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        A model of 300 MB, here one without any data in it.
        """
        folder = make_folder()
        with (folder / "model.bin").open("wb") as file:
            file.truncate(300 * MB)

        with pytest.raises(ConfigurationError, match=r"got 300\.0 MB; leave files"):
            package(folder)

    def test_fails_if_too_large_with_its_layers(
        self,
        make_folder: MakeFolder,
        package: Packaging,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """
        Each alone would be small enough.
        """
        monkeypatch.setattr(sizes, "UNZIPPED_BYTES", 3 * MB)
        layer = Inputs(make_folder({"a.bin": bytes(2 * MB)}, name="layer"), "layer")
        folder = make_folder({"b.bin": bytes(2 * MB)})

        with pytest.raises(ConfigurationError, match=r"got 4\.0 MB, 2\.0 MB of it in"):
            package(folder, layers=(layer,))

    @pytest.mark.parametrize(
        ("zipped", "unzipped", "edge", "expected"),
        [
            (50 * MB, 250 * MB, False, []),
            (50 * MB + 1, 250 * MB, False, [SIZE]),
            (MB, 2 * MB, True, []),
            (MB + 1, 2 * MB, True, [SIZE]),
            (50 * MB, 60 * MB, True, [SIZE]),
        ],
    )
    def test_what_works_but_is_unwise_is_a_warning(
        self, zipped: int, unzipped: int, edge: bool, expected: list[str]
    ) -> None:
        """
        More than 50 MB zipped goes through S3 only, as CDK deploys.
        """
        found = check_sizes("a", zipped, unzipped, [], Limits(edge))

        assert expected == [practice for practice, _ in found]

    @pytest.mark.parametrize(
        ("zipped", "unzipped", "edge"),
        [(50 * MB, 250 * MB + 1, False), (50 * MB + 1, 60 * MB, True)],
    )
    def test_fails_if_nothing_could_deploy_it(
        self, zipped: int, unzipped: int, edge: bool
    ) -> None:
        """
        250 MB unzipped anywhere, 50 MB zipped at the edge.
        """
        with pytest.raises(ConfigurationError, match="must be at most"):
            check_sizes("a", zipped, unzipped, [], Limits(edge))

    def test_fails_if_there_are_too_many_files(self) -> None:
        """
        More than a plain zip can count.
        """
        empty = Packed(b"\3\0", 0, 0, 0o644)
        files = dict.fromkeys(map(str, range(MAX_FILES + 1)), empty)

        with pytest.raises(ConfigurationError, match="at most 65,535 files"):
            write_zip(files)


class TestRuntimes:
    """Lambda stops supporting a Python, and says so long before."""

    def test_fails_if_lambda_has_stopped(self) -> None:
        """
        On the day itself.
        """
        check_supported("3.12", date(2028, 10, 30))

        with pytest.raises(ConfigurationError) as caught:
            check_supported("3.12", date(2028, 10, 31))

        assert str(caught.value) == (
            "Lambda has not supported python3.12 since 2028-10-31, allowed python3.13, "
            "python3.14, python3.15; pass runtime=Runtime.PYTHON_3_14"
        )

    def test_fails_if_there_is_no_such_runtime(self) -> None:
        """
        Too old to be in the table, or a slip.
        """
        with pytest.raises(ConfigurationError, match=r"python3\.41 is no runtime"):
            check_supported("3.41", date(2026, 1, 1))

    @pytest.mark.parametrize("runtime", ["nodejs24.x", "provided.al2023"])
    def test_fails_if_it_is_not_python(self, runtime: str) -> None:
        """
        The folder would be packaged for nothing.
        """
        with pytest.raises(ConfigurationError, match="makes packages for Python"):
            Target.of_lambda(runtime, "arm64", "/var/task")

    def test_the_end_is_told_half_a_year_before(self) -> None:
        """
        Not for this machine, whose Python is not Lambda's.
        """
        target = Target("3.12", "arm64")

        assert ends_soon(target, date(2028, 4, 1)) is None
        assert ends_soon(target, date(2028, 6, 1)) == date(2028, 10, 31)
        assert ends_soon(Target.of_host("/var/task"), date(2028, 6, 1)) is None

    @pytest.mark.parametrize(
        ("python", "manylinux"), [("3.11", "manylinux2014"), ("3.14", "manylinux_2_28")]
    )
    def test_wheels_fit_the_c_library(self, python: str, manylinux: str) -> None:
        """
        Amazon Linux 2 has glibc 2.26, Amazon Linux 2023 has 2.34.
        """
        assert manylinux == Target(python, "arm64").manylinux
