/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and sentences of the drop reasons; called for traces and captures. */
#include "base/drop.h"

struct row {
	const char *name, *text;
};

static const struct row rows[DROP_N] = {
#define DROP(name, text, counter) [DROP_##name] = { #name, text },
#include "base/drop.def"
#undef DROP
};

const char *drop_name(enum drop d)
{
	return d < DROP_N ? rows[d].name : "?";
}

const char *drop_text(enum drop d)
{
	return d < DROP_N ? rows[d].text : "?";
}
