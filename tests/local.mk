# SPDX-License-Identifier: BSD-2-Clause
# make check: unit tests, lint, scenarios, and one summary line.
