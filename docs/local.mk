# SPDX-License-Identifier: BSD-2-Clause
# Manual pages and documents.

dist_man_MANS += %D%/man/phantom.1 %D%/man/rig.1 %D%/man/libphantom.3
