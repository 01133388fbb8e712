/* SPDX-License-Identifier: Apache-2.0 */
/* Streams and relays over real socket pairs: bytes, ends, back-pressure, descriptors nobody asked
 * for. */
#include "io/relay.h"
#include "util/macros.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef struct Pair {
        Loop *loop;
        Stream from, to;  /* our ends */
        int source, sink; /* the peers' ends */
        Relay relay;
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
        return p;
}

static void free_pair(Pair *p) {
        relay_done(&p->relay);
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
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
