# Kelvin's commands. `make` lists them; `make dev` and `make test` are all a newcomer needs.

GOLANGCI_LINT_VERSION := v2.15.0
WORKFLOWCHECK_VERSION := v0.6.0
GOTESTSUM_VERSION     := v1.13.0
GOVULNCHECK_VERSION   := v1.9.0

SHELL       := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:

# One setting for builds, tests and vet, with or without a C compiler, so that they share compiled
# packages: the embedded Temporal server alone takes minutes. The version comes from LDFLAGS, not from VCS stamps.
export CGO_ENABLED ?= 0
export GOFLAGS     := $(strip $(GOFLAGS) -trimpath -buildvcs=false)

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -X main.version=$(VERSION)

TOOLS         := bin/tools
GOLANGCI_LINT := $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)
WORKFLOWCHECK := $(TOOLS)/workflowcheck-$(WORKFLOWCHECK_VERSION)
GOTESTSUM     := $(TOOLS)/gotestsum-$(GOTESTSUM_VERSION)
GOVULNCHECK   := $(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION)

RESULTS := .kelvin/test

# The C compiler for kelvin-gpu; empty: none, and it is built without NVML.
GPU_CC := $(shell command -v "$$(go env CC)" || true)
# build-gpu FILE builds it with the compiler that $$cc names. A driver can lack functions that we know: they
# must be bound when they are called, which -z lazy asks for, and not when the program starts.
build-gpu = if [ -n "$$cc" ]; then \
		CGO_ENABLED=1 CC=$$cc go build -ldflags '-s -w $(LDFLAGS) -extldflags=-Wl,-z,lazy' -o $(1) ./cmd/kelvin-gpu; \
	else \
		echo "no C compiler for it: $(1) is built without NVML, and finds no GPUs"; \
		CGO_ENABLED=0 go build -ldflags '-s -w $(LDFLAGS)' -o $(1) ./cmd/kelvin-gpu; \
	fi
# What has parts that only cgo builds.
CGO_PACKAGES := ./machine/nvml/... ./cmd/kelvin-gpu/...

# The Docker client in Go knows DOCKER_HOST, but not the contexts of the docker command.
DOCKER_ENV = address=$$(deploy/setup/docker.sh address); [ -z "$$address" ] || export DOCKER_HOST="$$address";

##@ Every day

.PHONY: dev
dev: setup-dev build ## Set up what is missing, build, and run all of Kelvin on this machine
	@$(DOCKER_ENV) exec bin/kelvin dev

.PHONY: test
test: setup-test build vet $(GOTESTSUM) ## Set up what is missing, build, and run every test (CI lists what was skipped)
	@rm -rf $(RESULTS) && mkdir -p $(RESULTS)
	@$(DOCKER_ENV) failed=0; \
	$(call section,Go: all packages but e2e); \
	$(GOTESTSUM) $(call report,unit) -- -timeout 15m $$(go list ./... | grep -v /kelvin/e2e) || failed=1; \
	if [ -d e2e ]; then \
		$(call section,Go: e2e (alone: it measures and kills)); \
		$(GOTESTSUM) $(call report,e2e) -- -timeout 40m -p 1 ./e2e/... || failed=1; \
	fi; \
	$(call section,Go: with cgo (NVML)); \
	if [ -n "$(GPU_CC)" ]; then CGO_ENABLED=1 $(GOTESTSUM) $(call report,cgo) -- -timeout 5m $(CGO_PACKAGES) || failed=1; \
	else echo "no C compiler: left out"; fi; \
	$(call section,Go: temporaldev); \
	(cd temporaldev && ../$(GOTESTSUM) $(call report,temporaldev) -- -timeout 10m ./...) || failed=1; \
	$(call section,Console); \
	npm --prefix web test -- --reporter=default --reporter=json --outputFile.json=$(CURDIR)/$(RESULTS)/web.json || failed=1; \
	$(call section,Console: in a browser); \
	npm --prefix web run test:browser || failed=1; \
	$(call section,Summary); \
	go run .ci/summary.go $(RESULTS)/* || failed=1; \
	exit $$failed

.PHONY: test-short
test-short: web ## Run the quick Go tests only: no set-up, no e2e
	go test -short -timeout 5m $$(go list ./... | grep -v /kelvin/e2e)

.PHONY: lint
lint: setup-build web vet $(GOLANGCI_LINT) $(WORKFLOWCHECK) ## Check style, architecture, determinism of workflows, types of the console, scripts
	@$(call section,gofmt)
	@find . \( -name node_modules -o -name .kelvin \) -prune -o -name '*.go' -print0 | xargs -0 gofmt -l > bin/gofmt.out; \
	if [ -s bin/gofmt.out ]; then echo "Not formatted (make fmt):"; cat bin/gofmt.out; exit 1; fi
	@$(call section,go.mod)
	@if grep -n 'go\.temporal\.io/server' go.mod; then \
		echo "The Temporal server belongs to temporaldev/go.mod, never to the main module."; exit 1; fi
	@$(call section,golangci-lint)
	@$(GOLANGCI_LINT) run ./...
	@$(if $(GPU_CC),CGO_ENABLED=1 $(GOLANGCI_LINT) run $(CGO_PACKAGES),echo "no C compiler: what only cgo builds is left out")
	@$(call section,workflowcheck)
	@$(WORKFLOWCHECK) ./...
	@$(call section,svelte-check)
	@npm --prefix web run check
	@$(call section,shellcheck)
	@if command -v shellcheck >/dev/null; then shellcheck -x -P SCRIPTDIR deploy/setup/*.sh .ci/run; \
	else echo "not installed, left out"; fi

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format the Go code (gofumpt, gci)
	$(GOLANGCI_LINT) fmt ./...

.PHONY: check
check: lint test ## What CI runs

##@ Building

.PHONY: build
build: setup-build web bin/kelvin bin/kelvin-gpu bin/kelvin-temporal ## Build bin/kelvin, bin/kelvin-gpu and bin/kelvin-temporal

.PHONY: web
web: web/dist/index.html ## Build the console, which bin/kelvin embeds

.PHONY: release
release: setup-build web ## Build archives of the binaries for Linux (amd64, arm64), with checksums, in bin/release
	@rm -rf bin/release && mkdir -p bin/release
	@for arch in amd64 arm64; do \
		echo "==> kelvin $(VERSION) linux/$$arch"; \
		GOOS=linux GOARCH=$$arch CGO_ENABLED=0 go build -ldflags '-s -w $(LDFLAGS)' -o bin/release/kelvin ./cmd/kelvin; \
		case $$arch in "$$(go env GOHOSTARCH)") cc='$(GPU_CC)' ;; amd64) cc=x86_64-linux-gnu-gcc ;; *) cc=aarch64-linux-gnu-gcc ;; esac; \
		cc=$$(command -v "$$cc" || true); export GOOS=linux GOARCH=$$arch; $(call build-gpu,bin/release/kelvin-gpu); \
		tar -C bin/release -czf bin/release/kelvin-$(VERSION)-linux-$$arch.tar.gz kelvin kelvin-gpu -C $(CURDIR) LICENSE NOTICE README.md; \
	done; rm bin/release/kelvin bin/release/kelvin-gpu
	@cd bin/release && sha256sum -- *.tar.gz | tee SHA256SUMS

.PHONY: clean
clean: ## Remove what was built (not the data of kelvin dev)
	rm -rf bin web/node_modules $(RESULTS)
	find web/dist -mindepth 1 ! -name .gitkeep -delete

##@ Now and then

.PHONY: soak
soak: build ## Try 200 random operations on 20 servers, while parts are killed
	@$(DOCKER_ENV) KELVIN_SOAK_OPERATIONS=$${KELVIN_SOAK_OPERATIONS:-200} KELVIN_SOAK_SERVERS=$${KELVIN_SOAK_SERVERS:-20} go test -count=1 -timeout 3h -v -run '^TestSoak$$' ./e2e

.PHONY: bench
bench: build ## Run the benchmarks, e.g. make bench BENCH=Gateway
	@go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem -timeout 60m $$(go list ./... | grep -v -e /kelvin/e2e -e /kelvin/machine/docker)
	@$(DOCKER_ENV) go test -run '^$$' -bench '$(or $(BENCH),.)' -benchtime 15x -timeout 60m -p 1 ./e2e ./machine/docker

.PHONY: bench-gateway
bench-gateway: web ## Run the gateway beside Caddy and a bare httputil.ReverseProxy, and with 10,000 open streams
	@deploy/setup/caddy.sh || true
	@uptime
	@go test -run '^$$' -bench '^Benchmark(Beside|OpenStreams)$$' -benchtime 10x -timeout 30m ./gateway | tr '\t' '\n'

.PHONY: bench-scale
bench-scale: build ## Start 2,000 endpoints on one kelvin-temporal and worker, and print what they cost (KELVIN_CAPACITY=n: others)
	@KELVIN_CAPACITY=$${KELVIN_CAPACITY:-2000} go test -count=1 -timeout 60m -v -run '^TestCapacity$$' ./e2e

.PHONY: eval
eval: ## Compare scaling and spot policies in simulation and write docs/autoscaling.md and docs/spot.md (EVAL_QUICK=1: a small part, printed)
	@if [ -n "$(EVAL_QUICK)" ]; then go run ./cmd/kelvin simulate evaluate --quick --seeds 2 && go run ./cmd/kelvin simulate spot --seeds 2; \
	else go run ./cmd/kelvin simulate spot --document docs/spot.md --plot docs/spot.svg && go run ./cmd/kelvin simulate evaluate --document docs/autoscaling.md --rows docs/autoscaling.csv --plot docs/autoscaling.svg; fi

.PHONY: record
record: build ## Record workflow histories for the replay tests; do it on a released version, never on a branch under test
	KELVIN_RECORD=$(CURDIR)/workflows/testdata/replay go test -count=1 -timeout 15m -run '^TestRecord' ./e2e/...

.PHONY: vuln
vuln: web $(GOVULNCHECK) ## Look for known vulnerabilities (needs vuln.go.dev)
	$(GOVULNCHECK) ./...

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

# ---- What the targets above are made of.

section = printf '\n==> %s\n' '$(1)'
report  = --format pkgname --hide-summary skipped --jsonfile $(CURDIR)/$(RESULTS)/$(1).jsonl

.PHONY: setup-build setup-dev setup-test
setup-build setup-dev setup-test: setup-%:
	@deploy/setup/setup.sh $*

.PHONY: vet
vet: web
	@$(call section,go vet)
	@go vet ./...
	@$(if $(GPU_CC),CGO_ENABLED=1 go vet $(CGO_PACKAGES),echo "no C compiler: kelvin-gpu is vetted without NVML")
	@go vet -C temporaldev ./...

# Go knows best whether anything changed: it links only then.
.PHONY: bin/kelvin
bin/kelvin: web/dist/index.html
	@go build -ldflags '$(LDFLAGS)' -o $@ ./cmd/kelvin

# What asks the GPU driver: with NVML where there is a C compiler.
.PHONY: bin/kelvin-gpu
bin/kelvin-gpu:
	@cc='$(GPU_CC)'; $(call build-gpu,$@)

# The embedded Temporal server takes minutes to compile the first time.
bin/kelvin-temporal: $(shell find temporaldev -type f \( -name '*.go' -o -name 'go.*' -o -path '*/assets/*' \) 2>/dev/null)
	@[ -e $@ ] || echo "==> Building kelvin-temporal: some minutes the first time, for it embeds the Temporal server"
	go build -C temporaldev -ldflags "-s -w" -o ../$@ .
	@touch $@

WEB_SOURCES := $(shell find web \( -name node_modules -o -name dist -o -name e2e \) -prune -o -type f \
	! -name '*.test.ts' ! -name '*.go' ! -name '*.md' -print 2>/dev/null)

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	npm --prefix web run build
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
	@touch $@

# tool NAME,VERSION,PATH: a pinned tool, built once from the module proxy.
define tool
$(TOOLS)/$(1)-$(2):
	@echo "==> Building $(1) $(2), once"
	@mkdir -p $(TOOLS)/new
	@GOBIN=$(CURDIR)/$(TOOLS)/new go install -ldflags "-s -w" $(3)@$(2)
	@mv $(TOOLS)/new/$(1) $$@
	@rmdir $(TOOLS)/new 2>/dev/null || true
endef
$(eval $(call tool,golangci-lint,$(GOLANGCI_LINT_VERSION),github.com/golangci/golangci-lint/v2/cmd/golangci-lint))
$(eval $(call tool,workflowcheck,$(WORKFLOWCHECK_VERSION),go.temporal.io/sdk/contrib/tools/workflowcheck))
$(eval $(call tool,gotestsum,$(GOTESTSUM_VERSION),gotest.tools/gotestsum))
$(eval $(call tool,govulncheck,$(GOVULNCHECK_VERSION),golang.org/x/vuln/cmd/govulncheck))
