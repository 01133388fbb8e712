/* SPDX-License-Identifier: Apache-2.0 */
/* Which files count, in which order (CONFIG.md "Files"): names in, order out. Pure. */
#pragma once

#include "util/bytes.h"

typedef struct DropinName {
        const char *path; /* whole path */
        const char *name; /* its last component, what is sorted and hidden by */
        unsigned rank;    /* of its directory: 0 is the strongest (/etc) */
        bool is_mask;     /* a link to /dev/null or an empty file */
} DropinName;

/* Sorts names by file name, drops hidden and masked ones, keeps *n to what is left. Only names that
 * end in .conf and do not begin with a dot count. */
void dropins_order(DropinName *names, size_t *n);

/* [a-z][a-z0-9-]{0,21} */
bool dropins_is_instance(Bytes name);
