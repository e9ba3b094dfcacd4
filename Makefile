# Waypost. `make` lists the targets.
#
# You need rustup, Python 3, make and a C compiler. The targets install everything else in .tools/ and console/node_modules/.

.DEFAULT_GOAL := help
.PHONY: help dev test check console console-types screenshots bench bench-console fuzz mutants deploy adopt import share block admin-key sign-in-link replay-spill replay-failed replay-quarantine rebuild-stats rebuild-catalog clean-files lock-tools update-lists measure-visitors

PYTHON ?= python3
PY = .tools/sam/bin/python
INSTALL = @$(PYTHON) tools/install.py
NPM = @cd console && PATH="$(CURDIR)/.tools/node/bin:$$PATH" npm
# npm writes it at the end of an install.
PACKAGES = console/node_modules/.package-lock.json

export SAM_CLI_TELEMETRY = 0
export PYTHONDONTWRITEBYTECODE = 1

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 19

dev: ## Run the platform on this machine: local AWS, all functions, console, reload on save (Ctrl-C stops it)
	$(INSTALL) sam ministack node
	@$(MAKE) --no-print-directory $(PACKAGES)
	@exec $(PY) tools/dev.py

test: ## Run unit and adapter tests, then test a stack and its OpenAPI document end to end on a local AWS with IAM
	$(INSTALL) sam ministack schemathesis node
	@$(MAKE) --no-print-directory $(PACKAGES)
	cargo test --workspace
	cargo test --manifest-path tools/mutation/switches/Cargo.toml --target-dir target --locked
	$(PY) -m unittest discover --quiet --start-directory tools
	$(NPM) test
	$(NPM) run build
	$(NPM) run test:browser
	@exec $(PY) tools/end_to_end.py

check: ## Check formatting, lints, documentation, licences, security advisories, template
	$(INSTALL) sam cargo-deny node
	@$(MAKE) --no-print-directory $(PACKAGES)
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo fmt --manifest-path tools/mutation/switches/Cargo.toml --check
	cargo clippy --workspace --all-targets -- -D warnings
	cargo clippy --workspace --test end_to_end -- -D warnings
	# Skip the build of libFuzzer itself, which needs a C++ compiler.
	CUSTOM_LIBFUZZER_PATH=/none/libfuzzer.a cargo clippy --manifest-path fuzz/Cargo.toml --target-dir target --locked --all-targets -- -D warnings
	cargo clippy --manifest-path tools/mutation/switches/Cargo.toml --target-dir target --locked --all-targets -- -D warnings
	# With --examples (there are none) cargo resolves the features that clippy did, so that rustdoc finds every dependency checked.
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --lib --bins --examples
	.tools/cargo-deny/bin/cargo-deny check bans licenses sources
	$(PY) tools/advisories.py
	.tools/sam/bin/ruff check --no-cache tools
	.tools/sam/bin/ruff format --no-cache --check tools
	.tools/sam/bin/cfn-lint template.yaml
	AWS_DEFAULT_REGION=us-east-1 .tools/sam/bin/sam validate --lint --template template.yaml
	$(NPM) run check

$(PACKAGES): console/package.json console/package-lock.json
	$(NPM) ci

console: ## Build the console into console/dist
	$(INSTALL) node
	@$(MAKE) --no-print-directory $(PACKAGES)
	$(NPM) run build

console-types: ## Make the console's types of the API anew, after a change of the OpenAPI document
	$(INSTALL) node
	@$(MAKE) --no-print-directory $(PACKAGES)
	WRITE_CONSOLE_DOCUMENT=1 cargo test --quiet -p waypost-api copy_of_the_console
	$(NPM) run types

screenshots: console ## Make the pictures of docs/console.md
	$(NPM) run screenshots -- ../docs/images

# The area `console` is a script of Node, which needs no release build of the rest.
bench: ## Run the benchmarks, all or some: make bench [ONLY="redirect console ..."] [BASELINE=an earlier redirect]
	$(if $(filter-out console,$(or $(ONLY),all)),cargo run --release -p waypost-bench -- $(if $(BASELINE),--baseline "$(BASELINE)") $(filter-out console,$(ONLY)))
	$(if $(filter console,$(or $(ONLY),console)),@$(MAKE) --no-print-directory bench-console)

bench-console: console
	$(NPM) run --silent bench

fuzz: ## Search inputs that break the fuzz targets: make fuzz [TARGET=name] [SECONDS=60]
	$(INSTALL) cargo-fuzz
	@exec $(PYTHON) tools/fuzz.py --seconds "$(or $(SECONDS),60)" $(TARGET)

mutants: ## Change the domain's code bit by bit and list what no test notices: make mutants AT="links clicks" [SHARD=1/4] [MINUTES=60]
	$(INSTALL) cargo-mutants
	@exec $(PYTHON) tools/mutants.py $(or $(AT),"") --shard "$(or $(SHARD),0/1)" --minutes "$(or $(MINUTES),60)"

deploy: ## Build for AWS and deploy to a real account; asks for the settings: make deploy [STACK=name SET="Name=value ..."]
	$(INSTALL) sam
	@exec $(PY) tools/deploy.py $(if $(STACK),--stack "$(STACK)") $(foreach setting,$(SET),--set "$(setting)")

adopt: ## Make a stack of the tables and the bucket that a deleted stack left behind: make adopt STACK=name
	$(INSTALL) sam
	@exec $(PY) tools/adopt.py --stack "$(STACK)"

import: ## Import a file of links and show the result: make import FILE=links.csv [URL=https://… KEY=wp_… DOMAIN= TAGS=a,b ON_CONFLICT=overwrite DRY_RUN=1 STRICT=1 IMPORT_COLUMNS="Short name=slug"]
	$(INSTALL) sam
	@WAYPOST_KEY="$(KEY)" exec $(PY) tools/import_file.py "$(FILE)" $(if $(URL),--url "$(URL)") $(if $(DOMAIN),--domain "$(DOMAIN)") \
		$(if $(TAGS),--tags "$(TAGS)") $(if $(ON_CONFLICT),--on-conflict "$(ON_CONFLICT)") $(if $(DRY_RUN),--dry-run) $(if $(STRICT),--strict) \
		$(if $(IMPORT_COLUMNS),--columns "$(IMPORT_COLUMNS)")

share: ## Upload a file and share it by a link: make share FILE=report.pdf [EXPIRES=7d PASSWORD=… MAX=3 SLUG=report URL=https://… KEY=wp_…]
	$(INSTALL) sam
	@WAYPOST_KEY="$(KEY)" WAYPOST_PASSWORD="$(PASSWORD)" exec $(PY) tools/share.py "$(FILE)" $(if $(URL),--url "$(URL)") \
		$(if $(SLUG),--slug "$(SLUG)") $(if $(EXPIRES),--expires "$(EXPIRES)") $(if $(MAX),--max "$(MAX)")

block: ## Block the targets of a file for all links: make block FILE=hosts.txt [REASON=phishing URL=https://… KEY=wp_…]
	$(INSTALL) sam
	@WAYPOST_KEY="$(KEY)" exec $(PY) tools/block_targets.py "$(FILE)" $(if $(REASON),--reason "$(REASON)") $(if $(URL),--url "$(URL)")

admin-key: ## Create the first admin key of a deployed stack: make admin-key STACK=name [WORKSPACE=default]
	$(INSTALL) sam
	@exec $(PY) tools/admin_key.py --stack "$(STACK)" --workspace "$(or $(WORKSPACE),default)"

sign-in-link: ## Make a link that signs in to the console once: make sign-in-link STACK=name [WORKSPACE=default ROLE=admin URL=https://…]
	$(INSTALL) sam
	@exec $(PY) tools/sign_in_link.py --stack "$(STACK)" --workspace "$(or $(WORKSPACE),default)" --role "$(or $(ROLE),admin)" \
		$(if $(URL),--url "$(URL)")

replay-spill: ## Send the clicks that the stream refused to it again: make replay-spill STACK=name
	$(INSTALL) sam
	@exec $(PY) tools/replay_spill.py --stack "$(STACK)"

replay-failed: ## Send the clicks that could not be counted in time to the stream again: make replay-failed STACK=name
	$(INSTALL) sam
	@exec $(PY) tools/replay_failed.py --stack "$(STACK)"

replay-quarantine: ## Send the records in the quarantine to the stream again: make replay-quarantine STACK=name
	$(INSTALL) sam
	@exec $(PY) tools/replay_quarantine.py --stack "$(STACK)"

rebuild-stats: ## Count the archived clicks again in another table: make rebuild-stats STACK=name TABLE=name
	$(INSTALL) sam
	@exec $(PY) tools/rebuild_stats.py --stack "$(STACK)" --table "$(TABLE)"

rebuild-catalog: ## Build what searches read anew: make rebuild-catalog STACK=name WORKSPACE=name
	$(INSTALL) sam
	@exec $(PY) tools/rebuild_catalog.py --stack "$(STACK)" --workspace "$(WORKSPACE)"

clean-files: ## Find files without record and records without file: make clean-files STACK=name, and with DRY_RUN=0 remove them
	$(INSTALL) sam
	@exec $(PY) tools/clean_files.py --stack "$(STACK)" $(if $(filter 0,$(DRY_RUN)),--remove)

lock-tools: ## Pin the packages of tools/requirements/*.in again, by hash
	$(PYTHON) tools/lock.py

update-lists: ## Rewrite the lists of other projects that tell bots and browsers, from the releases pinned in tools/visitor_lists.py
	$(INSTALL) sam
	@exec $(PY) tools/visitor_lists.py update

measure-visitors: ## Compare bots, devices, systems and browsers with the labels of Matomo's device-detector
	$(INSTALL) sam
	@exec $(PY) tools/visitor_lists.py measure
