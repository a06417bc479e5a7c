"""Which files are tests."""

from __future__ import annotations

import pytest

from gitlab_sync.rules.items.paths import is_test_path


@pytest.mark.parametrize(
    "path",
    [
        "test/a.py",
        "app/tests/a.py",
        "spec/a.rb",
        "a/specs/b/c.rb",
        "src/__tests__/a.js",
        "e2e/login.ts",
        "pkg/testdata/in.json",
        "Tests/a.cs",
        "test.py",
        "tests.py",
        "Test.java",
        "spec.js",
        "test_a.py",
        "test-a.py",
        "TEST_A.PY",
        "a_test.go",
        "foo-test.js",
        "a_tests.rs",
        "a-tests.rs",
        "a_spec.rb",
        "a-spec.js",
        "a.test.ts",
        "web/app.spec.ts",
        "web/App.Spec.tsx",
        "HTTPTest.java",
        "FooTest.php",
        "FooTests.swift",
        "FooSpec.scala",
        "Foo_Test.cs",
        "Foo9Test.cs",
        "Spec.hs",
        "Tests",
        "conftest.py",
        "a/b/conftest.py",
        "Makefile_test",
    ],
)
def test_tests_are_known_by_folder_or_by_name(path: str) -> None:
    """As the frameworks of many languages name them."""
    assert is_test_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "latest.txt",
        "contest.py",
        "Attest.java",
        "foo.test.d.ts",
        "testing/a.py",
        "mytests/a.py",
        "protest.md",
        "fastest.go",
        "testament.md",
        "specification.md",
        "inspec.rb",
        "e2e.md",
        "testdata.json",
        "specs.md",
        "a.tests.py",
        "foo-Testing.java",
        "foo-TestX.java",
        "conftest.txt",
        "my_conftest.py",
        "src/app.py",
    ],
)
def test_what_only_resembles_a_test_is_none(path: str) -> None:
    """Words that happen to end or begin like one."""
    assert not is_test_path(path)
