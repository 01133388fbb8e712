/* SPDX-License-Identifier: Apache-2.0 */
/* The states of an exchange: every pair of states against a table written down anew, as a matrix.
 */
#include "proxy/fsm.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Row: from, column: to, in the order of the enum. '+' may follow. */
static const char *const expected[_EXCHANGE_STATE_MAX] = {
        /*                          JBSCFTRLDX */
        [EXCHANGE_STATE_JUDGE] = "-+++--+--+", /* S: resolve */
        [EXCHANGE_STATE_BODY] = "--++--+--+",    [EXCHANGE_STATE_RESOLVE] = "-+-+--+--+",
        [EXCHANGE_STATE_CONNECT] = "----+-+--+", [EXCHANGE_STATE_FORWARD] = "---+-+++++",
        [EXCHANGE_STATE_TUNNEL] = "---------+",  [EXCHANGE_STATE_REFUSE] = "-------+++",
        [EXCHANGE_STATE_LINGER] = "---------+",  [EXCHANGE_STATE_DONE] = "----------",
        [EXCHANGE_STATE_CLOSED] = "----------",
};

START_TEST(allows_exactly_the_drawn_edges) {
        ExchangeState from = (ExchangeState) _i;

        ck_assert_uint_eq(strlen(expected[from]), _EXCHANGE_STATE_MAX);
        for (int to = 0; to < _EXCHANGE_STATE_MAX; to++)
                ck_assert_msg(fsm_allows(from, (ExchangeState) to) == (expected[from][to] == '+'),
                              "%s -> %s", fsm_state_name(from), fsm_state_name((ExchangeState) to));
}
END_TEST

START_TEST(is_over_exactly_where_nothing_follows) {
        ExchangeState from = (ExchangeState) _i;

        ck_assert(fsm_is_over(from) == !strchr(expected[from], '+'));
}
END_TEST

START_TEST(opens_a_tunnel_only_from_forwarding) {
        for (int from = 0; from < _EXCHANGE_STATE_MAX; from++)
                ck_assert(fsm_allows((ExchangeState) from, EXCHANGE_STATE_TUNNEL) ==
                          (from == EXCHANGE_STATE_FORWARD));
}
END_TEST

START_TEST(names_each_state_once) {
        for (int a = 0; a < _EXCHANGE_STATE_MAX; a++)
                for (int b = 0; b < a; b++)
                        ck_assert_str_ne(fsm_state_name((ExchangeState) a),
                                         fsm_state_name((ExchangeState) b));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("fsm");
        TCase *tc = tcase_create("table");
        SRunner *runner;
        int n_failed;

        tcase_add_loop_test(tc, allows_exactly_the_drawn_edges, 0, _EXCHANGE_STATE_MAX);
        tcase_add_loop_test(tc, is_over_exactly_where_nothing_follows, 0, _EXCHANGE_STATE_MAX);
        tcase_add_test(tc, opens_a_tunnel_only_from_forwarding);
        tcase_add_test(tc, names_each_state_once);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
