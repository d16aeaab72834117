# Quire. `make` alone lists the targets; each target's line of help stands behind its name.

GO      ?= go
BIN     := bin
PLUGINS := $(notdir $(wildcard plugins/*/cmd/*))
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -X main.version=$(VERSION)
FUZZTIME ?= 10s

.DEFAULT_GOAL := help
.PHONY: help build demo test check format vet lint race invariants fuzz crash bench gen rewrite tidy clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/quire and bin/plugins/*
	@mkdir -p $(BIN)/plugins
	$(GO) build -ldflags '$(LDFLAGS)' -o $(BIN)/quire ./cmd/host
	@for p in $(PLUGINS); do \
	  echo "$(GO) build -o $(BIN)/plugins/$$p ./plugins/$$p/cmd/$$p"; \
	  CGO_ENABLED=0 $(GO) build -o $(BIN)/plugins/$$p ./plugins/$$p/cmd/$$p || exit 1; done

demo: build ## the main job end to end, with a report (KEEP=1 leaves both nodes up)
	$(GO) run ./cmd/demo --bin $(BIN) $(if $(KEEP),--keep) $(if $(ROWS),--rows $(ROWS))

test: build ## every test
	$(GO) test -timeout 18m ./...

check: format vet lint test ## what CI runs

format: ## every Go file is gofmt-clean
	@bad=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go' | grep -v '\.pb\.go$$')); \
	if [ -n "$$bad" ]; then echo "not gofmt-clean:"; echo "$$bad"; exit 1; fi

vet: ## go vet
	$(GO) vet ./...
	$(GO) vet -tags invariants ./core/... ./genericxlog/... ./redo/... ./engine/...

lint: ## staticcheck, pinned as a tool in go.mod
	$(GO) tool staticcheck ./...

race: ## the tests under the race detector
	$(GO) test -race -timeout 60m ./...

invariants: ## storage and log tests with the costly checks compiled in
	$(GO) test -tags invariants -timeout 20m ./core/... ./genericxlog/... ./redo/... ./engine/...

fuzz: ## every fuzz target for FUZZTIME each
	@for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg 2>/dev/null | grep '^Fuzz'); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; done; done

crash: ## the crash sweep at full length (make test runs a sample of it)
	QUIRE_CRASH_SWEEP=full $(GO) test -timeout 120m -v ./crashtest && \
	QUIRE_CRASH_SWEEP=full $(GO) test -run Crash -timeout 120m -v ./engine/... ./sql/... ./core/...

bench: build ## throughput and latency, beside a local PostgreSQL 15 where one is installed
	$(GO) run ./bench --bin $(BIN)

gen: ## generated code (protobuf)
	$(GO) generate ./...

rewrite: ## rewrite the expected output of the data-driven tests; review the diff like code
	$(GO) test ./... -rewrite

tidy: ## go.mod and go.sum
	$(GO) mod tidy

clean: ## remove what was built
	rm -rf $(BIN)
