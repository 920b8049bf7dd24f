# Gatepost: see it, test it, install it. `make help` lists the words.
#
# All of it works as root and as a person with sudo. A person builds as that person: cargo never runs
# under sudo, so nothing in target/ becomes root's. What must be root asks for sudo (.ci/as-root).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
PROGRAMS := gatepost-helper gatepost-sender gatepost
PRODUCT := -p gatepost-pam $(PROGRAMS:%=-p %)

# Where things go. DESTDIR is for packagers; PAMDIR is where pam_unix.so lives.
PREFIX ?= /usr
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/gatepost
DOCDIR ?= $(PREFIX)/share/doc/gatepost
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
LIBDIRS = lib/$(shell cc -print-multiarch) lib64 lib/*-linux-gnu* lib
PAMDIR ?= $(or $(patsubst %/,%,$(dir $(firstword $(wildcard \
	$(foreach lib,$(LIBDIRS),/usr/$(lib)/security/pam_unix.so /$(lib)/security/pam_unix.so))))),\
	$(error there is no pam_unix.so where it usually is: say PAMDIR=/its/folder))

.PHONY: help build demo test soak bench install uninstall clean product release-product release-files

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 20

build: ## the module and the three programs, as they are installed
	$(CARGO) build --locked --release $(PRODUCT)

demo: ## sign in by ssh with a mailed code, on this machine, leaving nothing behind
	@.ci/packages demo
	@$(MAKE) product
	$(CARGO) build --locked -p gatepost-tests --bin demo --bin gatepost-pam-host
	@GATEPOST_TEST_BIN_DIR=$(TARGET)/product .ci/as-root $(TARGET)/debug/demo

test: ## every test, at a size that ends soon
	@.ci/packages test
	@$(MAKE) product
	$(CARGO) build --locked --release -p gatepost-pam
	$(TESTS) --workspace --no-fail-fast

soak: ## the end-to-end tests and the fuzzing, as long and as hard as they go
	@.ci/packages test
	PROPTEST_CASES=1000000 $(CARGO) test --locked -p gatepost-words -p gatepost-shared -p gatepost-pam --lib fuzz_
	@$(MAKE) product
	$(CARGO) build --locked --release -p gatepost-pam
	GATEPOST_SOAK=1 $(TESTS) -p gatepost-tests --test e2e

bench: ## what a login costs, beside other modules
	@.ci/packages bench
	$(CARGO) build --locked --release $(PRODUCT)
	$(CARGO) build --locked --release -p gatepost-tests --bin bench --bin gatepost-pam-host
	GATEPOST_TEST_BIN_DIR=$(TARGET)/release .ci/as-root $(TARGET)/release/bench

clean: ## forget what was built
	$(CARGO) clean

# The product alone, with no test's features in it, kept apart from what `cargo test` builds.
product:
	$(CARGO) build --locked $(PRODUCT)
	@mkdir -p $(TARGET)/product
	@cp -f $(PROGRAMS:%=$(TARGET)/debug/%) $(TARGET)/debug/libpam_gatepost.so $(TARGET)/product/

TESTS = GATEPOST_TEST_BIN_DIR=$(TARGET)/product \
	GATEPOST_TEST_RELEASE_MODULE=$(TARGET)/release/libpam_gatepost.so \
	$(CARGO) test --locked --config "target.'cfg(all())'.runner = '$(CURDIR)/.ci/as-root'"

# ---- installing ----

DOCUMENTS := $(wildcard README.md CHANGELOG.md docs/*.md) LICENSE-APACHE LICENSE-MIT \
	packaging/gatepost.toml.example
STACKS := $(wildcard packaging/pam.d/* packaging/pam-configs/*)
UNITS := $(wildcard packaging/systemd/gatepost-*)
# A file that is missing makes grep fail although it found something: its words count, not its status.
PAM_LINES := /etc/pam.d/* /etc/pam.conf /usr/lib/pam.d/* /usr/share/pam.d/* /usr/etc/pam.d/*
MODULE = $(DESTDIR)$(PAMDIR)/pam_gatepost.so

# $(call put,MODE,FILE,PLACE): written under another name, then moved. Whoever opens PLACE, a login in
# the middle of an upgrade among them, finds the old file or the new one and never half of one.
put = install -D -m $(1) $(2) $(DESTDIR)$(3).new; mv -f $(DESTDIR)$(3).new $(DESTDIR)$(3)

install: release-files ## the module, the programs, their documents and systemd units (PREFIX, PAMDIR, DESTDIR)
	@$(call put,755,$(TARGET)/release/gatepost-sender,$(LIBEXECDIR)/gatepost-sender)
	@$(call put,755,$(TARGET)/release/gatepost-helper,$(LIBEXECDIR)/gatepost-helper)
	@$(call put,755,$(TARGET)/release/gatepost,$(BINDIR)/gatepost)
	@$(call put,644,$(TARGET)/release/libpam_gatepost.so,$(PAMDIR)/pam_gatepost.so)
	@for unit in $(notdir $(UNITS)); do \
		$(call put,644,<(sed 's|/usr/bin/|$(BINDIR)/|' packaging/systemd/$$unit),$(UNITDIR)/$$unit); done
	@for page in $$($(TARGET)/release/gatepost man --list); do \
		$(call put,644,<($(TARGET)/release/gatepost man $$page),$(MANDIR)/man8/$$page.8); done
	@$(call put,644,<($(TARGET)/release/gatepost completions bash),$(BASHDIR)/gatepost)
	@$(call put,644,<($(TARGET)/release/gatepost completions zsh),$(ZSHDIR)/_gatepost)
	@$(call put,644,<($(TARGET)/release/gatepost completions fish),$(FISHDIR)/gatepost.fish)
	@for file in $(DOCUMENTS); do $(call put,644,$$file,$(DOCDIR)/$$(basename $$file)); done
	@for file in $(STACKS); do $(call put,644,$$file,$(DOCDIR)/$${file#packaging/}); done
	@echo "Installed. Nothing asks for codes yet. What comes next, as root:"
	@echo "  gatepost setup              makes /etc/gatepost, the key and the store"
	@echo "  systemctl enable --now gatepost-maintain.timer"
	@echo "  $(DOCDIR)/pam.d holds stacks for /etc/pam.d; keep a root shell open while you try one"
	@if [ $(LIBEXECDIR) != /usr/libexec/gatepost ]; then \
		echo "  the module's lines need helper=$(LIBEXECDIR)/gatepost-helper"; fi

uninstall: ## take away exactly that, unless a login still needs it (FORCE=1)
	@lines=$$(grep -sHnE '^[^#]*pam_gatepost' $(PAM_LINES:%=$(DESTDIR)%) || true); \
	if [ -n "$$lines" ]; then \
		echo "$$lines"; \
		echo "These lines still name the module. Without it every login through them is refused."; \
		if [ -z "$(FORCE)" ]; then \
			echo "Take them out first; or say FORCE=1, with a root shell open."; exit 1; fi; fi
	@if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then \
		systemctl disable --now --quiet gatepost-maintain.timer || true; fi
	@rm -f $(MODULE) $(DESTDIR)$(BINDIR)/gatepost $(UNITS:packaging/systemd/%=$(DESTDIR)$(UNITDIR)/%) \
		$(addprefix $(DESTDIR)$(LIBEXECDIR)/,gatepost-helper gatepost-sender) \
		$(addprefix $(DESTDIR),$(MANDIR)/man8/gatepost.8 $(MANDIR)/man8/gatepost-*.8 \
			$(BASHDIR)/gatepost $(ZSHDIR)/_gatepost $(FISHDIR)/gatepost.fish) \
		$(addprefix $(DESTDIR)$(DOCDIR)/,$(notdir $(DOCUMENTS)) $(STACKS:packaging/%=%))
	@rmdir --ignore-fail-on-non-empty $(addprefix $(DESTDIR),$(LIBEXECDIR) $(DOCDIR)/pam.d \
		$(DOCDIR)/pam-configs $(DOCDIR)) 2>/dev/null || true
	@echo "Uninstalled. /etc/gatepost (settings, key) and /var/lib/gatepost (accounts, log) stay as they are."

# Under sudo what was built before is installed; else it is built now, which costs nothing when it was.
release-files:
	@if [ -z "$${SUDO_UID:-}" ]; then $(MAKE) build; \
	elif [ ! -e $(TARGET)/release/libpam_gatepost.so ]; then \
		echo "Nothing is built yet: run make build first, without sudo."; exit 1; fi
