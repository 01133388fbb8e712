/* SPDX-License-Identifier: Apache-2.0 */
/* io/log: one line of stderr a message, with the prefix that systemd understands. */
#include "io/log.h"

#include "util/bytes.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>

static int reader = -1, saved_stderr = -1;

static void setup(void) {
        int fds[2];

        ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
        reader = fds[0];
        saved_stderr = dup(STDERR_FILENO);
        ck_assert_int_ge(dup2(fds[1], STDERR_FILENO), 0);
        ck_assert_int_eq(close(fds[1]), 0);
}

static void teardown(void) {
        (void) dup2(saved_stderr, STDERR_FILENO);
        (void) close(saved_stderr);
        (void) close(reader);
}

static char text[4096];

static Bytes logged(void) {
        ssize_t n = read(reader, text, sizeof(text));

        return (Bytes){ text, n > 0 ? (size_t) n : 0 };
}

START_TEST(writes_a_line_with_its_priority) {
        log_line(LOG_ERR, "cannot read '%s': %d", "/x", 5);
        ck_assert(bytes_eq_str(logged(), "<3>cannot read '/x': 5\n"));
        log_line(LOG_NOTICE, "%s", "");
        ck_assert(bytes_eq_str(logged(), "<5>\n"));
        log_line(LOG_INFO, "a");
        ck_assert(bytes_eq_str(logged(), "<6>a\n"));
}
END_TEST

START_TEST(drops_debug_lines) {
        log_line(LOG_DEBUG, "a");
        ck_assert_uint_eq(logged().len, 0);
}
END_TEST

START_TEST(cuts_a_long_line_and_still_ends_it) {
        Bytes line;

        log_line(LOG_WARNING, "%02000d", 7);
        line = logged();
        ck_assert_uint_gt(line.len, 900);
        ck_assert_uint_le(line.len, 1024);
        ck_assert(bytes_ends_with(line, BYTES("0\n")));
        ck_assert_uint_eq(bytes_find(line, '\n'), line.len - 1);
        ck_assert_uint_eq(bytes_find(line, '\0'), line.len);
}
END_TEST

START_TEST(leaves_errno_alone_and_survives_a_closed_stderr) {
        ck_assert_int_eq(close(STDERR_FILENO), 0);
        errno = ENOENT;
        log_line(LOG_ERR, "a");
        ck_assert_int_eq(errno, ENOENT);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("log");
        TCase *tc = tcase_create("log");
        SRunner *runner;
        int n_failed;

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_test(tc, writes_a_line_with_its_priority);
        tcase_add_test(tc, drops_debug_lines);
        tcase_add_test(tc, cuts_a_long_line_and_still_ends_it);
        tcase_add_test(tc, leaves_errno_alone_and_survives_a_closed_stderr);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
