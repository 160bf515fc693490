# make app, make site, make test, make train, make results, make check: each sets up .venv first where it is missing.
# make site writes the page to the folder site, for a host that has no Python, see docs/site.md.
# make wheel, notebook, licences, outdated, lock: see docs/taking-it-home.md.
# make vendor bundles the page's tensor runtime anew, see vendor/README.md.
# More flags: make train ARGS="--epochs 3".
# make results measures what the studies in results/ lack. ARGS=--quick keeps nothing.

PYTHON ?= python3
BIN := .venv/bin
export PATH := $(abspath $(BIN)):$(PATH) # npm and npx look for node there

.PHONY: app site test train results check vendor wheel notebook licences outdated lock

app: .venv/app
	$(BIN)/python app.py $(ARGS)

site: .venv/app
	$(BIN)/python app.py --site site $(ARGS)

train: .venv/app
	$(BIN)/python train.py $(ARGS)

results: .venv/app
	$(BIN)/python -m resnet textbook $(ARGS)
	$(BIN)/python -m resnet depth $(ARGS)
	$(BIN)/python -m resnet birth $(ARGS)
	$(BIN)/python -m resnet stuck $(ARGS)
	$(BIN)/python -m resnet shattered $(ARGS)
	$(BIN)/python -m resnet lesion $(ARGS)

# In several processes, each with a server and a browser of its own.
test: .venv/dev
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS)

check: .venv/dev node_modules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/npx biome ci
	$(BIN)/npx tsc

wheel: .venv/dev
	$(BIN)/python -m hatchling build --target wheel

# Runs it and stores what it shows.
notebook: .venv/dev
	$(BIN)/python -m tests.notebook

licences: .venv/dev
	$(BIN)/pip-licenses --order license --packages $(shell sed -nE 's/^([a-z0-9-]+)==.*/\1/p' requirements.lock)

# It only tells: a newer version is nobody's mistake.
outdated: .venv/dev
	$(BIN)/python -m pip list --outdated

# For every system, and from Python 3.11 on. ARGS=--upgrade takes what is newer.
lock: .venv/dev
	$(BIN)/uv pip compile requirements.txt --universal --python-version 3.11 --generate-hashes \
	  --custom-compile-command "make lock" --output-file requirements.lock --quiet $(ARGS)

vendor: .venv/dev
	$(BIN)/npm ci --prefix vendor
	$(BIN)/node vendor/build.js

# Most of what comes is never imported: Python compiles what is, when it is.
.venv/app: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --no-compile --requirement requirements.txt
	touch $@

.venv/dev: requirements-dev.txt .venv/app
	$(BIN)/python -m pip install --no-compile --requirement requirements-dev.txt
	touch $@

node_modules: package.json package-lock.json .venv/dev
	$(BIN)/npm ci
	touch $@
