PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
N ?= 60
# Marker files that are newer than the locks say: the environment is what the locks say.
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev

.PHONY: run demo test check chaos wall bench lock docs clean

run: $(READY)
	@$(BIN)/jobs start

demo: $(READY)
	@$(BIN)/jobs demo

test: $(READY_DEV)
	@$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(READY_DEV)
	@twice=$$(find tests -name 'test_*.py' -exec basename {} \; | sort | uniq -d); \
		[ -z "$$twice" ] || { echo "Two test files have this name, and pytest takes one: $$twice"; exit 1; }
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/basedpyright

chaos: $(READY_DEV)
	@JOBS_CHAOS_KILLS=$(N) $(BIN)/python -m pytest -s -o addopts= -p no:cacheprovider --timeout=7200 tests/chaos

wall: $(READY_DEV)
	@$(BIN)/python -m pytest -n 2 --dist worksteal tests/wall

bench: $(READY_DEV)
	@$(BIN)/python bench/overhead.py
	@$(BIN)/python bench/people.py
	@$(BIN)/python bench/triggers.py
	@$(BIN)/python bench/idle.py

docs: $(READY)
	@$(BIN)/jobs docs

# Needs uv, and rewrites locks/ from pyproject.toml for every platform at once.
UV_COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate --quiet
lock:
	echo 'setuptools>=80' | $(UV_COMPILE) - -o locks/build.lock
	$(UV_COMPILE) pyproject.toml -o locks/run.lock
	$(UV_COMPILE) --extra dev -c locks/run.lock pyproject.toml -o locks/dev.lock

$(READY): locks/build.lock locks/run.lock pyproject.toml scripts/bootstrap.sh
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/bootstrap.sh locks/run.lock
	@touch $@

$(READY_DEV): locks/dev.lock $(READY)
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh scripts/bootstrap.sh locks/dev.lock
	@touch $@

clean:
	rm -rf $(VENV) build dist src/*.egg-info
