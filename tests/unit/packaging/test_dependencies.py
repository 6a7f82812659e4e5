"""What of the requirements ends up in a package."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from lambda_constructs._packaging.plan import Inputs
from lambda_constructs._packaging.target import LAYER_ROOT, Target
from lambda_constructs.errors import ConfigurationError
from tests.unit.packaging.conftest import (
    ARM_3_14,
    HERE,
    TAG,
    MakeFolder,
    Packaging,
    Wheelhouse,
    code_in,
    elf,
    files_in,
)

AWS = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "urllib3")


@pytest.fixture
def aws(wheels: Wheelhouse) -> Wheelhouse:
    """boto3 and what it needs, in outline."""
    wheels.add("boto3", "1.40.0", requires=["botocore", "s3transfer", "jmespath"])
    data = {
        f"botocore/data/{path}": b"{}"
        for path in (
            "endpoints.json",
            "s3/2006-03-01/service-2.json.gz",
            "sqs/2012-11-05/service-2.json.gz",
        )
    }
    files = {"botocore/__init__.py": b"", **data}
    needs = ["jmespath", "python-dateutil", "urllib3"]
    wheels.add("botocore", "1.40.0", files, requires=needs)
    wheels.add("s3transfer", "0.13", requires=["botocore"])
    wheels.add("jmespath", "1.1")
    wheels.add("urllib3", "2.5")
    wheels.add("python-dateutil", "2.9", {"dateutil/__init__.py": b""})
    return wheels


class TestFiles:
    """Where the requirements are read from."""

    @pytest.mark.parametrize(
        "files",
        [
            {"requirements.txt": "words==1.0"},
            {"requirements.txt": "-r more.txt", "more.txt": "words==1.0"},
            {"pyproject.toml": '[project]\nname="a"\ndependencies=["words==1.0"]\n'},
            {
                "pylock.toml": (
                    'lock-version = "1.0"\ncreated-by = "test"\n[[packages]]\n'
                    'name = "words"\nversion = "1.0"\n[[packages.wheels]]\n'
                    'name = "words-1.0-py3-none-any.whl"\nurl = "{url}"\n'
                    'hashes = {{ sha256 = "{sha256}" }}\n'
                )
            },
            {
                "pyproject.toml": (
                    '[project]\nname = "a"\nversion = "0"\n'
                    'requires-python = ">=3.11"\ndependencies = ["words"]\n'
                ),
                "uv.lock": (
                    'version = 1\nrequires-python = ">=3.11"\n[[package]]\n'
                    'name = "a"\nversion = "0"\nsource = {{ virtual = "." }}\n'
                    'dependencies = [{{ name = "words" }}]\n[package.metadata]\n'
                    'requires-dist = [{{ name = "words" }}]\n[[package]]\n'
                    'name = "words"\nversion = "1.0"\n'
                    'source = {{ registry = "https://index.example/simple" }}\n'
                    'wheels = [{{ url = "{url}", hash = "sha256:{sha256}" }}]\n'
                ),
            },
        ],
        ids=[
            "requirements.txt",
            "included",
            "pyproject.toml",
            "pylock.toml",
            "uv.lock",
        ],
    )
    def test_dependencies_come_from_whichever_file_is_there(
        self,
        files: dict[str, str],
        wheels: Wheelhouse,
        make_folder: MakeFolder,
        package: Packaging,
    ) -> None:
        """
        A lock, requirements or a project's table: what it names is in the package,
        and the file itself is not.
        """
        sha256 = wheels.add("words", "1.0")
        url = (wheels.folder / "words-1.0-py3-none-any.whl").as_uri()
        locks = {"pylock.toml", "uv.lock"} & files.keys()
        filled = {
            name: text.format(url=url, sha256=sha256) if name in locks else text
            for name, text in files.items()
        }
        made = package(make_folder(filled))

        assert made.versions == {"words": "1.0"}
        assert {"index.py", "words/__init__.py"} == code_in(made) - {"more.txt"}

    def test_another_file_can_be_named(
        self, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        `requirements=` counts instead of what is in the folder.
        """
        wheels.add("words", "1.0")
        folder = make_folder({"requirements.txt": "unknown==1"})
        other = folder.parent / "shared-requirements.txt"
        other.write_text("words==1.0\n")

        assert package(folder, requirements=other).versions == {"words": "1.0"}

    def test_only_what_no_hash_pins_is_warned_of(
        self, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        A range may mean another version on another day; a pin may not.
        """
        wheels.add("words", "1.0")
        wheels.add("more", "1.0")
        pinned = package(make_folder({"requirements.txt": "words==1.0"}))
        loose = package(make_folder({"requirements.txt": "words==1.0\nmore>=1"}))

        assert pinned.warnings == []
        assert [it[0] for it in loose.warnings] == [
            "lambda-constructs:package-unpinned"
        ]
        assert "versions of more on" in loose.warnings[0][1]


class TestBoto3:
    """boto3 is in Lambda's runtime, so it is not in the package unless asked for."""

    def test_boto3_and_what_only_it_needs_are_left_to_the_runtime(
        self, aws: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        Whether the requirements name boto3 alone or a lock names everything.
        """
        short = package(make_folder({"requirements.txt": "boto3==1.40.0"}))
        lock = "boto3==1.40.0\nbotocore==1.40.0\njmespath==1.1\nurllib3==2.5"
        full = package(make_folder({"requirements.txt": lock}))

        assert short.versions == full.versions == {}
        assert set(AWS) == short.left_out.keys() == full.left_out.keys()
        assert code_in(full) == {"index.py"}

    def test_what_another_package_needs_too_is_in_the_package(
        self, aws: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        requests may need another urllib3 than the runtime has, and brings it.
        """
        aws.add("requests", "2.33", requires=["urllib3"])
        made = package(make_folder({"requirements.txt": "boto3\nrequests"}))

        assert made.versions == {"requests": "2.33", "urllib3": "2.5"}
        assert "jmespath" in made.left_out

    def test_urllib3_alone_is_in_the_package(
        self, aws: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        Who asks for it without boto3 gets the version asked for.
        """
        made = package(make_folder({"requirements.txt": "urllib3==2.5"}))

        assert made.versions == {"urllib3": "2.5"}

    def test_boto3_comes_along_with_the_services_asked_for(
        self, aws: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        Of botocore's data, which is most of it, only those services are taken.
        """
        made = package(
            make_folder({"requirements.txt": "boto3==1.40.0"}), boto3_for=("s3",)
        )

        assert set(AWS) == made.versions.keys()
        data = {name for name in files_in(made) if name.startswith("botocore/data/")}
        assert data == {
            "botocore/data/endpoints.json",
            "botocore/data/s3/2006-03-01/service-2.json.gz",
        }

    def test_warns_if_the_runtime_s_boto3_would_load_too_new_a_package(
        self, aws: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        What is in the package comes first on the path, for the runtime's modules too.
        """
        aws.add("pandas", "3.1", requires=["python-dateutil"])
        aws.add("python-dateutil", "4.0", {"dateutil/__init__.py": b""})
        text = "import boto3, pandas\ndef handler(event, context): ...\n"
        pinned = "pandas==3.1\npython-dateutil=="
        new = package(
            make_folder({"index.py": text, "requirements.txt": pinned + "4.0"})
        )
        old = package(
            make_folder({"index.py": text, "requirements.txt": pinned + "2.9"})
        )
        unused = package(make_folder({"requirements.txt": pinned + "4.0"}))

        assert new.warnings == [
            [
                "lambda-constructs:package-runtime-clash",
                "thumbnailer brings python-dateutil 4.0, which the boto3 of Lambda's "
                "runtime would load instead of its own and does not work with; require "
                "python-dateutil<3, or bring boto3 with boto3_for=",
            ]
        ]
        assert old.warnings == unused.warnings == []

    def test_fails_if_a_service_is_unknown(
        self, aws: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        A misspelt service would only be missed when the function runs.
        """
        folder = make_folder({"requirements.txt": "boto3==1.40.0"})

        with pytest.raises(ConfigurationError, match="got 'sqss'; did you mean sqs"):
            package(folder, boto3_for=("sqss",))

    def test_fails_if_boto3_is_wanted_but_not_required(
        self, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        Its version is the requirements' to choose.
        """
        wheels.add("words", "1.0")
        folder = make_folder({"requirements.txt": "words==1.0"})

        with pytest.raises(ConfigurationError, match="add boto3 to them"):
            package(folder, boto3_for=("s3",))

    def test_fails_if_boto3_is_wanted_and_nothing_is_required(
        self, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        A folder without requirements names no version either.
        """
        with pytest.raises(ConfigurationError, match="add boto3 to them"):
            package(make_folder(), boto3_for=("s3",))

    @pytest.mark.slow
    def test_fails_if_there_is_only_a_source_distribution(
        self,
        wheels: Wheelhouse,
        make_folder: MakeFolder,
        package: Packaging,
        tmp_path: Path,
    ) -> None:
        """
        Nothing is ever built: its setup.py is not run.
        """
        ran = tmp_path / "ran"
        setup = f"open({str(ran)!r}, 'w')\nfrom setuptools import setup\nsetup()\n"
        files = {"setup.py": setup, "PKG-INFO": "Metadata-Version: 2.1\nName: words\n"}
        with tarfile.open(wheels.folder / "words-1.0.tar.gz", "w:gz") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(f"words-1.0/{name}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))

        with pytest.raises(ConfigurationError, match="must have a wheel"):
            package(make_folder({"requirements.txt": "words==1.0"}))

        assert not ran.exists()


class TestPruning:
    """What no function needs is left out."""

    def test_tests_stubs_caches_and_scripts_are_left_out(
        self, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        Metadata stays, which importlib.metadata reads.
        """
        files = {
            "words/__init__.py": b"",
            "words/__init__.pyi": b"",
            "words/py.typed": b"",
            "words/tests/test_words.py": b"",
            "words/__pycache__/a.cpython-39.pyc": b"old",
            "words-1.0.dist-info/entry_points.txt": b"[a]\nb = words:c\n",
        }
        wheels.add("words", "1.0", files)
        made = package(make_folder({"requirements.txt": "words==1.0"}), bytecode=False)

        assert set(files_in(made)) == {
            "index.py",
            "words/__init__.py",
            "words-1.0.dist-info/METADATA",
            "words-1.0.dist-info/entry_points.txt",
        }

    def test_tests_that_a_package_imports_stay(
        self, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        numpy.testing imports from numpy._core.tests.
        """
        files = {
            "words/__init__.py": b"",
            "words/testing.py": b"from words.core.tests._natype import pd_NA\n",
            "words/core/tests/_natype.py": b"pd_NA = None\n",
        }
        wheels.add("words", "1.0", files)
        made = package(make_folder({"requirements.txt": "words==1.0"}))

        assert "words/core/tests/_natype.py" in code_in(made)

    def test_stubs_that_a_package_reads_stay(
        self, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        lazy_loader.attach_stub reads them when the package is imported.
        """
        lazy = b"import lazy_loader as l\nl.attach_stub(__name__, __file__)\n"
        files = {"words/__init__.py": lazy, "words/__init__.pyi": b""}
        wheels.add("words", "1.0", files)
        made = package(make_folder({"requirements.txt": "words==1.0"}))

        assert "words/__init__.pyi" in code_in(made)


class TestLayers:
    """A layer of the same inputs, and functions that have it."""

    def test_a_layer_has_everything_below_python(
        self, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        Lambda puts the folder `python` of a layer on the path, and bytecode knows it.
        """
        wheels.add("words", "1.0")
        folder = make_folder({"requirements.txt": "words==1.0"}, name="common")
        made = package(folder, replace(HERE, root=LAYER_ROOT), handler=None)

        assert {"python/index.py", "python/words/__init__.py"} == code_in(made)
        pyc = files_in(made)[f"python/words/__pycache__/__init__.{TAG}.pyc"]
        assert b"/opt/python/words/__init__.py" in pyc

    def test_what_a_layer_brings_is_not_in_the_package(
        self, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        Unless the function needs another version, which then comes first on the path.
        """
        for version in ("1.0", "2.0"):
            wheels.add("words", version)
        wheels.add("more", "1.0")
        folder = make_folder({"requirements.txt": "words==1.0"}, name="common")
        layer = Inputs(folder, "common")
        one = make_folder({"requirements.txt": "words==1.0\nmore==1.0"}, name="one")
        two = make_folder({"requirements.txt": "words==2.0"}, name="two")

        assert package(one, layers=(layer,)).versions == {"more": "1.0"}
        assert package(two, layers=(layer,)).versions == {"words": "2.0"}


class TestTarget:
    """Wheels are for the function's machine, not for this one."""

    @pytest.mark.parametrize(
        ("target", "tag"),
        [
            (ARM_3_14, "cp314-cp314-manylinux_2_28_aarch64"),
            (Target("3.13", "x86_64"), "cp313-cp313-manylinux_2_28_x86_64"),
            (Target("3.12", "x86_64"), "cp38-abi3-manylinux_2_17_x86_64"),
            (Target("3.11", "arm64"), "cp311-cp311-manylinux_2_17_aarch64"),
        ],
    )
    def test_the_wheel_for_the_runtime_is_taken(
        self,
        target: Target,
        tag: str,
        wheels: Wheelhouse,
        make_folder: MakeFolder,
        package: Packaging,
    ) -> None:
        """
        Of several wheels, the one that Lambda's Python and C library load.
        """
        machine = 183 if target.architecture == "arm64" else 62
        files = {"words/__init__.py": b"", "words/a.so": elf(machine)}
        wheels.add("words", "1.0", files, tag=tag)
        wheels.add("words", "1.0", tag="cp311-cp311-macosx_14_0_arm64")
        made = package(make_folder({"requirements.txt": "words==1.0"}), target)

        assert files_in(made)["words/a.so"] == elf(machine)

    def test_fails_if_a_wheel_has_a_file_for_another_cpu(
        self, wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        Wheels are mislabelled, and a function would fail at its first import.
        """
        files = {"words/__init__.py": b"", "words/a.so": elf(62)}
        wheels.add("words", "1.0", files)
        folder = make_folder({"requirements.txt": "words==1.0"})

        with pytest.raises(ConfigurationError) as caught:
            package(folder, ARM_3_14)

        assert str(caught.value) == (
            "words/a.so must be built for Linux on arm64, got a file for Linux on "
            "x86_64; install it from a wheel for aarch64 in requirements.txt, or leave "
            "it out with exclude="
        )

    @pytest.mark.parametrize(
        ("name", "data", "what"),
        [
            ("native.so", b"\xcf\xfa\xed\xfe" + bytes(20), "macOS"),
            ("native.pyd", b"MZ" + bytes(20), "Windows"),
            ("ffmpeg", elf(243), "Linux on riscv64"),
        ],
    )
    def test_fails_if_the_folder_has_a_file_for_another_system(
        self,
        name: str,
        data: bytes,
        what: str,
        make_folder: MakeFolder,
        package: Packaging,
    ) -> None:
        """
        What was built on the developer's machine does not run in Lambda.
        """
        with pytest.raises(ConfigurationError, match=f"{name} .* a file for {what};"):
            package(make_folder({name: data}))

    def test_for_the_host_nothing_of_this_is_checked(
        self, make_folder: MakeFolder, package: Packaging
    ) -> None:
        """
        An emulator runs the handler with this machine's Python.
        """
        made = package(make_folder({"a.so": elf(243)}), Target.of_host("/var/task"))

        assert "a.so" in code_in(made)


def test_fails_if_a_file_of_ours_has_the_path_of_a_dependency_s(
    wheels: Wheelhouse, make_folder: MakeFolder, package: Packaging
) -> None:
    """
    One of the two would silently be missing.
    """
    wheels.add("words", "1.0", {"words.py": b""})
    folder = make_folder({"requirements.txt": "words==1.0", "words.py": ""})

    with pytest.raises(ConfigurationError, match="the path of a file of a dependency"):
        package(folder)


def test_pip_makes_the_same_package_as_uv(
    wheels: Wheelhouse,
    make_folder: MakeFolder,
    package: Packaging,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """
    Without uv, pip of this Python is used, and nobody can tell.
    """
    wheels.add("words", "1.0", tag="cp314-cp314-manylinux_2_28_aarch64")
    folder = make_folder({"requirements.txt": "words==1.0"})
    by_uv = package(folder, ARM_3_14)
    monkeypatch.setattr("lambda_constructs._packaging.install.find_uv", lambda: None)
    monkeypatch.setenv("LAMBDA_CONSTRUCTS_CACHE", str(tmp_path / "other"))
    by_pip = package(folder, ARM_3_14)

    assert by_uv.asset_hash == by_pip.asset_hash
    assert by_uv.zip.read_bytes() == by_pip.zip.read_bytes()
