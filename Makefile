# Needs Python 3.11+ and make. Everything else comes into .venv and .cache, with hashes, on the first run.

PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3.14 python3,$(if $(shell $(p) -c "import sys; print(sys.version_info >= (3, 11))" 2>/dev/null | grep True),$(p))))
BIN := .venv/bin
READY := .venv/.ready
MINUTES ?= 10
COMPILE := $(BIN)/uv pip compile -q pyproject.toml --universal --generate-hashes --no-annotate --no-emit-index-url --custom-compile-command "make lock"

# Every service is a process of its own: without cached bytecode each would compile every module again when it starts.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check chaos bench mutations up down lock clean

demo: $(READY)  ## play a story on a real Kafka on this machine; ONCE=1 ends when it is told
	$(BIN)/estafette demo $(if $(ONCE),--once)

test: check  ## all checks and tests that this machine can do
	$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder

check: $(READY)  ## style, types, and who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check -q
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

chaos: $(READY)  ## kill services, pages and the broker for MINUTES, and count what was lost: the engine alone, then the whole system
	$(BIN)/python -m tests.chaos --minutes $(MINUTES)
	$(BIN)/python -m tests.chaos --system --minutes $(MINUTES)

bench: $(READY)  ## measure throughput, latency and loading (five minutes; QUICK=1: one)
	$(BIN)/python -m tests.bench $(if $(QUICK),--quick)

mutations: $(READY)  ## break each invariant, and take away each defence, on purpose; see which test notices
	$(BIN)/python -m tests.invariants.mutations
	$(BIN)/python -m tests.attacks.mutations

up: $(READY)  ## start everything on this machine and leave it running
	$(BIN)/estafette up

down: $(READY)  ## end it; data stays
	$(BIN)/estafette down

lock: $(READY)  ## renew the pinned versions within the bounds of pyproject.toml
	$(COMPILE) --group dev -o requirements-dev.lock
	$(COMPILE) -c requirements-dev.lock -o requirements.lock

clean:  ## stop the local Kafka and throw away its data; downloads stay
	-$(BIN)/estafette down
	rm -rf .estafette

# uv installs the lock in seconds; pip does it where uv cannot (it reads no pip.conf).
$(READY): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv
	sed -n '/^uv==/,/^[a-z].*==/{/^uv==\|^ /p}' requirements-dev.lock | sed '$$s/ \\$$//' > .venv/uv.lock
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r .venv/uv.lock
	$(BIN)/uv pip sync -q --compile-bytecode --python $(BIN)/python --require-hashes requirements-dev.lock \
		|| $(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation --offline --editable .
	touch $@
