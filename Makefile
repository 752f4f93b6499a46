# SPDX-License-Identifier: Apache-2.0
# `make` alone says what there is. One debug build serves build, test and demo; release is built apart, for bench, install and deb.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# What the package's own tests need on top of SwiftPM's defaults may be given here: make test TEST_FLAGS='--filter Tail'
TEST_FLAGS ?=
PROGRAMS := lastword lastword-agent lastword-collector
BENCH_FLAGS := -c release --static-swift-stdlib --scratch-path .build/bench

.PHONY: help setup build test check demo torture bench fuzz protos release image plugin manifests install deb clean toolchain

help: ## this list
	@echo "Lastword: make …"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

toolchain:
	@dev/toolchain.sh

setup: toolchain ## install the Debian packages that are missing (root or sudo)
	@dev/setup.sh

build: setup ## debug build of everything; the first one takes about ten minutes on two cores
	@dev/build.sh

test: setup check ## everything CI runs: check, build, all tests
	@dev/build.sh --build-tests
	@dev/test.sh $(TEST_FLAGS)

check: toolchain ## format, headers, words and paths that must not be there, file sizes
	@dev/check.sh
	@dev/check-self-test.sh

demo: setup ## record a debug session on a private containerd and show it (DEMO_HOLD=1 keeps it up)
	@dev/build.sh
	@dev/as-root.sh .build/debug/node-rig demo

torture: setup ## kill agent and containerd under debug sessions, compare with the truth (ROUNDS, SECONDS_MAX, SEED, JOURNAL=1)
	@dev/build.sh
	@dev/as-root.sh .build/debug/node-rig torture

bench: setup ## release build, then the numbers of the design as a table and in .build/bench.jsonl
	@dev/build.sh $(BENCH_FLAGS)
	@dev/bench.sh .build/bench

fuzz: setup ## libFuzzer over the parsers (FUZZ_SECONDS each, 60 if not given; FUZZ_TARGETS chooses)
	@dev/build.sh
	@dev/fuzz.sh

protos: toolchain ## regenerate Sources/Generated from Proto
	@dev/protos.sh

release: setup
	@for program in $(PROGRAMS); do dev/build.sh $(BENCH_FLAGS) --product $$program; done

image: release ## release build into .build/lastword-image.tar, an OCI archive, without a container engine (IMAGE names it)
	@dev/image.sh .build/bench/release .build/lastword-image.tar

plugin: setup ## release build of kubectl-lastword into .build/plugin, with krew's manifest (PLUGIN_URL)
	@dev/build.sh $(BENCH_FLAGS) --product lastword
	@dev/plugin.sh .build/bench/release .build/plugin

manifests: ## render daemonset/ into daemonset/rendered (kubectl 1.27 or newer)
	@dev/manifests.sh

install: release ## release build of the programs, units, manual pages, completions into DESTDIR/PREFIX (/usr/local)
	@dev/install.sh .build/bench/release

deb: release ## Debian packages lastword, lastword-agent, lastword-collector in .build/deb
	@dev/deb.sh .build/bench/release .build/deb

clean: ## remove the build, which takes ten minutes to make again
	rm -rf .build
