# Everything needs Go alone. Variables: ARGS are further flags of a command (make bench ARGS='--heads 8'), FILES are the results to
# report on, GO is the go command.

GO ?= go
ARGS ?=
TESTFLAGS ?=
FILES ?= $(lastword $(sort $(wildcard results/local/*.txt)))

# The revision that results carry; without git the program says that it does not know it.
COMMIT := $(shell git describe --always --abbrev=40 --exclude='*' --dirty=+changes 2>/dev/null)
LDFLAGS := $(if $(COMMIT),-ldflags '-X attnbench/harness/machine.commit=$(COMMIT)')

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GENERATOR := variants/kernel/gen

.PHONY: help bench bench-full paper report published check test race lint generate build release fuzz slurm-test
.DEFAULT_GOAL := help

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name what; do \
		printf '  make %-12s %s\n' "$$name" "$$what"; done

build: ## bin/bench, the program
	$(GO) build -trimpath $(LDFLAGS) -o bin/ ./bench

bench: build ## measure this machine: time, memory and error by length, in two minutes
	bin/bench run $(ARGS)

bench-full: build ## the same with 8 heads on 1 and 2 threads, and the lengths that growth is fitted on: half an hour
	bin/bench run --heads 8 --threads 1,2 --n 64..1024*2,1000,2048..16384*2,5000 --fidelity --budget 30m $(ARGS)

# Runs that measure what the shipped claims need; a run whose results exist is not repeated.
PAPER := results/local/paper

paper: build ## the published claims: measure what they need, half an hour, and settle them
	@mkdir -p $(PAPER) && bin/bench claims --plan $(ARGS) >$(PAPER)/plan
	@while read -r run; do \
		file=$${run##* }; if test -e $$file; then continue; fi; echo "$$run"; rm -f $$file.part; \
		eval "bin/$${run% *} $$file.part --quiet" >/dev/null && mv $$file.part $$file || exit 1; \
	done <$(PAPER)/plan
	bin/bench claims $$(sed 's/.* //' $(PAPER)/plan)

report: build ## tables and charts of FILES (the newest results under results/local)
	$(if $(FILES),bin/bench report $(ARGS) $(FILES),@echo 'no results under results/local: run make bench first' >&2; exit 2)

# The machine whose results the README shows.
README_RESULTS := results/published/epyc-zen4
PUBLISHED := $(patsubst %/,%,$(wildcard results/published/*/))
BENCH ?= $(GO) run ./bench

published: ## renew what is published from committed results: reports, charts, the README's block
	@for folder in $(PUBLISHED); do \
		$(BENCH) report --format markdown --charts $$folder $$folder/*.txt >$$folder/report.md || exit 1; \
	done
	@$(BENCH) report --update README.md $(wildcard $(README_RESULTS)/*.txt)
	@$(BENCH) claims --format markdown $(wildcard $(README_RESULTS)/claims/*.txt) >$(README_RESULTS)/claims.md

check: build ## whether README, published reports, charts and verdicts are what the committed results say; changes nothing
	@twin=$$(mktemp -d) && trap 'rm -rf "$$twin"' EXIT && cp -R Makefile README.md results "$$twin" && \
		$(MAKE) --no-print-directory -C "$$twin" published BENCH='$(CURDIR)/bin/bench' && \
		for path in README.md results/published; do diff -r -x '*.pdf' -x '*.png' "$$path" "$$twin/$$path" || differs=1; done && \
		if test "$$differs"; then echo 'results differ from what is published of them: run make published' >&2; exit 1; fi

test: ## all tests
	$(GO) test -timeout 30m $(TESTFLAGS) ./...
	$(GO) test -C $(GENERATOR) $(TESTFLAGS) ./...

race: ## all tests under the race detector (needs a C compiler)
	$(GO) test -race -short -timeout 30m $(TESTFLAGS) ./...

# What releases are built for. Nothing of the machine may be in them: no paths, no C, no time, no state of the checkout but its commit.
RELEASES ?= linux/amd64 linux/arm64 darwin/arm64 windows/amd64
RELEASE := bin/release

release: ## bin/release, the program for several systems, the same bytes from the same commit and Go
	@rm -rf $(RELEASE) && mkdir -p $(RELEASE)
	@for target in $(RELEASES); do \
		file=$(RELEASE)/bench-$${target%/*}-$${target#*/}; case $$target in windows/*) file=$$file.exe ;; esac; \
		GOFLAGS= GOEXPERIMENT= GOAMD64=v1 GOARM64=v8.0 CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} \
			$(GO) build -trimpath -buildvcs=false -ldflags '-s -w -buildid= -X attnbench/harness/machine.commit=$(COMMIT)' \
			-o $$file ./bench || exit 1; \
	done
	@cd $(RELEASE) && sha256sum bench-* | tee SHA256SUMS

slurm-test: ## shards and their merge on a real Slurm of one node (Debian, root; installs it if need be)
	harness/cluster/slurm-test.sh

FUZZTIME ?= 10m

fuzz: ## every fuzz target for FUZZTIME, one after the other, by hand: the tests replay the corpora under testdata/fuzz
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z]*' . | while IFS=: read -r file target; do \
		echo "$$file $${target#func }"; \
		$(GO) test -run '^$$' -fuzz "^$${target#func }$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" || exit 1; \
	done

lint: ## formatting, go vet, staticcheck, go.mod, checksums of modules
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "run gofmt -w on:" $$unformatted >&2; exit 1; }
	$(GO) vet ./...
	$(GO) vet -C $(GENERATOR) ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) mod tidy -diff
	$(GO) mod verify

generate: ## write the assembly again from its generator
	$(GO) generate ./...
