/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bind roots (POLICY.md "Bind roots"): those that nobody may give away are an error, those below
 * which somebody could plant a link are a warning.
 */
#include "config/builder.h"

#include "policy/forbidden.h"

#include <errno.h>

static int roots_refuse(Builder *b, const Word *word, const char *what) {
        return builder_fail(
                b, word->place,
                "bind root '%.*s' is, holds or lies in %s: whoever has that is root on the "
                "host; name a directory of the application",
                (int) word->text.len, word->text.data, what);
}

static bool words_have(const Words *words, const char *wanted) {
        for (size_t i = 0; i < words->n; i++)
                if (bytes_eq_str(words->items[i].text, wanted))
                        return true;
        return false;
}

/* Containers that can't use what they reach below a root. */
static bool roots_are_harmless(const Builder *b) {
        const Words *require = &builder_setting(b, "container.create", "require")->words;
        const Words *users = &builder_setting(b, "container.create", "users")->words;

        return words_have(users, "non-root") && words_have(require, "no-new-privileges") &&
               words_have(require, "drop-all-capabilities");
}

int roots_check(Builder *b) {
        const Words *roots = &builder_setting(b, "container.create", "bind-mounts")->words;
        bool warns = !b->options->is_user && !builder_bool(b, "policy", "accept-writable-roots") &&
                     !roots_are_harmless(b);

        for (size_t i = 0; i < roots->n; i++) {
                const Word *word = &roots->items[i];
                const char *what = forbidden_root(b->policy, word_parse_bind(word->text).path);

                if (what)
                        return roots_refuse(b, word, what);
                if (!warns || word_parse_bind(word->text).is_exact)
                        continue;
                (void) builder_warn(
                        b, word->place,
                        "bind-root-writable: '%.*s': who can write below it can reach the "
                        "whole host. Use exact:/path, or users = non-root with require = "
                        "no-new-privileges drop-all-capabilities; accept-writable-roots = "
                        "yes accepts it",
                        (int) word->text.len, word->text.data);
        }
        return b->r;
}
