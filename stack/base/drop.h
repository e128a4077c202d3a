/* SPDX-License-Identifier: BSD-2-Clause */
/* enum drop: why a packet was not used, from drop.def. DROP_NONE says it was. */
#ifndef BASE_DROP_H
#define BASE_DROP_H

enum drop {
#define DROP(name, text, counter) DROP_##name,
#include "base/drop.def"
#undef DROP
	DROP_N
};

const char *drop_name(enum drop d);
const char *drop_text(enum drop d);

#endif
