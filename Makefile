# `make` lists the targets. A target's line of help is the comment that begins with ## behind its name.

SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- services: PostgreSQL, Redis and three Kafka brokers, under .local/ ------------------------------------------
# Some of them: make up SERVICES="postgres redis". Ports and the rest: deploy/local/settings.sh.

SERVICES ?=

.PHONY: up down status logs env
up: ## install what is missing, start PostgreSQL, Redis and Kafka, wait until they answer
	@deploy/local/services up $(SERVICES)
down: ## stop them; their data stay
	@deploy/local/services down $(SERVICES)
status: ## which of them run
	@deploy/local/services status $(SERVICES)
logs: ## the end of their logs
	@deploy/local/services logs $(SERVICES)
env: ## variables for a shell: eval "$(make env)"
	@deploy/local/services env

# --- build and test ----------------------------------------------------------------------------------------------

MINUTES ?= 30
SEED ?=

.PHONY: build test torture
build: ## build the release binary; installs what compiling needs
	@deploy/local/build
test: ## every check of a change, with the services they need; CI runs the same
	@deploy/local/test
torture: ## every fault against a running pipeline, at random for MINUTES=30; SEED=… repeats a schedule
	@MINUTES=$(MINUTES) SEED=$(SEED) deploy/local/torture

# --- demonstration and measurement -------------------------------------------------------------------------------
# Some of the measurements: make bench ONLY="files start".

ONLY ?=

.PHONY: demo bench
demo: ## set everything up, and run the main job: the year 2025, then a minute of the live shop
	@deploy/local/demo
bench: ## measure the targets against their references; takes some minutes
	@deploy/local/bench $(ONLY)

# --- containers --------------------------------------------------------------------------------------------------
# deploy/README.md says what the stack is made of.

IMAGE ?= shopstream:local
CONTEXT ?=
CRDS ?=

.PHONY: image test-compose test-kubernetes
image: ## build the container image; IMAGE=NAME:TAG names it
	DOCKER_BUILDKIT=1 docker build -f deploy/Dockerfile -t $(IMAGE) \
		--build-arg VERSION="$$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml)" \
		--build-arg REVISION="$$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)" .
test-compose: ## try the container stack for real, with a Docker engine of its own; as root, about half an hour
	@deploy/trial/compose
test-kubernetes: ## try the manifests on the cluster of CONTEXT=…, in a namespace of its own; half an hour
	@CONTEXT=$(CONTEXT) IMAGE=$(IMAGE) CRDS=$(CRDS) deploy/trial/kubernetes
