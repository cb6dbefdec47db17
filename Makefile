# The build of cfprov, for GNU make. "make help" says what it can do.
#
# Everything made lands under $(BUILD). Sources are found by wildcard, so a new file needs no
# entry here: lib/ becomes one archive, each folder of cmd/ a program, and so do tests/plan and
# each file of tests/unit, tests/tools and tests/bench; tests/canary makes another cfprov.

VERSION = 0.2.0-dev
BUILD   = build
PREFIX ?= /usr/local
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
SHIPPING := dist deb static release
.PHONY: all tests objects install sbom $(SHIPPING) unit test asan coverage valgrind analyze fuzz fuzzers bench peers lint format clean help show-flags

help:
	@echo 'make            build/cfprov and build/cfsim'
	@echo 'make install    both, manual pages and completions, to $$(DESTDIR)$$(PREFIX)'
	@echo 'make sbom       build/cfprov.cdx.json: the parts of cfprov (CycloneDX), needs python3'
	@echo 'make dist       build/cfprov-$(VERSION).tar.gz: the sources of the last commit'
	@echo 'make deb        build/deb/*.deb: packages for Debian and Ubuntu'
	@echo 'make static     build/static/out: programs for any Linux, with their libraries in them'
	@echo 'make release    build/release: all of these, with checksums, SBOM and signature'
	@echo 'make test       unit tests, planner cases and command-line tests'
	@echo 'make unit       unit tests only'
	@echo 'make asan       the same tests, and the corpora of tests/fuzz, under AddressSanitizer and UBSan'
	@echo 'make coverage   what the tests of SUITES=unit,plan,cli,fuzz run of lib; needs gcovr'
	@echo 'make valgrind   the tests of FILES, with cfprov under valgrind'
	@echo 'make analyze    what gcc -fanalyzer says of lib and cmd, but for tests/analyze.list'
	@echo 'make fuzz       each target of tests/fuzz for TIME=60 seconds; needs clang (sh tests/setup.sh fuzz)'
	@echo 'make lint       the guards of tests/lint'
	@echo 'make bench      tests/bench/RESULTS.md: cfprov against its limits, takes a few minutes'
	@echo '                a first look, in build/bench: make bench ROUNDS=1, or ROWS="plan start"'
	@echo 'make peers      build/peers: other tools, so that make bench measures them, too; needs npm, python3, go'
	@echo 'make format     lay the sources out with clang-format'
	@echo 'make clean      remove build/'
	@echo 'Variables: CC, CFLAGS, LDFLAGS, WERROR=1 (warnings are errors), V=1 (show commands)'

clean:
	rm -rf $(BUILD)

# clang-format's layout differs between versions: take the one that the tests take, if it is here.
format:
	find cmd lib tests -name '*.[ch]' -exec \
		$(firstword $(shell command -v clang-format-14 clang-format) clang-format) -i {} +

# Packages of the last commit: .packaging/README.md.
dist deb release:
	sh .packaging/$@.sh $(BUILD) $(VERSION)
peers:
	sh tests/bench/peers/install.sh $(BUILD)
STATIC := $(abspath $(BUILD))/static
static:
	sh .packaging/static-libs.sh $(STATIC)
	$(MAKE) BUILD=$(STATIC)/out CC=$(STATIC)/bin/cc PKG_CONFIG=$(STATIC)/bin/pkg-config \
		CFLAGS='-O2 -g -ffunction-sections -fdata-sections' LDFLAGS=-Wl,--gc-sections all

# What stands above needs no library; what follows does.
ifneq ($(filter-out clean format help peers $(SHIPPING),$(or $(MAKECMDGOALS),all)),)

# name:pkg-config module:Debian package. Only those who build tests need cmocka.
LIBRARIES = libcurl:libcurl:libcurl4-openssl-dev libyaml:yaml-0.1:libyaml-dev \
	cJSON:libcjson:libcjson-dev libsodium:libsodium:libsodium-dev \
	libmicrohttpd:libmicrohttpd:libmicrohttpd-dev
ifneq ($(filter-out all install sbom bench show-flags $(BUILD)/cfprov $(BUILD)/cfsim,$(MAKECMDGOALS)),)
LIBRARIES += cmocka:cmocka:libcmocka-dev
endif

MISSING := $(shell \
	command -v $(firstword $(CC)) >/dev/null || echo $(firstword $(CC)):gcc; \
	command -v $(PKG_CONFIG) >/dev/null || echo pkg-config:pkg-config; \
	$(CC) -E -include uthash.h -xc /dev/null >/dev/null 2>&1 || echo uthash:uthash-dev; \
	printf '%s\n' $(LIBRARIES) | while IFS=: read -r name module package; do \
	$(PKG_CONFIG) --exists $$module 2>/dev/null || echo $$name:$$package; done)
ifneq ($(MISSING),)
$(shell printf '%s\n' $(MISSING) | sed 's/\(.*\):/cfprov needs \1: apt-get install /' >&2)
$(error something is missing ("sh tests/setup.sh $(if $(findstring cmocka,$(LIBRARIES)),test,build)" installs it))
endif

MODULES    := $(foreach l,$(LIBRARIES),$(word 2,$(subst :, ,$l)))
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(MODULES))
LIBS       := $(shell $(PKG_CONFIG) --libs $(filter-out libmicrohttpd cmocka,$(MODULES)))
SIM_LIBS   := $(shell $(PKG_CONFIG) --libs libmicrohttpd)
TEST_LIBS   = $(shell $(PKG_CONFIG) --libs cmocka)

# ---- flags ---------------------------------------------------------------------------------

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wundef -Wvla -Wpointer-arith -Wcast-qual -Wconversion -Wformat=2 \
	-Wimplicit-fallthrough -Wswitch-enum -fno-common $(if $(WERROR),-Werror)
# Some compilers and machines lack some of these: ask the compiler.
try = $(shell $(CC) -O2 -Werror -U_FORTIFY_SOURCE $1 -include stdlib.h -xc -c -o /dev/null \
	/dev/null 2>/dev/null && echo '$1')
ifdef SANITIZE
# gcc's shared libubsan forgets its log_path when libasan is there, too. SANITIZE=fuzzer: for
# libFuzzer (clang), whose main program tests/fuzz then gets.
HARDEN := -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
	$(if $(filter fuzzer,$(SANITIZE)),-fsanitize=fuzzer-no-link) $(call try,-static-libubsan)
else ifdef COVERAGE
HARDEN := --coverage
else
HARDEN := -U_FORTIFY_SOURCE $(or $(call try,-D_FORTIFY_SOURCE=3),-D_FORTIFY_SOURCE=2) \
	-fstack-protector-strong $(call try,-fstack-clash-protection) $(call try,-fcf-protection) \
	$(call try,-ftrivial-auto-var-init=zero)
endif
# Invariants assert in release too, whatever CFLAGS says: hence -UNDEBUG at the end.
CC_FLAGS := $(strip -std=c11 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -Ilib $(PKG_CFLAGS) \
	$(WARN) $(HARDEN) -fPIE $(CPPFLAGS) $(CFLAGS) -UNDEBUG)
LD_FLAGS := $(strip $(CFLAGS) $(HARDEN) -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS))

# For the guards, so that they compile as we do.
show-flags:
	@echo '$(CC_FLAGS)'

# ---- what is built of what -----------------------------------------------------------------

OBJ   := $(BUILD)/obj
LIB   := $(BUILD)/libcfprov.a
comma := ,
objs   = $(patsubst %.c,$(OBJ)/%.o,$(wildcard $1))
progs  = $(patsubst %.c,$(BUILD)/%,$(wildcard $1))
UNIT  := $(call progs,tests/unit/*.c)
TOOLS := $(call progs,tests/tools/*.c)
PLAN  := $(if $(wildcard tests/plan/*.c),$(BUILD)/tests/plan/run)
FUZZ  := $(call progs,tests/fuzz/*.c)
BENCH := $(call progs,tests/bench/*.c)
LEAKY := $(BUILD)/tests/canary/leaky
OBJS  := $(call objs,lib/*/*.c cmd/*/*.c tests/unit/*.c tests/tools/*.c tests/plan/*.c \
	tests/bench/*.c tests/canary/*.c tests/coverage/*.c tests/fuzz/*.c tests/fuzz/shared/*.c)
PROGS := $(patsubst cmd/%,$(BUILD)/%,$(filter cmd/cfprov cmd/cfsim,$(wildcard cmd/*)))
# The programs write these: manual pages from cmd/PROGRAM/PAGE.SECTION.in, and completions.
MAN   := $(BUILD)/share/man
SHARE := $(foreach p,$(basename $(notdir $(wildcard cmd/*/*.in))),$(MAN)/man$(subst .,,$(suffix $p))/$p) \
	$(addprefix $(BUILD)/share/,bash-completion/completions/cfprov zsh/site-functions/_cfprov \
	fish/vendor_completions.d/cfprov.fish)

# What `cfprov version` tells of the source: the same for everybody who builds it. A tarball of
# `make dist` says it in .commit; of other copies nothing but SOURCE_DATE_EPOCH is known.
GIT    := $(if $(wildcard .git),GIT_OPTIONAL_LOCKS=0 git)
DIST   := $(if $(GIT),,$(if $(wildcard .commit),$(file <.commit)))
COMMIT := $(if $(GIT),$(shell $(GIT) describe --always --dirty --abbrev=12 --exclude='*' 2>/dev/null),$(word 1,$(DIST)))
EPOCH  := $(or $(SOURCE_DATE_EPOCH),$(if $(GIT),$(if $(COMMIT),$(shell $(GIT) log -1 --format=%ct)),$(word 2,$(DIST))))
BUILD_DATE := $(if $(EPOCH),$(shell date -u -d '@$(EPOCH)' +%Y-%m-%dT%H:%M:%SZ))

# A stamp's time changes only with its text: other flags build everything again, a source that
# is gone builds the archive and the programs again. Showing the flags builds nothing.
stamp = $(if $(subst [$(file <$1)],,[$2]),$(shell mkdir -p $(dir $1))$(file >$1,$2))
ifneq ($(MAKECMDGOALS),show-flags)
$(call stamp,$(BUILD)/flags,$(CC) $(CC_FLAGS) $(LD_FLAGS) $(VERSION))
$(call stamp,$(BUILD)/objects,$(OBJS))
$(call stamp,$(BUILD)/commit,$(COMMIT) $(BUILD_DATE))
endif

all: $(PROGS) $(SHARE)
tests: all $(UNIT) $(PLAN) $(TOOLS) $(BENCH) $(LEAKY) $(FUZZ)
fuzzers: $(FUZZ)
objects: $(OBJS)

# What is under way is said in a line, unless V=1 or -s asks for all or nothing.
Q    := $(if $(V),,@)
say   = $(if $(V)$(findstring s,$(firstword -$(MAKEFLAGS))),,echo '  $1	$@' &&) mkdir -p $(@D) &&
link  = $(Q)$(call say,LINK) $(CC) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LD_FLAGS) $(LIBS) $1

$(OBJ)/%.o: %.c $(BUILD)/flags
	$(Q)$(call say,CC) $(CC) $(CC_FLAGS) "-ffile-prefix-map=$(CURDIR)=." $(DEFINE) -MMD -MP -c -o $@ $<
$(OBJ)/lib/base/version.o: DEFINE = -DCFPROV_VERSION='"$(VERSION)"'
$(OBJ)/tests/coverage/confine.o: DEFINE = -DCOVERAGE_BUILD='"$(abspath $(BUILD))"'

$(OBJ)/cmd/cfprov/version.o: DEFINE = $(if $(COMMIT),-DCFPROV_COMMIT='"$(COMMIT)"') \
	$(if $(BUILD_DATE),-DCFPROV_BUILD_DATE='"$(BUILD_DATE)"')
$(OBJ)/cmd/cfprov/version.o: $(BUILD)/commit

$(LIB): $(call objs,lib/*/*.c) $(BUILD)/objects
	$(Q)$(call say,AR) rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# tests/plan/steps.c counts the calls of these.
STEPS := $(addprefix -Wl$(comma)--wrap=,strcmp strncmp memcmp fnmatch memcpy strlen strchr strstr)

$(BUILD)/cfprov: $(call objs,cmd/cfprov/*.c) $(if $(COVERAGE),$(OBJ)/tests/coverage/confine.o) $(LIB) $(BUILD)/objects
	$(call link,$(if $(COVERAGE),-Wl$(comma)--wrap=confine_writes))
$(BUILD)/cfsim: $(call objs,cmd/cfsim/*.c) $(LIB) $(BUILD)/objects
	$(call link,$(SIM_LIBS))
$(BUILD)/tests/plan/run: $(call objs,tests/plan/*.c) $(LIB) $(BUILD)/objects
	$(call link,$(TEST_LIBS) $(STEPS))
$(LEAKY): $(call objs,cmd/cfprov/*.c) $(OBJ)/tests/canary/leaky.o $(LIB) $(BUILD)/objects
	$(call link)
$(BUILD)/tests/unit/status: $(OBJ)/cmd/cfprov/status.o
$(BUILD)/tests/unit/variables: $(OBJ)/tests/plan/steps.o
$(BUILD)/tests/unit/variables: TEST_LIBS += $(STEPS)
$(BUILD)/tests/unit/html: $(filter-out %/main.o,$(call objs,cmd/cfprov/*.c))
$(UNIT) $(TOOLS): $(BUILD)/%: $(OBJ)/%.o $(LIB)
	$(call link,$(TEST_LIBS))

# With libFuzzer, some know what JSON looks like.
FUZZED := $(OBJ)/tests/fuzz/shared/fuzz.o $(if $(filter fuzzer,$(SANITIZE)),,$(OBJ)/tests/fuzz/shared/replay.o)
JSONS  := $(if $(filter fuzzer,$(SANITIZE)),$(addprefix $(BUILD)/tests/fuzz/,answer backend foreign \
	journal keyed plan state statelog))
$(JSONS): $(OBJ)/tests/fuzz/shared/mutate.o
$(BUILD)/tests/fuzz/terminal: $(OBJ)/cmd/cfprov/status.o
$(FUZZ): $(BUILD)/%: $(OBJ)/%.o $(FUZZED) $(LIB)
	$(call link,$(if $(filter fuzzer,$(SANITIZE)),-fsanitize=fuzzer))

# They link what cfprov links, used or not: for `linked`, that is all there is to measure.
$(BENCH): $(BUILD)/%: $(OBJ)/%.o
	$(Q)$(call say,LINK) $(CC) -o $@ $< $(LD_FLAGS) -Wl,--no-as-needed $(LIBS)

-include $(OBJS:.o=.d)

fill = $(Q)$(call say,MAN) $(lastword $^) __man $< >$@
$(MAN)/man1/%: cmd/cfprov/%.in $(BUILD)/cfprov
	$(fill)
$(MAN)/man5/%: cmd/cfprov/%.in $(BUILD)/cfprov
	$(fill)
$(MAN)/man1/%: cmd/cfsim/%.in $(BUILD)/cfsim
	$(fill)

# share/SHELL-completion/..., share/SHELL/...
$(filter-out $(MAN)/%,$(SHARE)): $(BUILD)/cfprov
	$(Q)$(call say,GEN) $< completion $(word 1,$(subst /, ,$(subst -, ,$(@:$(BUILD)/share/%=%)))) >$@

install: all
	install -d $(DESTDIR)$(PREFIX)/bin
	install $(PROGS) $(DESTDIR)$(PREFIX)/bin
	cd $(BUILD)/share && for file in $(SHARE:$(BUILD)/share/%=%); do \
		install -D -m 644 $$file $(abspath $(DESTDIR)$(PREFIX))/share/$$file || exit 1; done

sbom: $(BUILD)/cfprov.cdx.json
$(BUILD)/cfprov.cdx.json: cmd/cfprov/sbom.py $(BUILD)/cfprov
	$(Q)$(call say,SBOM) CC='$(CC)' python3 $^ $(VERSION) $(EPOCH) >$@

unit: tests
	sh tests/run.sh --only unit
test: tests
	sh tests/run.sh --only unit,plan,cli
asan:
	$(MAKE) BUILD=$(BUILD)/asan SANITIZE=1 tests
	sh tests/run.sh --build $(BUILD)/asan --only unit,plan,cli,fuzz
SUITES ?= unit,plan,cli,fuzz
coverage:
	$(MAKE) BUILD=$(BUILD)/cov COVERAGE=1 CFLAGS='-O0 -g' tests
	find $(BUILD)/cov -name '*.gcda' -delete
	-sh tests/run.sh --build $(BUILD)/cov --only $(SUITES)
	sh tests/coverage/report.sh $(BUILD)/cov
# What the compiler sets to zero, valgrind takes for initialised.
FILES ?= $(addprefix tests/cli/,$(addsuffix .bats,apply plan import export saved secrets state_commands state_key))
valgrind:
	$(MAKE) BUILD=$(BUILD)/valgrind CFLAGS='-O1 -g $(call try,-ftrivial-auto-var-init=uninitialized)' all
	sh tests/valgrind.sh $(BUILD)/valgrind $(FILES)
analyze:
	sh tests/analyze.sh
TIME ?= 60
fuzz:
	@echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | clang-14 -fsanitize=fuzzer,address,undefined \
		-xc -o /dev/null - >/dev/null 2>&1 || { \
		echo 'make fuzz needs clang-14 with libFuzzer: sh tests/setup.sh fuzz' >&2; exit 1; }
	$(MAKE) CC=clang-14 BUILD=$(BUILD)/fuzz SANITIZE=fuzzer fuzzers
	sh tests/fuzz/run.sh $(BUILD)/fuzz $(TIME) $(TARGETS)
lint: objects
	sh tests/lint/run.sh
ROUNDS ?= 5
bench: all $(BENCH)
	python3 -B tests/bench/bench.py $(BUILD) $(ROUNDS) $(ROWS)

endif
