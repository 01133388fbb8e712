/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Globs: only `*` is special. On a mismatch only the last star is tried anew: whatever an earlier
 * one could take more, the last one can take as well, so there is no need to go back further.
 */
#include "util/glob.h"

bool glob_match(Bytes pattern, Bytes text) {
        size_t p = 0, t = 0, star = SIZE_MAX, star_text = 0;

        while (t < text.len) {
                if (p < pattern.len && pattern.data[p] == '*') {
                        star = p++;
                        star_text = t;
                } else if (p < pattern.len && pattern.data[p] == text.data[t]) {
                        p++;
                        t++;
                } else if (star != SIZE_MAX) {
                        p = star + 1;
                        t = ++star_text;
                } else {
                        return false;
                }
        }
        while (p < pattern.len && pattern.data[p] == '*')
                p++;
        return p == pattern.len;
}
