# pinboot, from a checkout: `make demo` shows it, `make test` proves it. Works with GNU and BSD make.

PYTHON_MINIMUM = 3, 11

.PHONY: help setup demo test lint bench clean

help:
	@echo 'make setup   a virtual environment in .venv, with uv where it is there, else with venv and pip'
	@echo 'make demo    a whole lock and build, on a small tree made for the purpose; no network after setup'
	@echo 'make test    linters, types and every test whose tools are there'
	@echo 'make lint    linters and types alone'
	@echo 'make bench   the benchmarks'
	@echo 'make clean   remove .venv and caches; bundles in out/ stay'

setup: .venv/.ready
	@:

demo: setup
	@.venv/bin/pinboot demo

test: lint
	@.venv/bin/pytest

lint: setup
	@.venv/bin/ruff check --quiet builder tests
	@.venv/bin/mypy --no-error-summary

bench: setup
	@.venv/bin/python -m benchmarks

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
	@find . -name .git -prune -o -name __pycache__ -type d -exec rm -rf {} +

# PATH may hold names that do not run (pyenv's shims), so each candidate is asked. Debian's python3 has venv without
# ensurepip until python3-venv is installed, and then fails half-way: asked first.
.venv/.ready: pyproject.toml
	@set -eu; \
	fail() { printf 'error: %s\nhint:  %s\n' "$$1" "$$2" >&2; exit 1; }; \
	python=; \
	for each in python3 python3.14 python3.13 python3.12 python3.11; do \
	    if "$$each" -c 'import sys; sys.exit(sys.version_info < ($(PYTHON_MINIMUM)))' 2>/dev/null; then \
	        python=$$each; break; \
	    fi; \
	done; \
	uv=; if uv --version >/dev/null 2>&1; then uv=yes; fi; \
	[ -n "$$python$$uv" ] || fail 'no Python 3.11 or newer: tried python3 and python3.11 to python3.14' \
	    'install one (Debian 12 and later: apt install python3 python3-venv), or uv, which brings its own'; \
	[ -x .venv/bin/python ] || rm -rf .venv; \
	if [ -n "$$uv" ]; then \
	    echo 'setup: .venv, with uv'; \
	    [ -d .venv ] || uv venv --quiet --python "$${python:->=3.11}" .venv; \
	    uv pip install --quiet --python .venv/bin/python -e '.[test,lint]'; \
	else \
	    "$$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$$python has no venv module" \
	        'install python3-venv (Debian, Ubuntu: apt install python3-venv), or uv'; \
	    echo "setup: .venv, with $$python and pip"; \
	    .venv/bin/python -m pip --version >/dev/null 2>&1 || rm -rf .venv; \
	    [ -d .venv ] || "$$python" -m venv .venv; \
	    .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check -e '.[test,lint]'; \
	fi; \
	touch .venv/.ready
