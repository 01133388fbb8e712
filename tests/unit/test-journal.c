/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit/journal: records reach a journal socket in order, are kept while it is full, counted when
 * it is gone, and what was lost is said. The test plays journald; no call of the sink may ever
 * wait.
 */
#include "audit/journal.h"

#include "audit/message-ids.h"
#include "util/macros.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#define READY_MSEC 20000 /* the machine may be busy */

static char dir[] = "/tmp/test-journal-XXXXXX";
static char path[128];
static int journal = -1;
static AuditSink *sink;

static int journal_open(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        ck_assert_int_ge(fd, 0);
        memcpy(address.sun_path, path, strlen(path) + 1);
        (void) unlink(path);
        ck_assert_int_eq(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
        return fd;
}

static void journal_close(void) {
        ck_assert_int_eq(close(journal), 0);
        journal = -1;
}

static void setup(void) {
        ck_assert_ptr_nonnull(mkdtemp(dir));
        (void) snprintf(path, sizeof(path), "%s/socket", dir);
        journal = journal_open();
        ck_assert_int_eq(audit_sink_new(path, "web", &sink), 0);
}

static void teardown(void) {
        sink = audit_sink_free(sink);
        if (journal >= 0)
                (void) close(journal);
        (void) unlink(path);
        (void) rmdir(dir);
}

/* A record that can be told from others by its number. */
static void emit(unsigned n) {
        char id[32];

        (void) snprintf(id, sizeof(id), "number-%u", n);
        audit_emit(sink, &(AuditRecord){
                                 .event = AUDIT_EVENT_REQUEST,
                                 .verdict = AUDIT_VERDICT_DENY,
                                 .req_id = id,
                                 .method = BYTES("GET"),
                                 .target = BYTES("/info"),
                                 .reason = "test",
                         });
}

/* The value of a field of the next record, or false when there is none. */
static bool journal_read(const char *field, char *ret_value, size_t size) {
        static char record[AUDIT_RECORD_MAX + 1];
        ssize_t n = recv(journal, record, sizeof(record), MSG_DONTWAIT);
        Bytes rest = { record, n > 0 ? (size_t) n : 0 }, line;

        if (n < 0) {
                ck_assert_int_eq(errno, EAGAIN);
                return false;
        }
        ck_assert_int_le(n, AUDIT_RECORD_MAX);
        ck_assert_int_gt(n, 0);
        ck_assert_msg(record[n - 1] == '\n', "a record is cut");
        ret_value[0] = '\0';
        while (bytes_split(&rest, '\n', &line))
                if (bytes_starts_with(line, bytes_of(field)) && line.len > strlen(field) &&
                    line.data[strlen(field)] == '=') {
                        line = bytes_skip(line, strlen(field) + 1);
                        (void) snprintf(ret_value, size, "%.*s", (int) line.len, line.data);
                }
        return true;
}

/* The number of the next record. */
static unsigned journal_number(void) {
        char value[64];
        unsigned n = 0;

        ck_assert(journal_read("SOCKGATE_REQ_ID", value, sizeof(value)));
        ck_assert_msg(sscanf(value, "number-%u", &n) == 1, "'%s'", value);
        return n;
}

static void journal_is_empty(void) {
        char value[64];

        ck_assert(!journal_read("MESSAGE", value, sizeof(value)));
}

/* Fills the journal's queue: the numbers from 0 on; returns how many the kernel took. */
static unsigned journal_fill(void) {
        unsigned n = 0;

        while (audit_sink_n_queued(sink) == 0) {
                ck_assert_uint_lt(n, 100000);
                emit(n++);
        }
        return n - 1;
}

START_TEST(sends_each_record_as_one_datagram_in_order) {
        char value[64];

        for (unsigned i = 0; i < 5; i++)
                emit(i);
        for (unsigned i = 0; i < 5; i++)
                ck_assert_uint_eq(journal_number(), i);
        journal_is_empty();
        ck_assert_uint_eq(audit_sink_n_queued(sink), 0);
        ck_assert_uint_eq(audit_sink_n_dropped(sink), 0);

        emit(5);
        ck_assert(journal_read("MESSAGE_ID", value, sizeof(value)));
        ck_assert_str_eq(value, MESSAGE_ID_DENY);
}
END_TEST

START_TEST(keeps_records_while_the_journal_is_full_and_their_order) {
        unsigned n_taken = journal_fill(), n = n_taken + 100;

        for (unsigned i = n_taken + 1; i < n; i++)
                emit(i);
        ck_assert_uint_eq(audit_sink_n_queued(sink), 100);
        ck_assert(!audit_sink_flush(sink));

        for (unsigned i = 0; i < n; i++) {
                ck_assert_uint_eq(journal_number(), i);
                (void) audit_sink_flush(sink);
        }
        journal_is_empty();
        ck_assert(audit_sink_flush(sink));
        ck_assert_uint_eq(audit_sink_n_queued(sink), 0);
        ck_assert_uint_eq(audit_sink_n_dropped(sink), 0);
}
END_TEST

START_TEST(a_new_record_never_overtakes_one_that_waits) {
        unsigned n_taken = journal_fill();

        /* There is room now, but number n_taken waits. */
        for (unsigned i = 0; i < n_taken; i++)
                ck_assert_uint_eq(journal_number(), i);
        emit(n_taken + 1);
        ck_assert_uint_eq(journal_number(), n_taken);
        ck_assert_uint_eq(journal_number(), n_taken + 1);
}
END_TEST

START_TEST(drops_and_counts_beyond_256_records_and_says_so) {
        unsigned n_taken = journal_fill();
        char value[64];

        for (unsigned i = 1; i < AUDIT_RING_RECORDS; i++)
                emit(n_taken + i);
        ck_assert_uint_eq(audit_sink_n_queued(sink), AUDIT_RING_RECORDS);
        ck_assert_uint_eq(audit_sink_n_dropped(sink), 0);
        for (unsigned i = 0; i < 7; i++)
                emit(1000000);
        ck_assert_uint_eq(audit_sink_n_queued(sink), AUDIT_RING_RECORDS);
        ck_assert_uint_eq(audit_sink_n_dropped(sink), 7);

        for (unsigned i = 0; i < n_taken + AUDIT_RING_RECORDS; i++) {
                ck_assert_uint_eq(journal_number(), i);
                (void) audit_sink_flush(sink);
        }
        ck_assert(journal_read("MESSAGE_ID", value, sizeof(value)));
        ck_assert_str_eq(value, MESSAGE_ID_DROPPED);
        journal_is_empty();

        /* Said once. */
        emit(5);
        ck_assert_uint_eq(journal_number(), 5);
        journal_is_empty();
        ck_assert_uint_eq(audit_sink_n_dropped(sink), 7);
}
END_TEST

START_TEST(the_report_of_lost_records_names_their_number) {
        char value[256];

        journal_close();
        for (unsigned i = 0; i < 42; i++)
                emit(i);
        ck_assert_uint_eq(audit_sink_n_dropped(sink), 42);
        journal = journal_open();
        ck_assert(audit_sink_flush(sink));
        ck_assert(journal_read("MESSAGE", value, sizeof(value)));
        ck_assert_ptr_nonnull(strstr(value, "42 "));
        journal_is_empty();
}
END_TEST

START_TEST(the_report_of_lost_records_names_the_instance) {
        char value[64];

        journal_close();
        emit(0);
        journal = journal_open();
        ck_assert(audit_sink_flush(sink));
        ck_assert(journal_read("SOCKGATE_POLICY", value, sizeof(value)));
        ck_assert_str_eq(value, "web");
}
END_TEST

/* Records of nearly 8 KiB, so that bytes run out before places do and a record lies across the
 * ring's end. */
START_TEST(keeps_256_kib_of_large_records_round_the_ring) {
        char target[1200], agent[1200], value[1200];
        unsigned n_out = 0, n_in = 0;
        AuditRecord rec = {
                .verdict = AUDIT_VERDICT_DENY,
                .method = BYTES("GET"),
                .target = { target, sizeof(target) },
                .user_agent = { agent, sizeof(agent) },
                .field = { agent, sizeof(agent) },
                .value = { agent, sizeof(agent) },
        };
        uint64_t n_dropped;

        memset(target, 'a', sizeof(target));
        memset(agent, 'b', sizeof(agent));
        (void) journal_fill();
        for (unsigned round = 0; round < 600; round++) {
                char id[32];

                n_dropped = audit_sink_n_dropped(sink);
                (void) snprintf(id, sizeof(id), "large-%u", n_in);
                rec.req_id = id;
                rec.target.len = 100 + round % 1100;
                audit_emit(sink, &rec);
                if (audit_sink_n_dropped(sink) == n_dropped) {
                        n_in++;
                        continue;
                }
                /* Full. What is read makes room for what is written. */
                ck_assert_uint_lt(audit_sink_n_queued(sink), AUDIT_RING_RECORDS);
                for (unsigned i = 0; i < 20; i++) {
                        ck_assert(journal_read("SOCKGATE_REQ_ID", value, sizeof(value)));
                        n_out += strncmp(value, "large-", 6) == 0;
                        (void) audit_sink_flush(sink);
                }
        }
        ck_assert_uint_gt(audit_sink_n_dropped(sink), 0);
        ck_assert_uint_gt(n_in, 100);

        n_out = 0;
        while (journal_read("SOCKGATE_REQ_ID", value, sizeof(value))) {
                unsigned n;

                if (sscanf(value, "large-%u", &n) == 1) {
                        if (n_out > 0)
                                ck_assert_uint_eq(n, n_out);
                        n_out = n + 1;
                }
                (void) audit_sink_flush(sink);
        }
        ck_assert_uint_eq(n_out, n_in);
        ck_assert_uint_eq(audit_sink_n_queued(sink), 0);
}
END_TEST

START_TEST(a_missing_journal_is_no_failure_and_is_found_later) {
        char value[64];

        sink = audit_sink_free(sink);
        journal_close();
        (void) unlink(path);
        ck_assert_int_eq(audit_sink_new(path, "web", &sink), 0);
        ck_assert_int_ge(audit_sink_fd(sink), 0);
        ck_assert(!audit_sink_is_able(sink));
        emit(0);
        emit(1);
        ck_assert_uint_eq(audit_sink_n_dropped(sink), 2);
        ck_assert_uint_eq(audit_sink_n_queued(sink), 0);

        journal = journal_open();
        ck_assert(audit_sink_is_able(sink));
        emit(2);
        ck_assert(journal_read("MESSAGE_ID", value, sizeof(value)));
        ck_assert_str_eq(value, MESSAGE_ID_DROPPED);
        ck_assert_uint_eq(journal_number(), 2);
        journal_is_empty();
}
END_TEST

START_TEST(a_replaced_journal_loses_no_record) {
        int fd = audit_sink_fd(sink);

        for (unsigned i = 0; i < 5; i++) {
                emit(i);
                ck_assert_uint_eq(journal_number(), i);
                journal_close();
                journal = journal_open();
        }
        ck_assert_uint_eq(audit_sink_n_dropped(sink), 0);
        ck_assert_int_eq(audit_sink_fd(sink), fd);
}
END_TEST

START_TEST(records_that_wait_go_to_the_replaced_journal) {
        unsigned n_taken = journal_fill();

        emit(n_taken + 1);
        journal_close();
        ck_assert(!audit_sink_flush(sink));
        emit(n_taken + 2); /* nobody there: dropped, while those in the ring wait on */
        ck_assert_uint_eq(audit_sink_n_queued(sink), 2);
        ck_assert_uint_eq(audit_sink_n_dropped(sink), 1);

        journal = journal_open();
        ck_assert(audit_sink_flush(sink));
        ck_assert_uint_eq(journal_number(), n_taken);
        ck_assert_uint_eq(journal_number(), n_taken + 1);
}
END_TEST

START_TEST(promises_a_record_only_when_it_can_be_kept) {
        ck_assert(audit_sink_is_able(sink));
        (void) journal_fill();
        ck_assert(audit_sink_is_able(sink)); /* the ring has room */
        while (audit_sink_n_queued(sink) < AUDIT_RING_RECORDS)
                emit(0);
        ck_assert(!audit_sink_is_able(sink));

        (void) journal_number();
        (void) journal_number();
        ck_assert(audit_sink_is_able(sink)); /* flushed first */
        journal_close();
        ck_assert(!audit_sink_is_able(sink));
        journal = journal_open();
        ck_assert(audit_sink_is_able(sink));
}
END_TEST

/* The loop registers the descriptor once, edge-triggered, and flushes at an edge. */
START_TEST(the_descriptor_gives_an_edge_when_the_journal_makes_room) {
        struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
        _cleanup_close_ int epoll = epoll_create1(EPOLL_CLOEXEC);

        ck_assert_int_eq(epoll_ctl(epoll, EPOLL_CTL_ADD, audit_sink_fd(sink), &event), 0);

        /* Also after the sink has connected anew. */
        journal_close();
        journal = journal_open();
        (void) journal_fill();
        while (epoll_wait(epoll, &event, 1, 0) > 0)
                ck_assert(!audit_sink_flush(sink));

        (void) journal_number();
        ck_assert_int_eq(epoll_wait(epoll, &event, 1, READY_MSEC), 1);
        ck_assert(event.events & EPOLLOUT);
        ck_assert(audit_sink_flush(sink));
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused) {
        char longer[sizeof(((struct sockaddr_un *) NULL)->sun_path) + 1];
        AuditSink *other = NULL;

        memset(longer, 'a', sizeof(longer));
        longer[sizeof(longer) - 1] = '\0';
        ck_assert_int_eq(audit_sink_new(longer, "web", &other), -ENAMETOOLONG);
        ck_assert_ptr_null(other);
        longer[sizeof(longer) - 2] = '\0';
        ck_assert_int_eq(audit_sink_new(longer, "web", &other), 0);
        ck_assert_ptr_null(audit_sink_free(other));
        ck_assert_ptr_null(audit_sink_free(NULL));
}
END_TEST

int main(void) {
        Suite *suite = suite_create("journal");
        TCase *tc = tcase_create("journal");
        SRunner *runner;
        int n_failed;

        tcase_add_checked_fixture(tc, setup, teardown);
        tcase_add_test(tc, sends_each_record_as_one_datagram_in_order);
        tcase_add_test(tc, keeps_records_while_the_journal_is_full_and_their_order);
        tcase_add_test(tc, a_new_record_never_overtakes_one_that_waits);
        tcase_add_test(tc, drops_and_counts_beyond_256_records_and_says_so);
        tcase_add_test(tc, the_report_of_lost_records_names_their_number);
        tcase_add_test(tc, the_report_of_lost_records_names_the_instance);
        tcase_add_test(tc, keeps_256_kib_of_large_records_round_the_ring);
        tcase_add_test(tc, a_missing_journal_is_no_failure_and_is_found_later);
        tcase_add_test(tc, a_replaced_journal_loses_no_record);
        tcase_add_test(tc, records_that_wait_go_to_the_replaced_journal);
        tcase_add_test(tc, promises_a_record_only_when_it_can_be_kept);
        tcase_add_test(tc, the_descriptor_gives_an_edge_when_the_journal_makes_room);
        tcase_add_test(tc, a_path_that_is_too_long_is_refused);
        suite_add_tcase(suite, tc);

        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed > 0;
}
