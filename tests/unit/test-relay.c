/* SPDX-License-Identifier: Apache-2.0 */
/* Streams and relays over real socket pairs: bytes, ends, back-pressure, descriptors nobody asked
 * for. */
#include "io/relay.h"
#include "io/splice.h"
#include "util/macros.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef struct Pair {
        Loop *loop;
        Stream from, to;  /* our ends */
        int source, sink; /* the peers' ends */
        Relay relay;
        PipeCache pipes;
        uint64_t n_unread, n_passed; /* of the filter that lets all of these pass unread */
        char room[64 * 1024];
} Pair;

static void on_ready(void *userdata) {
        (void) userdata;
}

static void make_stream(Pair *p, Stream *s, int *ret_peer) {
        int fds[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
                         0);
        ck_assert_int_eq(stream_init(s, p->loop, &fds[0], on_ready, p), 0);
        ck_assert_int_eq(fds[0], -1);
        *ret_peer = fds[1];
}

static Pair *make_pair(void) {
        Pair *p = calloc(1, sizeof(*p));

        ck_assert_ptr_nonnull(p);
        ck_assert_int_eq(loop_new(&p->loop), 0);
        make_stream(p, &p->from, &p->source);
        make_stream(p, &p->to, &p->sink);
        p->relay.from = &p->from;
        p->relay.to = &p->to;
        ck_assert_int_eq(pipe_cache_init(&p->pipes, p->loop), 0);
        return p;
}

static void free_pair(Pair *p) {
        relay_done(&p->relay);
        pipe_cache_done(&p->pipes);
        stream_done(&p->from);
        stream_done(&p->to);
        if (p->source >= 0)
                close(p->source);
        if (p->sink >= 0)
                close(p->sink);
        loop_free(p->loop);
        free(p);
}

static RelayState pump(Pair *p) {
        p->from.is_readable = p->to.is_writable = true; /* stands for the edge */
        return relay_pump(&p->relay, p->room, sizeof(p->room), NULL);
}

static void expect_at_sink(Pair *p, const char *text) {
        char got[256];
        ssize_t n = recv(p->sink, got, sizeof(got), 0);

        ck_assert_int_eq(n, (ssize_t) strlen(text));
        ck_assert_int_eq(memcmp(got, text, (size_t) n), 0);
}

START_TEST(passes_each_byte_as_it_comes) {
        Pair *p = make_pair();

        for (int i = 0; i < 5; i++) {
                ck_assert_int_eq(send(p->source, "x", 1, 0), 1);
                ck_assert_int_eq(pump(p), RELAY_WAITS);
                expect_at_sink(p, "x");
        }
        free_pair(p);
}
END_TEST

START_TEST(tells_the_end_of_the_source_after_its_last_byte) {
        Pair *p = make_pair();

        ck_assert_int_eq(send(p->source, "last", 4, 0), 4);
        close(p->source);
        p->source = -1;
        p->from.has_shut = true;
        ck_assert_int_eq(pump(p), RELAY_SOURCE_EOF);
        expect_at_sink(p, "last");
        ck_assert_int_eq(pump(p), RELAY_SOURCE_EOF);
        free_pair(p);
}
END_TEST

START_TEST(tells_a_sink_that_is_gone) {
        Pair *p = make_pair();

        close(p->sink);
        p->sink = -1;
        ck_assert_int_eq(send(p->source, "x", 1, 0), 1);
        ck_assert_int_eq(pump(p), RELAY_SINK_BROKEN);
        free_pair(p);
}
END_TEST

START_TEST(holds_no_more_than_one_read_when_the_sink_blocks) {
        Pair *p = make_pair();
        char block[4096] = { 0 };
        RelayState state = RELAY_WAITS;
        size_t n_fed = 0, n_got = 0;

        while (n_fed < 8 * MIB) {
                ssize_t n = send(p->source, block, sizeof(block), 0);

                if (n > 0)
                        n_fed += (size_t) n;
                state = pump(p);
                ck_assert_uint_le(buffer_len(&p->relay.pending), 64 * KIB);
                if (n < 0 && state == RELAY_BLOCKED)
                        break;
        }
        ck_assert_int_eq(state, RELAY_BLOCKED);
        ck_assert(p->to.waits_for_room);

        for (;;) {
                ssize_t n = recv(p->sink, block, sizeof(block), 0);

                if (n > 0)
                        n_got += (size_t) n;
                else if (pump(p) == RELAY_WAITS && n_got == n_fed)
                        break;
        }
        ck_assert(!p->to.waits_for_room);
        free_pair(p);
}
END_TEST

START_TEST(yields_when_its_budget_is_spent) {
        Pair *p = make_pair();
        int size = 4 * 1024 * 1024;
        char *block = calloc(1, 2 * MIB);
        RelayState state;

        (void) setsockopt(p->source, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
        (void) setsockopt(p->to.watch.fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
        if (send(p->source, block, 2 * MIB, 0) < (ssize_t) (512 * KIB)) {
                free(block); /* only root may have such buffers */
                free_pair(p);
                return;
        }
        state = pump(p);
        ck_assert_int_eq(state, RELAY_YIELDS);
        ck_assert_uint_ge(p->relay.n_sent, 256 * KIB);
        ck_assert_uint_le(p->relay.n_sent, 320 * KIB);
        free(block);
        free_pair(p);
}
END_TEST

static RelayTake take_three(void *userdata, Bytes input) {
        size_t *n_left = userdata;
        RelayTake take = { .n = MIN(*n_left, input.len) };

        *n_left -= take.n;
        take.ends = *n_left == 0;
        return take;
}

START_TEST(passes_only_what_the_filter_takes) {
        Pair *p = make_pair();
        size_t n_left = 3;

        p->relay.filter = &(const RelayFilter){ .take = take_three };
        p->relay.userdata = &n_left;
        ck_assert_int_eq(send(p->source, "abcdef", 6, 0), 6);
        ck_assert_int_eq(pump(p), RELAY_DONE);
        expect_at_sink(p, "abc");
        free_pair(p);
}
END_TEST

START_TEST(sends_what_is_pending_before_what_is_fresh) {
        Pair *p = make_pair();

        ck_assert_int_eq(buffer_append_str(&p->relay.pending, "head "), 0);
        ck_assert_int_eq(relay_push(&p->relay, BYTES("body")), RELAY_WAITS);
        expect_at_sink(p, "head body");
        ck_assert_uint_eq(p->relay.n_sent, 9);
        free_pair(p);
}
END_TEST

START_TEST(keeps_what_a_broken_sink_did_not_take) {
        Pair *p = make_pair();

        close(p->sink);
        p->sink = -1;
        ck_assert_int_eq(buffer_append_str(&p->relay.pending, "head "), 0);
        ck_assert_int_eq(relay_push(&p->relay, BYTES("body")), RELAY_SINK_BROKEN);
        ck_assert_uint_eq(p->relay.n_sent, 0);
        ck_assert(bytes_eq(buffer_bytes(&p->relay.pending), BYTES("head body")));
        free_pair(p);
}
END_TEST

START_TEST(breaks_with_a_peer_that_sends_descriptors) {
        Pair *p = make_pair();
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct iovec iov = { .iov_base = (char[]){ 'x' }, .iov_len = 1 };
        struct msghdr message = { .msg_iov = &iov,
                                  .msg_iovlen = 1,
                                  .msg_control = &control,
                                  .msg_controllen = sizeof(control) };

        control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
                                           .cmsg_level = SOL_SOCKET,
                                           .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), &p->source, sizeof(int));
        ck_assert_int_eq(sendmsg(p->source, &message, 0), 1);
        p->from.gets_descriptors = true;
        ck_assert_int_eq(pump(p), RELAY_SOURCE_BROKEN);
        free_pair(p);
}
END_TEST

START_TEST(half_closes_once_and_still_reads) {
        Pair *p = make_pair();
        char byte;

        stream_shutdown(&p->to);
        stream_shutdown(&p->to);
        ck_assert_int_eq(recv(p->sink, &byte, 1, 0), 0);
        ck_assert_int_eq(send(p->sink, "y", 1, 0), 1);
        size_t n = 0;
        ck_assert_int_eq(stream_recv(&p->to, &byte, 1, &n), STREAM_OK);
        ck_assert_int_eq(byte, 'y');
        free_pair(p);
}
END_TEST

/* Through pipes */

static RelayTake take_payload(void *userdata, Bytes input) {
        Pair *p = userdata;
        RelayTake take = { .n = MIN(p->n_unread, input.len) };

        p->n_unread -= take.n;
        p->n_passed += take.n;
        take.ends = p->n_unread == 0;
        return take;
}

static uint64_t count_unread(void *userdata) {
        return ((Pair *) userdata)->n_unread;
}

static bool pass_unread(void *userdata, uint64_t n) {
        Pair *p = userdata;

        ck_assert_uint_le(n, p->n_unread);
        p->n_unread -= n;
        p->n_passed += n;
        return p->n_unread == 0;
}

static const RelayFilter unread_filter = { take_payload, count_unread, pass_unread };

static Pair *make_unread_pair(uint64_t n_unread) {
        Pair *p = make_pair();

        (void) signal(SIGPIPE, SIG_IGN);
        p->n_unread = n_unread;
        p->relay.filter = &unread_filter;
        p->relay.userdata = p;
        return p;
}

static RelayState pump_through_pipes(Pair *p) {
        p->from.is_readable = p->to.is_writable = true; /* stands for the edge */
        return relay_pump(&p->relay, p->room, sizeof(p->room), &p->pipes);
}

/* Byte n of everything that is sent: no two runs of it look alike. */
static char nth_byte(uint64_t n) {
        return (char) (n * 2654435761U >> 13);
}

static void feed_bytes(Pair *p, uint64_t *at, uint64_t end) {
        char block[5000];
        size_t n = MIN(sizeof(block), end - *at);
        ssize_t sent;

        for (size_t i = 0; i < n; i++)
                block[i] = nth_byte(*at + i);
        sent = n > 0 ? send(p->source, block, n, MSG_DONTWAIT) : 0;
        if (sent > 0)
                *at += (uint64_t) sent;
}

static void expect_bytes(Pair *p, uint64_t *at) {
        char block[7000], expected[7000];
        ssize_t n = recv(p->sink, block, sizeof(block), MSG_DONTWAIT);

        for (ssize_t i = 0; i < n; i++)
                expected[i] = nth_byte((*at)++);
        if (n > 0)
                ck_assert_int_eq(memcmp(block, expected, (size_t) n), 0);
}

static bool has_opened_pipes(const Pair *p) {
        return p->pipes.pipes[0].cache;
}

/* The source is fed first to its brim and the sink drained last, so that both sides block. */
static void move_all(Pair *p, uint64_t n_bytes, bool is_slow) {
        uint64_t n_fed = 0, n_got = 0;
        RelayState state = RELAY_WAITS;

        for (unsigned i = 0; n_got < n_bytes; i++) {
                ck_assert_uint_lt(i, 100000);
                for (unsigned j = 0; j < (is_slow ? 1 : 100); j++)
                        feed_bytes(p, &n_fed, n_bytes);
                state = pump_through_pipes(p);
                ck_assert(state == RELAY_WAITS || state == RELAY_BLOCKED || state == RELAY_YIELDS ||
                          state == RELAY_DONE);
                ck_assert_uint_le(buffer_len(&p->relay.pending), 64 * KIB);
                expect_bytes(p, &n_got);
        }
        while (state == RELAY_BLOCKED || state == RELAY_YIELDS)
                state = pump_through_pipes(p);
        ck_assert_int_eq(state, p->relay.filter ? RELAY_DONE : RELAY_WAITS);
        ck_assert_uint_eq(p->relay.n_sent, n_bytes);
        ck_assert(!relay_is_held(&p->relay));
}

START_TEST(moves_unread_bytes_in_their_order_whichever_side_is_slow) {
        static const uint64_t sizes[] = { 64 * KIB,  64 * KIB + 1,  64 * KIB + 2,
                                          256 * KIB, 256 * KIB + 1, 3 * MIB + 7 };

        for (unsigned is_slow = 0; is_slow < 2; is_slow++) {
                Pair *p = make_unread_pair(sizes[_i]);

                move_all(p, sizes[_i], is_slow);
                ck_assert_uint_eq(p->n_passed, sizes[_i]);
                ck_assert(has_opened_pipes(p) == (sizes[_i] > 64 * KIB));
                free_pair(p);
        }
}
END_TEST

START_TEST(leaves_what_follows_the_unread_bytes_to_who_judges_it) {
        Pair *p = make_unread_pair(64 * KIB + 1);
        uint64_t n_fed = 0, n_got = 0;
        char rest[100];

        while (n_fed < 64 * KIB + 1)
                feed_bytes(p, &n_fed, 64 * KIB + 1);
        ck_assert_int_eq(send(p->source, "GET /next", 9, 0), 9);
        ck_assert_int_eq(pump_through_pipes(p), RELAY_DONE);
        ck_assert(has_opened_pipes(p));
        while (n_got < 64 * KIB + 1)
                expect_bytes(p, &n_got);
        ck_assert_int_eq(recv(p->sink, rest, sizeof(rest), MSG_DONTWAIT), -1);
        ck_assert_int_eq(recv(p->from.watch.fd, rest, sizeof(rest), MSG_DONTWAIT), 9);
        ck_assert_int_eq(memcmp(rest, "GET /next", 9), 0);
        free_pair(p);
}
END_TEST

START_TEST(without_a_filter_only_a_full_read_makes_a_pipe_worth_it) {
        Pair *p = make_pair();
        uint64_t n_fed = 0, n_got = 0;

        for (unsigned i = 0; i < 50; i++) {
                feed_bytes(p, &n_fed, n_fed + 10);
                ck_assert_int_eq(pump_through_pipes(p), RELAY_WAITS);
        }
        ck_assert(!has_opened_pipes(p));
        while (n_got < n_fed)
                expect_bytes(p, &n_got);
        free_pair(p);

        p = make_pair();
        move_all(p, 2 * MIB, false);
        ck_assert(has_opened_pipes(p));
        free_pair(p);
}
END_TEST

static void fill_until_blocked(Pair *p, uint64_t *n_fed) {
        for (unsigned i = 0; i < 100000; i++) {
                feed_bytes(p, n_fed, UINT64_MAX);
                if (pump_through_pipes(p) == RELAY_BLOCKED && p->relay.pipe)
                        return;
        }
        ck_abort_msg("the sink takes everything");
}

START_TEST(source_that_ends_while_bytes_are_in_a_pipe_is_at_its_end_after_them) {
        Pair *p = make_unread_pair(UINT64_MAX);
        uint64_t n_fed = 0, n_got = 0;
        RelayState state = RELAY_BLOCKED;

        fill_until_blocked(p, &n_fed);
        close(p->source);
        p->source = -1;
        p->from.has_shut = true;
        while (state == RELAY_BLOCKED || state == RELAY_YIELDS) {
                expect_bytes(p, &n_got);
                state = pump_through_pipes(p);
        }
        ck_assert_int_eq(state, RELAY_SOURCE_EOF);
        while (n_got < n_fed)
                expect_bytes(p, &n_got);
        ck_assert_ptr_null(p->relay.pipe);
        ck_assert_uint_eq(p->relay.n_sent, n_fed);
        free_pair(p);
}
END_TEST

START_TEST(sink_that_goes_while_bytes_are_in_a_pipe_leaves_none_to_others) {
        Pair *p = make_unread_pair(UINT64_MAX);
        uint64_t n_fed = 0;
        Pipe *pipe;
        char byte;

        fill_until_blocked(p, &n_fed);
        close(p->sink);
        p->sink = -1;
        ck_assert_int_eq(pump_through_pipes(p), RELAY_SINK_BROKEN);
        ck_assert_ptr_null(p->relay.pipe);
        pipe = pipe_borrow(&p->pipes);
        ck_assert_ptr_nonnull(pipe);
        ck_assert_int_eq(read(pipe->out, &byte, 1), -1);
        ck_assert_int_eq(errno, EAGAIN);
        free_pair(p);
}
END_TEST

/* As a tunnel does that opens before the body of its request was taken whole. */
START_TEST(sends_what_is_in_the_pipe_before_what_is_pushed_behind_it) {
        Pair *p = make_unread_pair(UINT64_MAX);
        uint64_t n_fed = 0, n_got = 0;
        char behind[100];
        size_t n;

        fill_until_blocked(p, &n_fed);
        n = (size_t) p->relay.pipe->n_bytes;
        n_fed = p->relay.n_sent + n;
        for (size_t i = 0; i < sizeof(behind); i++)
                behind[i] = nth_byte(n_fed + i);
        p->relay.filter = NULL;
        ck_assert_int_eq(relay_push(&p->relay, (Bytes){ behind, 60 }), RELAY_BLOCKED);
        ck_assert_int_eq(relay_push(&p->relay, (Bytes){ behind + 60, 40 }), RELAY_BLOCKED);
        while (n_got < n_fed + sizeof(behind)) {
                expect_bytes(p, &n_got);
                p->to.is_writable = true;
                ck_assert_int_ne(relay_flush(&p->relay), RELAY_SINK_BROKEN);
        }
        ck_assert(!relay_is_held(&p->relay));
        free_pair(p);
}
END_TEST

START_TEST(copies_when_no_pipe_is_left) {
        Pair *p = make_unread_pair(MIB);
        Pipe *lent[LIMIT_PIPES];

        for (size_t i = 0; i < LIMIT_PIPES; i++)
                ck_assert_ptr_nonnull((lent[i] = pipe_borrow(&p->pipes)));
        move_all(p, MIB, false);
        for (size_t i = 0; i < LIMIT_PIPES; i++)
                ck_assert_uint_eq(lent[i]->n_bytes, 0);
        free_pair(p);
}
END_TEST

START_TEST(copies_for_good_once_splice_was_refused) {
        Pair *p = make_unread_pair(MIB);

        p->pipes.is_refused = true;
        move_all(p, MIB, true);
        ck_assert(!has_opened_pipes(p));
        free_pair(p);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("relay");
        TCase *tc = tcase_create("relay");
        SRunner *runner;
        int n_failed;

        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, passes_each_byte_as_it_comes);
        tcase_add_test(tc, tells_the_end_of_the_source_after_its_last_byte);
        tcase_add_test(tc, tells_a_sink_that_is_gone);
        tcase_add_test(tc, holds_no_more_than_one_read_when_the_sink_blocks);
        tcase_add_test(tc, yields_when_its_budget_is_spent);
        tcase_add_test(tc, passes_only_what_the_filter_takes);
        tcase_add_test(tc, sends_what_is_pending_before_what_is_fresh);
        tcase_add_test(tc, keeps_what_a_broken_sink_did_not_take);
        tcase_add_test(tc, breaks_with_a_peer_that_sends_descriptors);
        tcase_add_test(tc, half_closes_once_and_still_reads);
        tcase_add_loop_test(tc, moves_unread_bytes_in_their_order_whichever_side_is_slow, 0, 6);
        tcase_add_test(tc, leaves_what_follows_the_unread_bytes_to_who_judges_it);
        tcase_add_test(tc, without_a_filter_only_a_full_read_makes_a_pipe_worth_it);
        tcase_add_test(tc, source_that_ends_while_bytes_are_in_a_pipe_is_at_its_end_after_them);
        tcase_add_test(tc, sink_that_goes_while_bytes_are_in_a_pipe_leaves_none_to_others);
        tcase_add_test(tc, sends_what_is_in_the_pipe_before_what_is_pushed_behind_it);
        tcase_add_test(tc, copies_when_no_pipe_is_left);
        tcase_add_test(tc, copies_for_good_once_splice_was_refused);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
