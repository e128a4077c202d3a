# SPDX-License-Identifier: BSD-2-Clause
# make check: unit tests, lint, scripts in virtual time and some on a wire, scenarios, and one summary line.
# make check-unit, check-lint, check-scripts, check-scripts-wire and
# check-scenarios run one part. The work is in tests/run-check.

LINT_TESTS = \
	%D%/lint/layers.py \
	%D%/lint/purity.py \
	%D%/lint/headers.py \
	%D%/lint/sizes.py \
	%D%/lint/text.py \
	%D%/lint/listed.py \
	%D%/lint/shell.py \
	%D%/lint/counting.py \
	%D%/lint/manual.py \
	%D%/lint/claims.py \
	%D%/lint/surface.py

CHECK_ENV = \
	SRCDIR='$(abs_top_srcdir)' UNIT_TESTS='$(UNIT_TESTS)' LINT_TESTS='$(LINT_TESTS)' \
	PYTHON='$(PYTHON)' PYTHON3='$(PYTHON3)' UNIT_MISSING='$(UNIT_MISSING)' \
	CC='$(CC)' NM='$(NM)' LINT_CFLAGS='-std=c11 -D_GNU_SOURCE=1 $(INCLUDE_DIRS) $(WARN_CFLAGS)'
RUN_CHECK = $(CHECK_ENV) sh $(srcdir)/tests/run-check

# The test programs, without running them. `all` is a make of its own (config.h comes first), so
# they wait for it: two makes at once would write the same archives.
check-programs: all
	@$(MAKE) $(AM_MAKEFLAGS) $(check_PROGRAMS)

check-local:
	@$(RUN_CHECK) unit lint scripts wire scenarios

check-unit: check-programs
	@$(RUN_CHECK) unit

check-lint: all
	@$(RUN_CHECK) lint

check-scripts: all
	@$(RUN_CHECK) scripts

# On a wire, all of them, for phantom and the kernel.
check-scripts-wire: all
	@$(RUN_CHECK) wire-all

check-scenarios: all
	@$(RUN_CHECK) scenarios

# Parts of the tests, RUNS times beside BUSY computing processes: which were not the same each time?
RUNS = 3
BUSY = 4
PARTS = unit scripts wire scenarios
check-steady: check-programs
	@$(CHECK_ENV) $(PYTHON3) $(srcdir)/tests/steady --runs '$(RUNS)' --busy '$(BUSY)' $(PARTS)

# The kernel's netem: here where this kernel has it, else under User-Mode Linux.
check-netem: all
	@$(CHECK_ENV) sh $(srcdir)/tests/run-netem

# Networks in virtual time, a run per seed; SIM_ARGS are words for rig sim, e.g. -v.
SEEDS = 1..200
check-sim: all
	@./rig sim --check --seeds '$(SEEDS)' $(SIM_ARGS)
	@./rig sim --life --seeds '$(SEEDS)'

# Ratios with the kernel beside us, in one run. BENCH_ARGS are words for it, e.g. --rounds 3.
bench: all
	@RIG_BUILDDIR='$(abs_top_builddir)' CC='$(CC)' PYTHONDONTWRITEBYTECODE=1 \
		PYTHONPATH='$(abs_top_srcdir)/harness/python' \
		BENCH_CFLAGS='$(CFLAGS) $(LTO_CFLAGS)' \
		$(PYTHON) $(srcdir)/tests/bench/run $(BENCH_ARGS)

# phantom for packetdrill's --so_filename: docs/packetdrill-so.md. Position-independent objects of its own.
check_PROGRAMS += libphantom_packetdrill.so
libphantom_packetdrill_so_SOURCES = $(libphantom_a_SOURCES) $(HARNESS_DUT_PHANTOM) \
	harness/dut/native.h harness/dut/native.c \
	harness/drill/sysctl_fixed.h harness/drill/sysctl_fixed.c \
	%D%/packetdrill/interface.h \
	%D%/packetdrill/flags.h %D%/packetdrill/flags.c \
	%D%/packetdrill/stage.h %D%/packetdrill/stage.c \
	%D%/packetdrill/token.h %D%/packetdrill/token.c \
	%D%/packetdrill/so.c
libphantom_packetdrill_so_CFLAGS = $(AM_CFLAGS) -fPIC -fvisibility=hidden
libphantom_packetdrill_so_LDFLAGS = $(AM_LDFLAGS) -shared
libphantom_packetdrill_so_LDADD = -lpthread

# Bugs planted in a copy of the tree, each to be caught by what it names. MUTANTS are words of names.
check-mutants:
	@CC='$(CC)' $(PYTHON) $(srcdir)/tests/mutants/run $(MUTANTS)

# Response functions of congestion control, in virtual time: docs/response.md and its picture.
response: all
	@RIG_BUILDDIR='$(abs_top_builddir)' $(PYTHON) $(srcdir)/tests/bench/response '$(abs_top_srcdir)/docs'

# The experiments that ship, all of them, held to their sources; tables and plots of docs/experiments. What
# was run stays in lab/ and is not run again. LAB_ARGS are words for tests/lab/run, e.g. loss tail.
RUN_LAB = RIG_BUILDDIR='$(abs_top_builddir)' PYTHONDONTWRITEBYTECODE=1 $(PYTHON) '$(abs_top_srcdir)/tests/lab/run' \
	--pages '$(abs_top_srcdir)/docs/experiments'
lab: all
	@echo '== virtual time' && $(RUN_LAB) $(LAB_ARGS)
	@echo '== on a wire' && { $(RUN_LAB) --engine wire $(LAB_ARGS) || [ $$? -eq 77 ]; }

# Some of them under the kernel's netem, against virtual time; some minutes, and an idle core.
lab-netem: all
	@./rig uml -- $(RUN_LAB) --engine netem -v $(LAB_ARGS)

clean-local:
	rm -rf tests/results tests/unsteady lab

# What a Python or an editor left in a directory that is distributed whole.
dist-hook:
	find $(distdir) -name __pycache__ -prune -exec rm -rf '{}' +
	find $(distdir) '(' -name '*.pyc' -o -name '*~' -o -name '.*.swp' ')' -exec rm -f '{}' +

EXTRA_DIST += %D%/sim/goodput.txt %D%/mutants
EXTRA_DIST += %D%/bench/run %D%/bench/client.c %D%/bench/segments.c %D%/run-check %D%/steady %D%/run-scenarios %D%/run-netem %D%/interop/run.py %D%/junit-rows.py %D%/lint %D%/bench %D%/lab

.PHONY: check-programs check-unit check-lint check-scripts check-scripts-wire check-scenarios check-steady \
	check-netem check-sim \
	check-mutants bench response lab lab-netem
