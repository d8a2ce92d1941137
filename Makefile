# `make demo` shows Daybook with real data, `make test` tests it. Both run `make setup` first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test browser lint types bench attack mutants soak pin clean

help: ## lists the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## creates .venv with pinned packages and the `daybook` command

$(READY): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## counts 18 months of a real shop's events, recounts them, serves the dashboard
	$(BIN)/daybook demo

test: $(READY) lint types browser ## runs all tests, with Kafka, MongoDB and Redis that it starts itself
	$(BIN)/python -m pytest -n 3 --dist worksteal

browser: ## installs the Chromium that tests of pages need, on Debian, if none is found
	@for name in $${DAYBOOK_TEST_CHROMIUM:-chromium chromium-browser google-chrome}; do \
	  command -v "$$name" >/dev/null && exit 0; \
	done; \
	if [ -n "$$DAYBOOK_TEST_CHROMIUM" ]; then \
	  echo "DAYBOOK_TEST_CHROMIUM is $$DAYBOOK_TEST_CHROMIUM, which is not a program: tests of pages will fail."; \
	  exit 0; \
	fi; \
	as=; [ "$$(id -u)" = 0 ] || as="sudo -n"; \
	if command -v apt-get >/dev/null && $$as true 2>/dev/null; then \
	  echo "installing chromium"; \
	  $$as apt-get update -qq && $$as env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0; \
	fi; \
	echo "Chromium was not found and could not be installed: tests of pages will fail."; \
	echo "Run 'sudo apt-get install chromium', or set DAYBOOK_TEST_CHROMIUM to a Chromium."

lint: $(READY) ## checks style and format with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## checks types with mypy --strict
	$(BIN)/mypy

bench: $(READY) ## measures groups, collector and reports; one part: python -m bench collector
	$(BIN)/python -m bench

attack: $(READY) ## attacks a fleet of its own in every way we know; one part: python -m attack collector
	$(BIN)/python -m attack

mutants: $(READY) ## checks that the tests catch each of the seeded bugs
	$(BIN)/python -m tests.mutants

soak: $(READY) ## long tests: 200 kills over 5,000,000 events, 1,000,000 tracking events, 20,000 random histories, faults by five seeds, all attacks
	DAYBOOK_SOAK=1 $(BIN)/python -m pytest -n 2 -p no:cacheprovider tests/engine/protocol/test_protocol.py tests/scenarios
	$(BIN)/python -m attack

pin: $(READY) ## updates requirements.txt and requirements-dev.txt, with hashes
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra all pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra all --extra dev pyproject.toml -o requirements-dev.txt

clean: ## removes .venv and caches, but no data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
