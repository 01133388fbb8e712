/* SPDX-License-Identifier: Apache-2.0 */
/* conf/presets: each grants what the manual says and nothing else, and none gives the host away. */
#include "config-case.h"

#include <glob.h>

#define PRESET_DIR   TEST_DATA "/../../conf/presets"
#define PRESET_SIZE  (64 * KIB)
#define PRESETS_MAX  32
#define NAMES_SIZE   4096
#define EVERY_PRESET "system.ping system.version"
#define COMPOSE                                                                                    \
        "container.create container.inspect container.kill container.list container.logs "         \
        "container.pause container.remove container.rename container.restart container.start "     \
        "container.stats container.stop container.top container.unpause container.wait "
#define COMPOSE_ATTACH                                                                             \
        "container.attach container.create container.inspect container.kill container.list "       \
        "container.logs container.pause container.remove container.rename container.resize "       \
        "container.restart container.start container.stats container.stop container.top "          \
        "container.unpause container.wait exec.create exec.inspect exec.resize exec.start "
#define COMPOSE_REST                                                                               \
        "image.inspect image.list image.pull image.remove network.connect network.create "         \
        "network.disconnect network.inspect network.list network.remove system.events "            \
        "system.info " EVERY_PRESET " volume.create volume.inspect volume.list volume.remove"

/* All operations that a preset grants, in the order of the alphabet. */
static const struct {
        const char *preset;
        const char *grants;
} cases[] = {
        { "ping", EVERY_PRESET },
        { "restart", "container.inspect container.kill container.list container.restart "
                     "container.start container.stop system.events " EVERY_PRESET },
        { "logs", "container.inspect container.list container.logs container.stats network.list "
                  "system.events system.info " EVERY_PRESET },
        { "events", "container.inspect container.list network.list node.inspect node.list "
                    "service.inspect service.list system.events system.info " EVERY_PRESET
                    " task.inspect task.list" },
        { "compose", COMPOSE COMPOSE_REST },
        { "compose-attach", COMPOSE_ATTACH COMPOSE_REST },
        { "update", "container.create container.inspect container.kill container.list "
                    "container.remove container.rename container.restart container.start "
                    "container.stop container.wait image.inspect image.list image.pull "
                    "image.remove network.connect network.disconnect network.inspect network.list "
                    "system.events system.info " EVERY_PRESET },
        { "read-only",
          "container.inspect container.list container.logs container.stats container.top "
          "image.history image.inspect image.list network.inspect network.list node.inspect "
          "node.list service.inspect service.list service.logs system.df system.events "
          "system.info " EVERY_PRESET
          " task.inspect task.list task.logs volume.inspect volume.list" },
};

/* What no preset may hold (CONFIG.md "Presets"). */
static const char *const never[] = {
        "container.archive-",
        "container.export",
        "container.commit",
        "container.checkpoint",
        "container.update",
        "image.load",
        "image.import",
        "image.save",
        "image.push",
        "build.",
        "plugin.",
        "secret.",
        "config.",
        "system.auth",
        "distribution.",
        "debug.",
        "libpod.",
        "swarm.",
        "node.update",
        "node.remove",
};

static ConfigFile presets[PRESETS_MAX];
static size_t n_presets;
static glob_t found;

static void setup(void) {
        ck_assert_int_eq(glob(PRESET_DIR "/*.conf", 0, NULL, &found), 0);
        for (n_presets = 0; n_presets < found.gl_pathc; n_presets++) {
                char *text = malloc(PRESET_SIZE);
                FILE *f = fopen(found.gl_pathv[n_presets], "r");
                size_t n;

                ck_assert(n_presets < PRESETS_MAX && text && f);
                n = fread(text, 1, PRESET_SIZE, f);
                ck_assert(n < PRESET_SIZE);
                (void) fclose(f);
                presets[n_presets] = (ConfigFile){ .path = found.gl_pathv[n_presets],
                                                   .text = { text, n },
                                                   .is_preset = true };
        }
}

/* The policy of an instance that names this one preset. */
static Policy *preset_policy(const char *name) {
        ConfigOptions options = case_options;
        ConfigError error;
        Policy *p = NULL;
        char text[128];
        int r;

        options.presets = presets;
        options.n_presets = n_presets;
        (void) snprintf(text, sizeof(text), "[policy]\npreset = %s\n", name);
        r = case_parse(text, &options, &p, &error);
        ck_assert_msg(r == 0, "%s: %s:%u: %s", name, error.path, error.line, error.text);
        return p;
}

static int compare_names(const void *a, const void *b) {
        const char *const *x = a, *const *y = b;

        return strcmp(*x, *y);
}

static void list_grants(const Policy *p, char *text) {
        const char *names[512];
        size_t n = 0, at = 0;

        for (size_t i = 0; i < endpoint_count(); i++)
                if (p->grants[i].is_allowed && !p->grants[i].is_denied && n < ARRAY_SIZE(names))
                        names[n++] = endpoint_at(i)->name;
        qsort(names, n, sizeof(*names), compare_names);
        text[0] = '\0';
        for (size_t i = 0; i < n; i++)
                if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
                        at += (size_t) snprintf(text + at, NAMES_SIZE - at, "%s%s",
                                                at > 0 ? " " : "", names[i]);
}

START_TEST(grants_what_the_manual_says_and_nothing_else) {
        Policy *p = preset_policy(cases[_i].preset);
        char names[NAMES_SIZE];

        list_grants(p, names);
        ck_assert_str_eq(names, cases[_i].grants);
        ck_assert_uint_eq(p->n_warnings, 0);
        policy_unref(p);
}
END_TEST

static void check_harmless(const char *preset) {
        Policy *p = preset_policy(preset);

        for (size_t i = 0; i < endpoint_count(); i++) {
                const char *name = endpoint_at(i)->name;

                for (size_t k = 0; p->grants[i].is_allowed && k < ARRAY_SIZE(never); k++)
                        ck_assert_msg(strncmp(name, never[k], strlen(never[k])) != 0,
                                      "%s grants %s", preset, name);
        }
        for (unsigned j = 0; j < _ENDPOINT_JUDGE_MAX; j++)
                ck_assert_msg(!p->judges[j].is_off, "%s switches a judge off", preset);
        ck_assert(!p->foreign_ids);
        policy_unref(p);
}

START_TEST(no_preset_gives_the_host_away) {
        ck_assert_uint_eq(n_presets, ARRAY_SIZE(cases));
        for (size_t i = 0; i < n_presets; i++) {
                const char *slash = strrchr(presets[i].path, '/');
                char name[64];

                (void) snprintf(name, sizeof(name), "%s", slash + 1);
                name[strlen(name) - strlen(".conf")] = '\0';
                check_harmless(name);
        }
}
END_TEST

START_TEST(all_presets_together_are_a_policy) {
        char names[512] = "";
        size_t at = 0;
        Policy *p;

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                at += (size_t) snprintf(names + at, sizeof(names) - at, " %s", cases[i].preset);
        p = preset_policy(names);
        ck_assert(case_is_granted(p, "container.restart") && case_is_granted(p, "volume.list"));
        ck_assert(!case_is_granted(p, "container.export") && !case_is_granted(p, "build.image"));
        policy_unref(p);
}
END_TEST

/* What a preset's judges allow beyond the defaults: nothing but what an updater sends back. */
START_TEST(only_the_preset_for_updaters_changes_a_rule_of_bodies) {
        Policy *bare = case_policy(""), *p = preset_policy(cases[_i].preset);
        bool is_update = strcmp(cases[_i].preset, "update") == 0;
        char words[512], expected[512];

        for (size_t i = 0; i < bare->n_lists; i++) {
                const char *section = bare->lists[i].section, *key = bare->lists[i].key;

                case_list(p, section, key, words, sizeof(words));
                case_list(bare, section, key, expected, sizeof(expected));
                if (is_update && strcmp(key, "namespaces") == 0)
                        ck_assert_str_eq(words, "cgroup");
                else if (is_update && strcmp(key, "endpoint-state") == 0)
                        ck_assert_str_eq(words, "ignore");
                else
                        ck_assert_msg(strcmp(words, expected) == 0, "[%s] %s = %s", section, key,
                                      words);
        }
        policy_unref(bare);
        policy_unref(p);
}
END_TEST

static void teardown(void) {
        for (size_t i = 0; i < n_presets; i++) {
                union {
                        const char *data;
                        char *owned;
                } u = { .data = presets[i].text.data };

                free(u.owned);
        }
        globfree(&found);
}

static void add(TCase *tc) {
        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_loop_test(tc, grants_what_the_manual_says_and_nothing_else, 0,
                            (int) ARRAY_SIZE(cases));
        tcase_add_test(tc, no_preset_gives_the_host_away);
        tcase_add_loop_test(tc, only_the_preset_for_updaters_changes_a_rule_of_bodies, 0,
                            (int) ARRAY_SIZE(cases));
        tcase_add_test(tc, all_presets_together_are_a_policy);
}

int main(void) {
        return case_run("presets", add);
}
