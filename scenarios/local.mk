# SPDX-License-Identifier: BSD-2-Clause
# The scenarios are data to the build: the whole directory goes into the distribution.

EXTRA_DIST += %D%
