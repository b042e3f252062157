# make help lists everything. VENV and PYTHON may be given: make test VENV=/tmp/venv PYTHON=python3.13
.DEFAULT_GOAL := help
VENV ?= .venv
PYTHON ?= python3
PORT ?= 8000
JOBS ?= 2
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
PYTEST := $(BIN)/python -m pytest
TEMPLATES := templates
DJANGO := 5.2
# The Django to come, in an environment of its own.
NEXT_DJANGO := >=6,<7
NEXT_VENV ?= .venv-django
NEXT := $(NEXT_VENV)/.dev-installed
# What speaks SQL of its own, or depends on how a database locks.
ON_POSTGRES := tests/models tests/services tests/commands/test_deletefiles.py tests/views/audit/test_by_job.py tests/views/jobs/test_numbers_agree.py

.PHONY: help demo run worker test test-postgres test-engines test-wheel test-image test-django chromium lint format check audit lock wheel bench bench-smoke messages screenshots lighthouse clean

help: ## List what make can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "medialib needs Python 3.11 or newer; $(PYTHON) is older. Name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "Could not make $(VENV). On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }

$(RUNTIME): requirements.txt | $(BIN)/python
	$(PIP) -r requirements.txt
	@touch $@

$(DEV): requirements.txt requirements-scale.txt requirements-dev.txt | $(BIN)/python
	$(PIP) -r requirements-dev.txt
	@touch $@

# The same requirements but for Django's pin, which is loosened in a copy.
$(NEXT): requirements.txt requirements-scale.txt requirements-dev.txt
	@python="$$(PYTHON=$(PYTHON) .ci/newer-python)" && "$$python" -m venv --clear $(NEXT_VENV)
	@cp $^ $(NEXT_VENV)
	@sed -i.bak 's/^Django==[^ ]*/Django$(NEXT_DJANGO)/' $(NEXT_VENV)/requirements.txt
	$(NEXT_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r $(NEXT_VENV)/requirements-dev.txt
	@touch $@

demo: $(RUNTIME) ## Start everything against a local sandbox with 2,000 files (PORT=8000)
	@exec $(BIN)/python manage.py demo --port $(PORT)

run: $(RUNTIME) ## Start the web server on your own settings (PORT=8000)
	@$(BIN)/python manage.py migrate --verbosity 0
	@exec $(BIN)/granian --host 127.0.0.1 --port $(PORT) \
		--interface asginl --no-ws --http1-header-read-timeout 10000 --backlog 2048 --backpressure 2048 config.asgi:application

worker: $(RUNTIME) ## Start a worker on your own settings
	@exec $(BIN)/python manage.py runworker

test: $(DEV) chromium ## Run the whole suite on SQLite, browser journeys included
	env -u DATABASE_URL $(PYTEST) -n $(JOBS) --dist loadgroup -m "not postgres and not engine"

test-postgres: $(DEV) ## Run what depends on the database on PostgreSQL (DATABASE_URL, or a local server)
	DATABASE_URL=$${DATABASE_URL:-postgres://medialib:medialib@127.0.0.1:5432/medialib} \
		$(PYTEST) -n $(JOBS) --dist loadgroup -m "not e2e and not engine and not sqlite" $(ON_POSTGRES)

test-engines: $(DEV) ## Run one whole job on each of the three engines (PostgreSQL and Redis)
	$(PYTEST) -m engine tests

wheel: $(BIN)/python ## Build sdist, wheel and SBOM into dist/, the same bytes from the same commit
	@$(BIN)/python .ci/wheel dist

test-wheel: $(BIN)/python ## Build the wheel twice, install it alone, and run the demo and a job from it
	@$(BIN)/python .ci/wheel

test-image: ## Run the steps of the Dockerfile and what it starts, without Docker (Linux, as root, Python 3.12)
	@"$$(PYTHON=$(PYTHON) .ci/newer-python)" .ci/image

test-django: $(NEXT) ## Run all but the browser journeys on the newest Django 6 (needs Python 3.12)
	env -u DATABASE_URL $(NEXT_VENV)/bin/python -m pytest -n $(JOBS) --dist loadgroup -m "not postgres and not engine and not e2e"

chromium:
	@.ci/chromium

lint: $(DEV) ## Look for mistakes in code and templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djade --check --target-version $(DJANGO) $$(git ls-files '$(TEMPLATES)/*.html')
	$(BIN)/djlint --lint --quiet $(TEMPLATES)

format: $(DEV) ## Put the code in its usual shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djade --target-version $(DJANGO) $$(git ls-files '$(TEMPLATES)/*.html')

check: lint ## lint, types, migrations, and Django's own checks
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check

audit: $(RUNTIME) ## Hold the dependencies to their hashes and look for known vulnerabilities
	@VENV=$(VENV) .ci/audit

lock: $(RUNTIME) ## Write requirements.lock anew after changing requirements.txt
	@VENV=$(VENV) .ci/lock

bench: $(DEV) ## Measure speed; writes docs/benchmarks.md
	$(BIN)/python -m tests.bench

bench-smoke: $(DEV) ## Fail where a page became half as slow again or a tenth heavier (a minute)
	$(BIN)/python -m tests.bench --only smoke

messages: $(RUNTIME) ## Gather new texts for locale/de/…/django.po, then compile it (needs gettext)
	$(BIN)/python manage.py makemessages -l de --no-location --no-wrap --no-obsolete -i '.venv*' -i var -i tests -i 'templates/styleguide/*'
	msgfmt --check -o locale/de/LC_MESSAGES/django.mo locale/de/LC_MESSAGES/django.po

screenshots: $(DEV) chromium ## Draw the pictures of README and docs from a demo of its own
	$(BIN)/python -m tests.e2e.screenshots

lighthouse: $(DEV) chromium ## Let Lighthouse judge the main pages (needs Node)
	$(BIN)/python -m tests.e2e.lighthouse

clean: ## Remove caches; data in var/ and the virtual environment stay
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov test-results
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
