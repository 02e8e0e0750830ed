PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO ?= fixtures/services/leaky

.PHONY: audit test check docs bench new-rule format clean

$(BIN)/python:
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "on Debian: apt install python3-venv" >&2; exit 1; }

$(STAMP): pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group test --group check
	touch $@

# Findings are what the demo is for; a usage error (2) or an incomplete audit (3) is a failure.
audit: | $(BIN)/python
	@$(BIN)/aiaudit --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --editable .
	@$(BIN)/aiaudit check $(DEMO); code=$$?; if [ $$code -le 1 ]; then exit 0; else exit $$code; fi

# Boots measure time: they come first and have the machine to themselves. 5 says that no test was chosen.
test: $(STAMP)
	@scripts/prepare_tests $(BIN)/python
	$(BIN)/python -m pytest -ra -m docker $(PYTEST) || [ $$? -eq 5 ]
	$(BIN)/python -m pytest -ra -m 'not docker' -n auto $(PYTEST) || [ $$? -eq 5 ]

check: $(STAMP)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate_docs.py --check
	$(BIN)/python scripts/boot_verdicts.py --check

docs: $(STAMP)
	$(BIN)/python scripts/generate_docs.py

format: $(STAMP)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(STAMP)
	$(BIN)/python benchmarks/run.py $(BENCH)

new-rule: $(STAMP)
	$(BIN)/python scripts/new_rule.py $(PACK) $(ID) $(NAME) "$(SUMMARY)"

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
