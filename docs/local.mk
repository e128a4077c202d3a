# SPDX-License-Identifier: BSD-2-Clause
# Manual pages and documents.

dist_man_MANS += %D%/man/libphantom.3

# The requirements and attacks that scenarios cite, as tables.
EXTRA_DIST += %D%/rfc
