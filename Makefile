# Slipway. `make` lists the targets.
export CGO_ENABLED := 0
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -X slipway/app.version=$(VERSION)
# Everything but the packages that link the embedded Temporal server, for the race detector.
RACE    := ./domain ./store/... ./activities ./workflows ./api

.PHONY: help dev build build-production test test-race fuzz bench lint histories calendar clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

dev: bin/slipway ## run everything: API, worker, Temporal and its UI
	@bin/slipway dev $(ARGS)

build: bin/slipway ## build bin/slipway, with the embedded Temporal

# Go decides what is out of date. The first build compiles the Temporal server.
.PHONY: bin/slipway
bin/slipway:
	@scripts/build.sh bin/slipway "$(LDFLAGS)"

build-production: ## build bin/slipway without the embedded Temporal, for api and worker
	$(GO) build -trimpath -tags nodev -ldflags "-s -w $(LDFLAGS)" -o bin/slipway .

test: ## all tests, vet and workflowcheck; ARGS=... goes to go test
	@scripts/test.sh $(ARGS)

test-race: ## the packages where concurrency is ours, with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race $(RACE)

fuzz: ## each fuzz target for FUZZTIME (default 30s)
	@scripts/fuzz.sh

bench: ## the speed table: ratios against floors measured in the same run
	$(GO) test -tags bench -run '^TestBench$$' -count 1 -timeout 45m -v ./system
	$(GO) test -tags bench -run '^TestBenchSleeping$$' -count 1 -timeout 45m -v ./system

lint: ## vet and workflowcheck
	$(GO) vet ./...
	cd tools && $(GO) build -o ../bin/workflowcheck go.temporal.io/sdk/contrib/tools/workflowcheck
	bin/workflowcheck ./workflows

histories: ## record the histories of new paths in workflows/testdata; those that are there stay
	$(GO) test -run "^TestHistories_" -count 1 ./system -record

calendar: ## live through the lives of docs/calendar.md and write it anew
	$(GO) test -run "^TestCalendar_" -count 1 ./system -record

clean: ## remove what was built; data stays in .slipway
	rm -rf bin
