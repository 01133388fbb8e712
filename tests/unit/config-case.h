/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of config/ share: a configuration in a string, and questions to its policy. */
#pragma once

#include "config/config.h"
#include "util/macros.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>

/* clang-format off */
#define PRESET_LOGS                                                                                \
        "[allow]\nendpoints = container.logs system.ping\n"                                        \
        "[container.create]\nnetworks = preset_net\ntmpfs = no\n[limits]\nconnections = 7\n"
#define PRESET_LIFE                                                                                \
        "[allow]\nendpoints = container.start\n[container.create]\nnetworks = life_net\n"
#define PRESET_NEST "[policy]\npreset = logs\n"
/* clang-format on */

static const ConfigFile case_presets[] = {
        { "/presets/logs.conf", BYTES(PRESET_LOGS), true },
        { "/presets/life.conf", BYTES(PRESET_LIFE), true },
        { "/presets/nest.conf", BYTES(PRESET_NEST), true },
};

static const ConfigOptions case_options = {
        .instance = "web",
        .runtime_dir = "/run",
        .has_peer_pidfd = true,
        .presets = case_presets,
        .n_presets = ARRAY_SIZE(case_presets),
};

static inline int case_parse(const char *text, const ConfigOptions *options, Policy **ret,
                             ConfigError *ret_error) {
        ConfigFile file = { .path = "main.conf", .text = bytes_of(text) };

        return config_parse(&file, 1, options, ret, ret_error);
}

/* The policy of a text that must be good. */
static inline Policy *case_policy(const char *text) {
        ConfigError error;
        Policy *p = NULL;
        int r;

        r = case_parse(text, &case_options, &p, &error);
        ck_assert_msg(r == 0, "refused: %s:%u: %s", error.path, error.line, error.text);
        return p;
}

/* All words of a list with single blanks; "?" when the policy has no such list. */
static inline void case_list(const Policy *p, const char *section, const char *key, char *text,
                             size_t size) {
        size_t at = 0;

        (void) snprintf(text, size, "?");
        for (size_t i = 0; i < p->n_lists; i++) {
                const PolicyList *list = &p->lists[i];

                if (strcmp(list->section, section) != 0 || strcmp(list->key, key) != 0)
                        continue;
                text[0] = '\0';
                for (size_t k = 0; k < list->words.n; k++) {
                        Bytes word = list->words.items[k].text;

                        ck_assert(at + word.len + 2 < size);
                        at += (size_t) sprintf(text + at, "%s%.*s", k > 0 ? " " : "",
                                               (int) word.len, word.data);
                }
        }
}

/* The grant of an operation; all its rows must agree. */
static inline const PolicyGrant *case_grant(const Policy *p, const char *name) {
        const PolicyGrant *found = NULL;

        for (size_t i = 0; i < endpoint_count(); i++) {
                if (strcmp(endpoint_at(i)->name, name) != 0)
                        continue;
                if (found)
                        ck_assert_msg(found->is_allowed == p->grants[i].is_allowed &&
                                              found->is_denied == p->grants[i].is_denied,
                                      "rows of %s differ", name);
                found = &p->grants[i];
        }
        ck_assert_msg(found != NULL, "no endpoint %s", name);
        return found;
}

static inline bool case_is_granted(const Policy *p, const char *name) {
        const PolicyGrant *g = case_grant(p, name);

        return g->is_allowed && !g->is_denied;
}

static inline int case_run(const char *name, void (*add)(TCase *tc)) {
        Suite *suite = suite_create(name);
        TCase *tc = tcase_create(name);
        SRunner *runner;
        int n_failed;

        add(tc);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
