# Every target does its own set-up, once. PYTHON=python3.12 chooses the interpreter, JOBS=4 the test processes.
PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
SET_UP := tools/set-up pyproject.toml requirements/constraints.txt

.PHONY: help demo test lint bench captures screenshots clean

help:
	@echo "make demo      set up, then analyze the captures that come with the program"
	@echo "make test      set up, then every check: format, lint, types, imports, tests"
	@echo "make lint      the checks without the tests"
	@echo "make bench     speed and memory against tshark"
	@echo "make captures  record the captures of captures/demo anew (loopback only, needs dumpcap)"
	@echo "make screenshots  draw the pictures of docs/screens anew"
	@echo "make clean     remove what make made, .venv included"

demo: .venv/.ready-demo
	$(BIN)/cosemscope demo

test: lint
	$(BIN)/python -m pytest -n $(JOBS)

lint: .venv/.ready-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/.ready-test
	$(BIN)/python benchmarks/run.py

captures: .venv/.ready-test
	$(BIN)/python captures/demo/make_captures.py

screenshots: .venv/.ready-test
	$(BIN)/python tools/make_screenshots.py

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready-demo: $(SET_UP)
	PYTHON="$(PYTHON)" tools/set-up demo

.venv/.ready-test: $(SET_UP)
	PYTHON="$(PYTHON)" tools/set-up test
