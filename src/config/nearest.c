/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean": the known name that is nearest to one that is not known. */
#include "config/words.h"

#include "util/macros.h"

#define NEAREST_DISTANCE_MAX 2  /* more is another word, not a slip */
#define NEAREST_NAME_MAX     64 /* longer names get no hint */

void nearest_init(Nearest *n, Bytes wanted) {
        assert(n);

        *n = (Nearest){ .wanted = wanted, .distance = NEAREST_DISTANCE_MAX + 1 };
}

static bool char_ieq(char a, char b) {
        return bytes_ieq_ascii((Bytes){ &a, 1 }, (Bytes){ &b, 1 });
}

/* Levenshtein's distance without regard to case, row by row. Both fit NEAREST_NAME_MAX. */
static unsigned distance(Bytes a, Bytes b) {
        unsigned row[NEAREST_NAME_MAX + 1];

        for (size_t j = 0; j <= b.len; j++)
                row[j] = (unsigned) j;
        for (size_t i = 1; i <= a.len; i++) {
                unsigned diagonal = row[0];

                row[0] = (unsigned) i;
                for (size_t j = 1; j <= b.len; j++) {
                        unsigned replaced = diagonal + !char_ieq(a.data[i - 1], b.data[j - 1]);

                        diagonal = row[j];
                        row[j] = MIN(replaced, MIN(row[j], row[j - 1]) + 1);
                }
        }
        return row[b.len];
}

void nearest_try(Nearest *n, const char *name) {
        Bytes candidate = bytes_of(name);
        unsigned found;

        assert(n);

        if (n->wanted.len > NEAREST_NAME_MAX || candidate.len > NEAREST_NAME_MAX)
                return;
        found = distance(n->wanted, candidate);
        if (found >= n->distance || found >= candidate.len)
                return;
        n->name = name;
        n->distance = found;
}
