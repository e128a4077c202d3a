/* SPDX-License-Identifier: BSD-2-Clause */
/* The drawings, and the little automaton that finds their words in a stream. See monkey.h. */
#include "host/monkey.h"

#include <stdbool.h>
#include <string.h>

static const char one_monkey[] =
	"\n"
	"                          .-\"\"\"\"\"\"\"\"\"\"\"\"\"-.\n"
	"                       .-'                 '-.\n"
	"                     .'    _..--------.._     '.\n"
	"          .--.      /   .-'              '-.    \\      .--.\n"
	"        .' .. '.   /  .'   .--.      .--.   '.   \\   .' .. '.\n"
	"       /  /  \\  \\ |  /    / .. \\    / .. \\    \\   | /  /  \\  \\\n"
	"      |  | () |  ||  |   | ( o )|  | ( o )|    |  ||  | () |  |\n"
	"       \\  \\__/  / |  |    \\ '' /    \\ '' /     |  | \\  \\__/  /\n"
	"        '.    .'   \\  \\    '--'      '--'     /  /   '.    .'\n"
	"          '--'      \\  '.       .--.        .'  /      '--'\n"
	"                     '.  '-.   ( oo )    .-'  .'\n"
	"                      |    .'---'--'----'.    |\n"
	"                      |   /               \\   |\n"
	"                      |  |  \\           /  |  |\n"
	"                      |   \\  '-._____.-'  /   |\n"
	"                       \\   '-._       _.-'   /         .-.\n"
	"                        '.     '-----'     .'         /  /\n"
	"                    _.-'  '-._________.-'   '-._     /  /\n"
	"                 .-'   .-\"\"\"           \"\"\"-.    '-._/  /\n"
	"               .'    .'                     '.        .'\n"
	"              /    .'   .-'\"\"\"\"\"\"\"\"\"\"\"\"'-.    '.  .--'\n"
	"             /    /|   /                  \\    |\\ \\\n"
	"            |    | |  |      bananas       |   | \\ \\\n"
	"            |    | |  |     need  more     |   |  | |\n"
	"            |    | |  |     than  one      |   |  | |\n"
	"             \\    \\|   \\     segment      /    | / /        .--.\n"
	"              '.   '.   '-.            .-'    .'/ /        / /\\ \\\n"
	"                '._  '-._  '-.______.-'   _.-'.' /        | |  | |\n"
	"               .'  '.    ''--........--''   .' .'          \\ \\/ /\n"
	"              (  (  (  '.   /        \\   .'  )  )  '._      '. /\n"
	"               '--'--'---'-'          '-'---'--'--'   '-.____.'\n"
	"\n";

static const char many_monkeys[] =
	"\n"
	"         .-\"\"\"\"\"-.               .-\"\"\"\"\"-.               .-\"\"\"\"\"-.\n"
	"       .'  _   _  '.           .'  _   _  '.           .'  _   _  '.\n"
	"   .-./  .' '.' '.  \\.-.   .-./  .' '.' '.  \\.-.   .-./  .' '.' '.  \\.-.\n"
	"  ( ((|  | .---. |  |)) ) ( ((|  | o   o |  |)) ) ( ((|  | o   o |  |)) )\n"
	"   '-'\\ .-( ))(( )-. /-'   '-(\\   \\  _  /  /)-'    '-'\\   \\  _  /   /-'\n"
	"       \\ \\_'--'_/ /        ( '\\  .-(_)-.  /' )         \\ .---'---. /\n"
	"        '-.\\_/.-'           \\  '-.\\___/.-'  /          (( (=====) ))\n"
	"       .-'  |  '-.           '-.'       '.-'          .-'\\ '---' /'-.\n"
	"      /   .---.   \\           /   .---.   \\          /   .'---'.    \\\n"
	"     |   /     \\   |         |   /     \\   |        |   /       \\    |\n"
	"     |  |  SYN  |  |         |  | SYN   |  |        |  |   ACK   |   |\n"
	"     |  |       |  |         |  |  ACK  |  |        |  |         |   |\n"
	"      \\  \\     /  /           \\  \\     /  /          \\  \\       /   /\n"
	"       '. '---' .'             '. '---' .'            '. '-----'  .'\n"
	"     .-'(  .-.  )'-.         .-'(  .-.  )'-.        .-'(   .-.   )'-.\n"
	"    (____)(   )(____)       (____)(   )(____)      (____) (   ) (____)\n"
	"           '-'                     '-'                     '-'\n"
	"      sees no reset           hears no loss          speaks no checksum\n"
	"\n"
	"  ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"
	"   \\ | /     \\ | /     \\ | /     \\ | /     \\ | /     \\ | /     \\ | /\n"
	"    \\|/       \\|/       \\|/       \\|/       \\|/       \\|/       \\|/\n"
	"     Y         Y         Y         Y         Y         Y         Y\n"
	"     |    .-.  |         |  .-.    |         |    .-.  |         |\n"
	"     |   (o o) |         | (o o)   |         |   (o o) |         |\n"
	"     |~~~( - )~|~~~~~~~~~|~( - )~~~|~~~~~~~~~|~~~( - )~|~~~~~~~~~|\n"
	"     |    '-'  |         |  '-'    |         |    '-'  |         |\n"
	"\n";

static const char word[] = "monkeys";

enum {
	ONE = 6,	/* matched: "monkey" */
	MANY = 7,	/* "monkeys" */
	CR = 0x10,	/* with one of those: a carriage return behind it */
	NO_MATCH = 0xff /* the rest of this line cannot matter */
};

static struct monkey_art drawing(uint8_t matched)
{
	if ((matched & ~CR) == ONE)
		return (struct monkey_art){ one_monkey, sizeof(one_monkey) - 1 };
	if ((matched & ~CR) == MANY)
		return (struct monkey_art){ many_monkeys, sizeof(many_monkeys) - 1 };
	return (struct monkey_art){ NULL, 0 };
}

static uint8_t step(uint8_t matched, uint8_t c)
{
	if (matched < MANY && c == (uint8_t)word[matched])
		return (uint8_t)(matched + 1);
	if ((matched == ONE || matched == MANY) && c == '\r')
		return matched | CR;
	return NO_MATCH;
}

void monkey_init(struct monkey *m)
{
	m->matched = 0;
}

size_t monkey_read(struct monkey *m, const uint8_t *p, size_t len, struct monkey_art *art)
{
	const uint8_t *at = p;
	const uint8_t *end = p + len;

	*art = (struct monkey_art){ NULL, 0 };
	while (at < end) {
		if (m->matched == NO_MATCH) {
			at = memchr(at, '\n', (size_t)(end - at));
			if (!at)
				return len;
			at++;
			m->matched = 0;
			continue;
		}
		if (*at++ != '\n') {
			m->matched = step(m->matched, at[-1]);
			continue;
		}
		*art = drawing(m->matched);
		m->matched = 0;
		if (art->text)
			return (size_t)(at - p);
	}
	return len;
}

struct monkey_art monkey_end(const struct monkey *m)
{
	return drawing(m->matched);
}

struct monkey_art monkey_datagram(const uint8_t *p, size_t len)
{
	struct monkey m;
	struct monkey_art art;
	size_t used;

	monkey_init(&m);
	used = monkey_read(&m, p, len, &art);
	if (art.text)
		return used == len ? art : (struct monkey_art){ NULL, 0 };
	return memchr(p, '\n', len) ? art : monkey_end(&m);
}
