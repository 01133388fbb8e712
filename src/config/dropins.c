/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which drop-ins count: sorted by file name whatever the directory, the strongest directory hides
 * the same name in the others, a mask hides and adds nothing.
 */
#include "config/dropins.h"

#include "util/macros.h"

#define INSTANCE_MAX 22 /* the service's user is sockgate-INSTANCE: 31 bytes */

static bool dropin_counts(const DropinName *d) {
        Bytes name = bytes_of(d->name);

        return name.len > strlen(".conf") && name.data[0] != '.' &&
               bytes_ends_with(name, BYTES(".conf"));
}

static int dropin_compare(const void *a, const void *b) {
        const DropinName *x = a, *y = b;
        int r;

        r = bytes_compare(bytes_of(x->name), bytes_of(y->name));
        if (r != 0)
                return r;
        return (x->rank > y->rank) - (x->rank < y->rank);
}

void dropins_order(DropinName *names, size_t *n) {
        size_t n_counting = 0, n_kept = 0;
        const char *last = NULL;

        assert(n);
        assert(names || *n == 0);

        for (size_t i = 0; i < *n; i++)
                if (dropin_counts(&names[i]))
                        names[n_counting++] = names[i];
        if (n_counting > 0)
                qsort(names, n_counting, sizeof(*names), dropin_compare);

        for (size_t i = 0; i < n_counting; i++) {
                DropinName d = names[i];
                bool is_hidden = last && strcmp(last, d.name) == 0;

                last = d.name;
                if (!is_hidden && !d.is_mask)
                        names[n_kept++] = d;
        }
        *n = n_kept;
}

bool dropins_is_instance(Bytes name) {
        if (name.len == 0 || name.len > INSTANCE_MAX)
                return false;
        if (name.data[0] < 'a' || name.data[0] > 'z')
                return false;
        for (size_t i = 1; i < name.len; i++) {
                char c = name.data[i];

                if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
                        return false;
        }
        return true;
}
