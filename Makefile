# Two commands: `make demo` shows it on real data, `make test` proves it. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test browser lint types bench mutants soak pin clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## a virtual environment with everything pinned, and the `daybook` command in it

$(READY): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## a real shop's 18 months through a real broker into daily documents, and a recount
	$(BIN)/daybook demo

test: $(READY) lint types browser ## everything, on real Kafka, MongoDB and Redis that it starts itself
	$(BIN)/python -m pytest -n 3 --dist worksteal

browser: ## the Chromium that tests of pages need: Debian's, where there is none and it may be installed
	@for name in $${DAYBOOK_TEST_CHROMIUM:-chromium chromium-browser google-chrome}; do \
	  command -v "$$name" >/dev/null && exit 0; \
	done; \
	if [ -n "$$DAYBOOK_TEST_CHROMIUM" ]; then \
	  echo "DAYBOOK_TEST_CHROMIUM names $$DAYBOOK_TEST_CHROMIUM, which is no program: tests of pages will fail."; \
	  exit 0; \
	fi; \
	as=; [ "$$(id -u)" = 0 ] || as="sudo -n"; \
	if command -v apt-get >/dev/null && $$as true 2>/dev/null; then \
	  echo "installing chromium"; \
	  $$as apt-get update -qq && $$as env DEBIAN_FRONTEND=noninteractive \
	    apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0; \
	fi; \
	echo "There is no Chromium, and it could not be installed here: tests of pages will fail."; \
	echo "Install it, with: sudo apt-get install chromium; or let DAYBOOK_TEST_CHROMIUM name one."

lint: $(READY) ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## mypy --strict
	$(BIN)/mypy

bench: $(READY) ## groups, collector and reports beside yardsticks; one part: python -m bench collector
	$(BIN)/python -m bench

mutants: $(READY) ## seeded bugs, each of which the tests must catch
	$(BIN)/python -m tests.mutants

soak: $(READY) ## the long run: 200 kills over 5,000,000 events, 1,000,000 tracking events, 20,000 random histories, each fault by five seeds
	DAYBOOK_SOAK=1 $(BIN)/python -m pytest -n 2 -p no:cacheprovider tests/engine/protocol/test_protocol.py tests/scenarios

pin: $(READY) ## requirements.txt and requirements-dev.txt anew, with hashes
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra all pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra all --extra dev pyproject.toml -o requirements-dev.txt

clean: ## removes the virtual environment and the caches, not the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
