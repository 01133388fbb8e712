/* SPDX-License-Identifier: Apache-2.0 */
/* config/dropins: which names count, and in which order. */
#include "config/dropins.h"

#include "util/macros.h"

#include <check.h>
#include <stdio.h>

/* A name is RANK:NAME, with ! before it for a mask. */
static const struct {
        const char *names;
        const char *order;
} cases[] = {
        { "", "" },
        { "0:a.conf", "0:a.conf" },
        { "0:b.conf 0:a.conf", "0:a.conf 0:b.conf" },
        { "0:b.conf 2:a.conf 1:c.conf", "2:a.conf 0:b.conf 1:c.conf" },
        { "2:a.conf 0:a.conf 1:a.conf", "0:a.conf" },
        { "1:a.conf 2:a.conf 2:b.conf", "1:a.conf 2:b.conf" },
        /* Masks hide what is weaker, and only that. */
        { "!0:a.conf 2:a.conf", "" },
        { "!1:a.conf 0:a.conf 2:a.conf", "0:a.conf" },
        { "!0:a.conf 2:a.conf 2:b.conf", "2:b.conf" },
        { "!0:a.conf !1:a.conf 2:a.conf", "" },
        /* Names that do not count. */
        { "0:a.conf.bak 0:.a.conf 0:a 0:a.con 0:.conf 0:conf 0:a.conf~ 0:a.CONF", "" },
        { "0:10-a.conf 0:9-a.conf 0:Z.conf 0:a.conf", "0:10-a.conf 0:9-a.conf 0:Z.conf 0:a.conf" },
        { "0:aa.conf 0:a.conf 0:a-b.conf", "0:a-b.conf 0:a.conf 0:aa.conf" },
};

#define NAMES_MAX 16

static size_t parse_names(char *text, DropinName *names) {
        char *save = NULL;
        size_t n = 0;

        for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
                const char *path = *w == '!' ? w + 1 : w;

                ck_assert(n < NAMES_MAX);
                names[n++] = (DropinName){
                        .path = path,
                        .name = path + strlen("0:"),
                        .rank = (unsigned) (*path - '0'),
                        .is_mask = *w == '!',
                };
        }
        return n;
}

START_TEST(orders_as_the_table_says) {
        char text[512], order[512] = "";
        DropinName names[NAMES_MAX] = { 0 };
        size_t n, at = 0;

        (void) snprintf(text, sizeof(text), "%s", cases[_i].names);
        n = parse_names(text, names);
        dropins_order(names, &n);
        for (size_t i = 0; i < n; i++)
                at += (size_t) sprintf(order + at, "%s%s", i > 0 ? " " : "", names[i].path);
        ck_assert_msg(strcmp(order, cases[_i].order) == 0, "'%s' gives '%s'", cases[_i].names,
                      order);
}
END_TEST

START_TEST(takes_no_names_at_all) {
        size_t n = 0;

        dropins_order(NULL, &n);
        ck_assert_uint_eq(n, 0);
}
END_TEST

static const struct {
        const char *name;
        bool is_instance;
} instances[] = {
        { "default", true },
        { "a", true },
        { "a-1", true },
        { "a--", true },
        { "abcdefghijklmnopqrstuv", true },
        { "abcdefghijklmnopqrstuvw", false },
        { "", false },
        { "1a", false },
        { "-a", false },
        { "Admin", false },
        { "aB", false },
        { "a_b", false },
        { "a.b", false },
        { "a/b", false },
        { "../a", false },
        { "a b", false },
        { "\xC3\xA4", false },
};

START_TEST(knows_names_of_instances) {
        ck_assert_msg(dropins_is_instance(bytes_of(instances[_i].name)) ==
                              instances[_i].is_instance,
                      "'%s'", instances[_i].name);
}
END_TEST

START_TEST(an_instance_holds_no_nul) {
        ck_assert(!dropins_is_instance(BYTES("a\0b")));
        ck_assert(!dropins_is_instance(BYTES_NONE));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("dropins");
        TCase *tc = tcase_create("dropins");
        SRunner *runner;
        int n_failed;

        tcase_add_loop_test(tc, orders_as_the_table_says, 0, (int) ARRAY_SIZE(cases));
        tcase_add_test(tc, takes_no_names_at_all);
        tcase_add_loop_test(tc, knows_names_of_instances, 0, (int) ARRAY_SIZE(instances));
        tcase_add_test(tc, an_instance_holds_no_nul);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
