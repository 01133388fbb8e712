/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checked line reader in front of inih (CONFIG.md "Lines"). inih alone cuts long lines, takes
 * an indented line for more of the value above it, and ends a value at NUL: it sees one checked and
 * trimmed line at a time, and nothing that it could read otherwise than we do.
 */
#pragma once

#include "util/bytes.h"

#define LINES_LINE_MAX 190 /* bytes of a line without its end: inih's own buffer holds 200 */
#define LINES_NAME_MAX 48  /* bytes of a key or section: inih cuts at 49 without a word */

typedef struct Lines {
        Bytes rest;          /* not read yet; borrowed */
        unsigned number;     /* of the line read last, from 1 */
        bool has_section;    /* a section line was read */
        const char *problem; /* why line `number` is refused and the cure; static; NULL: none */
} Lines;

void lines_init(Lines *l, Bytes text);

/*
 * An ini_reader: writes the next line as "[section]\n", "key=value\n" or "\n" to room. NULL at the
 * end and at the first refused line; problem tells them apart.
 */
char *lines_read(char *room, int size, void *userdata);
