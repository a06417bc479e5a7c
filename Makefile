# Everything runs in .venv, which is made from the pinned requirements when they change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help venv demo test test-quick test-lowest test-gitlab lint format bench bench-all bench-docs screenshots docs reference compliance coverage dist sbom gallery clean

help:
	@echo "make demo         evaluate the people in the built-in GitLab, then serve the app on it"
	@echo "make test         run all tests (the browser tests too, if Chromium is installed)"
	@echo "make test-quick   run most tests: no browser, no large data, no long sweeps"
	@echo "make test-gitlab  check what we rely on in a real GitLab, only reading: URL=… TOKEN_ENV=NAME"
	@echo "make lint         check style, types, the direction of imports, dead code, and words"
	@echo "make coverage     run the quick tests, and fail below the least coverage"
	@echo "make docs         build the site of the documentation, into site/"
	@echo "make reference    make again what the reference takes from the code"
	@echo "make bench        measure against other clients, side by side: a few minutes"
	@echo "make bench-all    the same with everything: a quarter of an hour"
	@echo "make bench-docs   put the figures of the last run into the documents"
	@echo "make compliance   evaluate this project by its own command, into README.md"
	@echo "make dist         build the wheel and the archive of the sources, into dist/"
	@echo "make sbom         list all that is installed, as CycloneDX, into dist/sbom.json"
	@echo "make screenshots  make the pictures of README and documents again"
	@echo "make gallery      take pictures of all pages of the app, into screenshots/"

# The set is whole; not in it is rfc3987-syntax, an extra of an extra that takes a second to load.
$(READY): requirements.txt setup.cfg pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

venv: $(READY)

demo: $(READY)
	$(BIN)/gitlab-sync mrs --demo
	$(BIN)/streamlit run app.py

# Each process of a run would compile all tests again, and each command the whole package.
test test-quick test-lowest: export PYTHONDONTWRITEBYTECODE =

test-lowest: $(READY)
	$(PYTHON) -m venv $(VENV)-lowest
	$(VENV)-lowest/bin/pip install --quiet --editable ".[bench,test]" -r requirements-lowest.txt
	$(VENV)-lowest/bin/python -m pytest -n 4 --dist worksteal $(PYTEST_ARGS)

test: $(READY)
	$(BIN)/python -m pytest -n 4 --dist worksteal $(PYTEST_ARGS)

test-quick: $(READY)
	$(BIN)/python -m pytest -n 3 --dist worksteal --hypothesis-profile quick --ignore tests/browser \
		-m "not browser and not large and not slow" $(PYTEST_ARGS)

# It waits for rate limits, and shows what was left out and why.
test-gitlab: $(READY)
	@test -n "$(URL)" -a -n "$(TOKEN_ENV)" || \
		{ echo "Give URL=https://… and TOKEN_ENV=NAME, the variable that holds a token" >&2; exit 2; }
	GITLAB_SYNC_TEST_URL="$(URL)" GITLAB_SYNC_TEST_TOKEN_ENV="$(TOKEN_ENV)" \
		$(BIN)/python -m pytest tests/real_gitlab -k "not sandbox" -rs --timeout 600 $(PYTEST_ARGS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/python -m pip check
	$(BIN)/python tests/meta/words.py

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reference: $(READY)
	PYTHONPATH=. $(BIN)/python tests/meta/reference_pages.py

# A link or an anchor that leads nowhere is a warning, and each warning an error.
docs: $(READY)
	rm -rf site
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet \
		--doctree-dir site/.doctrees docs site
	rm -r site/.doctrees
	@echo "Open site/index.html"

compliance: $(READY)
	$(BIN)/python tests/release/own_compliance.py

# The quick tests, with the share of the lines that they run; pyproject.toml has the least share.
coverage: $(READY)
	$(BIN)/python -m pytest -n 3 --dist worksteal --hypothesis-profile quick --ignore tests/browser \
		-m "not browser and not large and not slow" --cov --cov-report term $(PYTEST_ARGS)

dist: $(READY)
	rm -rf dist build
	$(BIN)/python -m build --no-isolation
	$(BIN)/python -m twine check --strict dist/*

sbom: $(READY)
	mkdir -p dist
	$(BIN)/cyclonedx-py environment --output-reproducible --output-file dist/sbom.json $(BIN)/python

bench: $(READY)
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

bench-all: $(READY)
	$(BIN)/python -m benchmarks --all $(BENCH_ARGS)

bench-docs: $(READY)
	$(BIN)/python -m benchmarks.documents

screenshots: $(READY)
	$(BIN)/python tests/browser/screenshots.py --readme docs/screenshots
	$(BIN)/python -m benchmarks.documents docs/explanation/performance/figures.json

gallery: $(READY)
	$(BIN)/python tests/browser/screenshots.py screenshots

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
