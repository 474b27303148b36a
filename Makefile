# Slipway. `make` lists the targets.
export CGO_ENABLED := 0
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X slipway/app.version=$(VERSION)
# Gin without its msgpack codec, which nobody uses and which takes longer to compile than Gin; no debug information,
# which takes a sixth of the compiler's time and which -s drops again; no inlining in Stripe's thousand types, of which
# a dozen are used. The same in every command, so that nothing is compiled twice. A -tags of a command replaces this
# one: name nomsgpack there too.
GCFLAGS := -gcflags=all=-dwarf=false -gcflags=github.com/stripe/...=-l
OURS    := -tags=nomsgpack $(GCFLAGS)
export GOFLAGS := $(filter-out $(OURS),$(shell $(GO) env GOFLAGS)) $(OURS)
# Everything but the packages that link the embedded Temporal server, for the race detector.
RACE    := ./domain ./store/... ./billing ./onboarding ./activities ./workflows/... ./api

.PHONY: help dev build build-production test test-race chaos fuzz cluster bench bench-scale lint histories calendar clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 20

dev: bin/slipway ## run everything: API, worker, Temporal and its UI
	@bin/slipway dev $(ARGS)

build: bin/slipway ## build bin/slipway, with the embedded Temporal

# Go decides what is out of date. The first build compiles the Temporal server.
.PHONY: bin/slipway
bin/slipway:
	@FOR="Slipway and the embedded Temporal server" scripts/compile.sh build -ldflags "$(LDFLAGS)" -o bin/slipway .

# TRIMPATH= keeps the paths, and so what was compiled for the tests.
TRIMPATH := -trimpath
build-production: GOFLAGS += $(TRIMPATH) -tags=nodev,nomsgpack
build-production: ## build bin/slipway without the embedded Temporal, for api and worker
	@FOR="Slipway" scripts/compile.sh build -ldflags "$(LDFLAGS)" -o bin/slipway .

test: ## all tests, vet and workflowcheck; ARGS=... goes to go test
	@scripts/test.sh $(ARGS)

test-race: ## the packages where concurrency is ours, with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 20m $(RACE)

cluster: ## PostgreSQL, a Temporal of four processes, two APIs and two workers, until Ctrl-C (needs Debian's postgresql)
	@FOR="the cluster" scripts/compile.sh build -o bin/cluster ./system/cluster/run
	@bin/cluster

MINUTES ?= 10
chaos: ## kill every part of a cluster at random under random lives, for MINUTES (default 10); SEED=... repeats the choices
	SLIPWAY_TEST_MINUTES=$(MINUTES) SLIPWAY_TEST_SEED=$(SEED) \
		$(GO) test -tags chaos,nomsgpack -run "^TestChaos_" -count 1 -timeout 0 -v ./system

fuzz: ## each fuzz target for FUZZTIME (default 30s)
	@scripts/fuzz.sh

bench: ## the speed table: ratios against floors measured in the same run
	$(GO) test -tags bench,nomsgpack -run '^TestBench$$' -count 1 -timeout 45m -v ./system
	$(GO) test -tags bench,nomsgpack -run '^TestBenchSleeping$$' -count 1 -timeout 45m -v ./system

bench-scale: ACCOUNTS ?= 10000,100000,1000000
bench-scale: ## how long lists and searches take at 10,000, 100,000 and a million accounts
	$(GO) test -tags bench,nomsgpack -run '^TestBenchYear$$' -count 1 -timeout 60m -v ./store
	$(GO) test -tags bench,nomsgpack -run '^TestBenchScale$$' -count 1 -timeout 60m -v ./store -accounts $(ACCOUNTS)

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
