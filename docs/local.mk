# SPDX-License-Identifier: BSD-2-Clause
# Manual pages and documents. The scenarios read the requirement ids of rfc/.

dist_man_MANS += %D%/man/phantom.1 %D%/man/rig.1 %D%/man/libphantom.3 %D%/man/rig-agent.1
EXTRA_DIST += %D%/ARCHITECTURE.md %D%/BENCH.md %D%/dut-protocol.md %D%/packetdrill-so.md %D%/dut-lwip.md %D%/scripts.md %D%/tcp-surface.md %D%/corpora.md %D%/interop.md %D%/defects.md %D%/lab.md %D%/lab-format.md %D%/report.md %D%/report.svg %D%/link.md %D%/experiments %D%/rfc

if HAVE_LWIP
dist_man_MANS += %D%/man/rig-lwip-agent.1
endif
