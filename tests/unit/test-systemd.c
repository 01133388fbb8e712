/* SPDX-License-Identifier: Apache-2.0 */
/* io/systemd: what systemd passes to a service and is told by it. */
#include "io/systemd.h"

#include "util/macros.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static void pass(const char *pid, const char *n, const char *names) {
        char own[32];

        (void) snprintf(own, sizeof(own), "%d", getpid());
        ck_assert_int_eq(setenv("LISTEN_PID", pid ? pid : own, 1), 0);
        ck_assert_int_eq(setenv("LISTEN_FDS", n, 1), 0);
        if (names)
                ck_assert_int_eq(setenv("LISTEN_FDNAMES", names, 1), 0);
        else
                ck_assert_int_eq(unsetenv("LISTEN_FDNAMES"), 0);
}

/* Descriptors 3 to 3 + n - 1 are open while this runs, others stand elsewhere. */
static void open_passed(int n) {
        for (int i = 0; i < n; i++)
                ck_assert_int_ge(dup2(STDIN_FILENO, SYSTEMD_LISTEN_FDS_START + i), 0);
}

START_TEST(takes_what_was_passed_with_its_names) {
        char **names;

        open_passed(3);
        pass(NULL, "3", "docker.sock::tcp");
        ck_assert_int_eq(systemd_listen_fds(&names), 3);
        ck_assert_str_eq(names[0], "docker.sock");
        ck_assert_str_eq(names[1], "unknown");
        ck_assert_str_eq(names[2], "tcp");
        ck_assert_ptr_null(names[3]);
        for (int fd = 3; fd < 6; fd++)
                ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        systemd_free_names(names);

        ck_assert_ptr_null(getenv("LISTEN_PID"));
        ck_assert_ptr_null(getenv("LISTEN_FDS"));
        ck_assert_ptr_null(getenv("LISTEN_FDNAMES"));
        ck_assert_int_eq(systemd_listen_fds(&names), 0);
        ck_assert_ptr_null(names);
}
END_TEST

START_TEST(descriptors_without_names_are_unknown) {
        char **names;

        open_passed(2);
        pass(NULL, "2", NULL);
        ck_assert_int_eq(systemd_listen_fds(&names), 2);
        ck_assert_str_eq(names[0], "unknown");
        ck_assert_str_eq(names[1], "unknown");
        systemd_free_names(names);

        pass(NULL, "2", "one");
        ck_assert_int_eq(systemd_listen_fds(&names), 2);
        ck_assert_str_eq(names[0], "one");
        ck_assert_str_eq(names[1], "unknown");
        systemd_free_names(names);
}
END_TEST

START_TEST(what_was_passed_to_another_process_is_not_taken) {
        char **names;

        open_passed(1);
        pass("1", "1", "x");
        ck_assert_int_eq(systemd_listen_fds(&names), 0);
        ck_assert_ptr_null(names);
        ck_assert(!(fcntl(3, F_GETFD) & FD_CLOEXEC));
}
END_TEST

static const char *const malformed[][2] = {
        { "x", "1" }, { "", "1" }, { NULL, "" }, { NULL, "-1" }, { NULL, "1 " }, { NULL, "65" },
};

START_TEST(malformed_variables_pass_nothing) {
        char **names;

        pass(malformed[_i][0], malformed[_i][1], NULL);
        ck_assert_int_eq(systemd_listen_fds(&names), -EINVAL);
        ck_assert_ptr_null(names);
        ck_assert_ptr_null(getenv("LISTEN_FDS"));
}
END_TEST

START_TEST(an_announced_descriptor_that_is_not_there_is_an_error) {
        char **names;

        (void) close(SYSTEMD_LISTEN_FDS_START);
        pass(NULL, "1", NULL);
        ck_assert_int_eq(systemd_listen_fds(&names), -EBADF);
        ck_assert_ptr_null(names);
}
END_TEST

/* What is sent to the socket of this address, as NOTIFY_SOCKET names it. */
static void expect_state(const char *name, const char *state) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        size_t len = strlen(name);
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        char room[64];
        ssize_t n;

        memcpy(address.sun_path, name, len);
        if (name[0] == '@')
                address.sun_path[0] = '\0';
        ck_assert_int_eq(bind(fd, (struct sockaddr *) &address,
                              (socklen_t) (offsetof(struct sockaddr_un, sun_path) + len)),
                         0);
        ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
        systemd_notify(state);
        n = recv(fd, room, sizeof(room), MSG_DONTWAIT);
        ck_assert_int_eq(n, (ssize_t) strlen(state));
        ck_assert_int_eq(memcmp(room, state, (size_t) n), 0);
}

START_TEST(tells_a_state_to_a_path_and_to_an_abstract_name) {
        char path[] = "/tmp/test-systemd-XXXXXX", socket_path[64], name[64];

        ck_assert_ptr_nonnull(mkdtemp(path));
        (void) snprintf(socket_path, sizeof(socket_path), "%s/notify", path);
        (void) snprintf(name, sizeof(name), "@test-systemd-%d", getpid());
        expect_state(socket_path, "READY=1\nSTATUS=as it should be");
        expect_state(name, "STOPPING=1");
        (void) unlink(socket_path);
        (void) rmdir(path);
}
END_TEST

static const char *const nobody[] = { NULL, "", "/", "@", "relative", "/no/such/socket" };

START_TEST(tells_nobody_when_nobody_asked) {
        char long_path[256];

        if (nobody[_i])
                ck_assert_int_eq(setenv("NOTIFY_SOCKET", nobody[_i], 1), 0);
        else
                ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
        systemd_notify("READY=1");

        memset(long_path, 'x', sizeof(long_path));
        long_path[0] = '/';
        long_path[sizeof(long_path) - 1] = '\0';
        ck_assert_int_eq(setenv("NOTIFY_SOCKET", long_path, 1), 0);
        systemd_notify("READY=1");
}
END_TEST

static const struct {
        const char *usec, *pid;
        uint64_t expected;
} watchdogs[] = {
        { NULL, NULL, 0 },      { "30000000", NULL, 30000000 }, { "30000000", "own", 30000000 },
        { "30000000", "1", 0 }, { "30000000", "x", 0 },         { "x", NULL, 0 },
        { "0", NULL, 0 },
};

START_TEST(the_watchdog_is_for_the_process_it_names) {
        char own[32];

        (void) snprintf(own, sizeof(own), "%d", getpid());
        (void) unsetenv("WATCHDOG_USEC");
        (void) unsetenv("WATCHDOG_PID");
        if (watchdogs[_i].usec)
                ck_assert_int_eq(setenv("WATCHDOG_USEC", watchdogs[_i].usec, 1), 0);
        if (watchdogs[_i].pid)
                ck_assert_int_eq(
                        setenv("WATCHDOG_PID",
                               strcmp(watchdogs[_i].pid, "own") == 0 ? own : watchdogs[_i].pid, 1),
                        0);
        ck_assert_uint_eq(systemd_watchdog_usec(), watchdogs[_i].expected);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("systemd");
        TCase *tc = tcase_create("systemd");
        SRunner *runner;
        int n_failed;

        tcase_add_test(tc, takes_what_was_passed_with_its_names);
        tcase_add_test(tc, descriptors_without_names_are_unknown);
        tcase_add_test(tc, what_was_passed_to_another_process_is_not_taken);
        tcase_add_loop_test(tc, malformed_variables_pass_nothing, 0, ARRAY_SIZE(malformed));
        tcase_add_test(tc, an_announced_descriptor_that_is_not_there_is_an_error);
        tcase_add_test(tc, tells_a_state_to_a_path_and_to_an_abstract_name);
        tcase_add_loop_test(tc, tells_nobody_when_nobody_asked, 0, ARRAY_SIZE(nobody));
        tcase_add_loop_test(tc, the_watchdog_is_for_the_process_it_names, 0, ARRAY_SIZE(watchdogs));
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
