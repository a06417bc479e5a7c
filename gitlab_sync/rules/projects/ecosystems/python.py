"""Python."""

from gitlab_sync.rules.projects.ecosystems.ecosystem import Ecosystem, tool

PYTHON = Ecosystem(
    languages={"Python": ".py .pyi .pyx .pyw .ipynb"},
    manifests=(
        "pyproject.toml setup.py setup.cfg requirements*.txt requirements*.in *requirements.txt "
        "*requirements.in pipfile environment.yml environment.yaml"
    ),
    locks="uv.lock poetry.lock pipfile.lock pdm.lock pylock.toml pixi.lock conda-lock.yml",
    tools={
        "test": (
            tool("pytest", "pytest", "py.test", "pytest-3", "hatch test"),
            tool("unittest", "unittest"),
            tool("Django's tests", "manage.py test", "django-admin test", "runtests.py"),
            tool("doctest", "doctest"),
            tool("nose2", "nose2", "nosetests", "nose"),
            tool("behave", "behave"),
            tool("Robot Framework", "robot", "pabot"),
            tool("trial", "trial", "twisted.trial"),
            tool("stestr", "stestr run", "stestr last", "testr run", "zope-testrunner"),
            tool("setup.py test", "setup.py test"),
            tool("avocado", "avocado run"),
            tool("gst-validate", "gst-validate-launcher"),
        ),
        "lint": (
            tool(
                "ruff", "ruff check", "ruff .", "ruff $", "hatch fmt",
                files="ruff.toml .ruff.toml", tables="ruff",
            ),
            tool("flake8", "flake8", files=".flake8", tables="flake8"),
            tool("flakehell", "flakehell", "flakeheaven", tables="flakehell flakeheaven"),
            tool(
                "pylint", "pylint", files=".pylintrc pylintrc .pylintrc.toml pylintrc.toml",
                tables="pylint pylint.main pylint.master pylint.messages_control",
            ),
            tool("prospector", "prospector", files=".prospector.yaml .prospector.yml"),
            tool("pyflakes", "pyflakes", "pyflakes3"),
            tool(
                "pycodestyle", "pycodestyle", "pycodestyle-3", "pep8",
                tables="pycodestyle pep8",
            ),
            tool("pydocstyle", "pydocstyle", tables="pydocstyle"),
            tool("pylama", "pylama", files="pylama.ini", tables="pylama"),
            tool("refurb", "refurb", tables="refurb"),
        ),
        "format": (
            tool("ruff format", "ruff format", "hatch fmt", tables="ruff.format"),
            tool("black", "black", "blackd", "darker", "blue", tables="black"),
            tool("isort", "isort", files=".isort.cfg", tables="isort"),
            tool("yapf", "yapf", "yapf3", files=".style.yapf", tables="yapf"),
            tool("autopep8", "autopep8", tables="autopep8"),
            tool("docformatter", "docformatter", tables="docformatter"),
        ),
        "type_check": (
            tool("mypy", "mypy", "dmypy", files="mypy.ini .mypy.ini", tables="mypy"),
            tool("pyright", "pyright", files="pyrightconfig.json", tables="pyright"),
            tool("basedpyright", "basedpyright", tables="basedpyright"),
            tool("ty", "ty check", "ty $", files="ty.toml", tables="ty"),
            tool("pytype", "pytype", tables="pytype"),
            tool("pyre", "pyre check", "pyre $", files=".pyre_configuration"),
            tool(
                "pyrefly", "pyrefly check", "pyrefly $", files="pyrefly.toml", tables="pyrefly",
            ),
        ),
        "coverage": (
            tool(
                "coverage.py", "pytest --cov", "py.test --cov", "pytest-3 --cov",
                "coverage run", "coverage report", "coverage xml", "coverage html",
                "coverage combine", "coverage $", "coverage3 run", "coverage3 report",
                "coverage3 xml",
                "python3-coverage run", "python3-coverage report", "hatch --cover",
                "nose2 --with-coverage", "nosetests --with-coverage",
            ),
            tool("slipcover", "slipcover"),
        ),
        "dead_code": (
            tool("vulture", "vulture", tables="vulture"),
            tool("deadcode", "deadcode", tables="deadcode"),
            tool("skylos", "skylos"),
        ),
        "dependency_audit": (
            tool("pip-audit", "pip-audit"),
            tool("Safety", "safety check", "safety scan", files=".safety-policy.yml"),
            tool("uv audit", "uv audit"),
            tool("jake", "jake"),
        ),
    },
    commands={
        "test": "pytest",
        "lint": "ruff check .",
        "format": "ruff format --check .",
        "type_check": "mypy .",
        "coverage": "pytest --cov --cov-fail-under=80",
        "dead_code": "vulture .",
        "dependency_audit": "pip-audit",
    },
)  # fmt: skip
