/* SPDX-License-Identifier: Apache-2.0 */
/* io/splice and the two ends of a pipe in io/stream: who may have a pipe, when none is left open,
 * and what each answer of splice(2) is taken for. */
#include "io/splice.h"
#include "io/stream.h"
#include "util/macros.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

typedef struct Case {
        Loop *loop;
        PipeCache cache;
        Stream stream;
        int peer;
} Case;

static void on_ready(void *userdata) {
        (void) userdata;
}

static Case *make_case(void) {
        Case *c = calloc(1, sizeof(*c));
        int fds[2];

        ck_assert_ptr_nonnull(c);
        (void) signal(SIGPIPE, SIG_IGN);
        ck_assert_int_eq(loop_new(&c->loop), 0);
        ck_assert_int_eq(pipe_cache_init(&c->cache, c->loop), 0);
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
                         0);
        ck_assert_int_eq(stream_init(&c->stream, c->loop, &fds[0], on_ready, c), 0);
        c->peer = fds[1];
        return c;
}

static void free_case(Case *c) {
        pipe_cache_done(&c->cache);
        stream_done(&c->stream);
        if (c->peer >= 0)
                close(c->peer);
        loop_free(c->loop);
        free(c);
}

static bool is_open(int fd) {
        return fcntl(fd, F_GETFD) >= 0;
}

typedef struct Timed {
        Deadline deadline;
        Loop *loop;
        int fd; /* looked at */
        bool was_open;
        bool quits;
} Timed;

static void on_timed(Deadline *d) {
        Timed *t = (Timed *) ((char *) d - offsetof(Timed, deadline));

        t->was_open = is_open(t->fd);
        if (t->quits)
                loop_quit(t->loop);
}

static void add_timed(Case *c, Timed *t, uint64_t usec, int fd, bool quits) {
        *t = (Timed){ .loop = c->loop, .fd = fd, .quits = quits };
        ck_assert_int_eq(loop_deadline_add(c->loop, &t->deadline, on_timed), 0);
        loop_deadline_set(c->loop, &t->deadline, loop_now(c->loop) + usec);
}

/* Until it was quiet, once a case; fd is open halfway through. */
static void run_until_quiet(Case *c, int fd) {
        Timed half, end;

        add_timed(c, &half, LIMIT_PIPES_QUIET_USEC / 2, fd, false);
        add_timed(c, &end, LIMIT_PIPES_QUIET_USEC + LIMIT_PIPES_QUIET_USEC / 4, fd, true);
        ck_assert_int_eq(loop_run(c->loop), 0);
        ck_assert(half.was_open);
        loop_deadline_remove(c->loop, &half.deadline);
        loop_deadline_remove(c->loop, &end.deadline);
}

START_TEST(opens_no_pipe_before_one_is_borrowed) {
        Case *c = make_case();

        for (size_t i = 0; i < LIMIT_PIPES; i++)
                ck_assert_ptr_null(c->cache.pipes[i].cache);
        free_case(c);
}
END_TEST

START_TEST(lends_pipes_that_neither_block_nor_are_inherited) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);

        ck_assert_ptr_nonnull(p);
        ck_assert_int_eq(fcntl(p->in, F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(fcntl(p->out, F_GETFD), FD_CLOEXEC);
        ck_assert(fcntl(p->in, F_GETFL) & O_NONBLOCK);
        ck_assert(fcntl(p->out, F_GETFL) & O_NONBLOCK);
        ck_assert_ptr_null(pipe_return(p));
        free_case(c);
}
END_TEST

START_TEST(lends_each_pipe_once_and_no_more_than_the_limit) {
        Case *c = make_case();
        Pipe *lent[LIMIT_PIPES];

        for (size_t i = 0; i < LIMIT_PIPES; i++) {
                lent[i] = pipe_borrow(&c->cache);
                ck_assert_ptr_nonnull(lent[i]);
                for (size_t j = 0; j < i; j++)
                        ck_assert_ptr_ne(lent[i], lent[j]);
        }
        ck_assert_ptr_null(pipe_borrow(&c->cache));
        (void) pipe_return(lent[7]);
        ck_assert_ptr_eq(pipe_borrow(&c->cache), lent[7]);
        ck_assert_ptr_null(pipe_borrow(&c->cache));
        free_case(c);
}
END_TEST

START_TEST(lends_an_empty_pipe_again_without_opening_another) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);
        int in = p->in, out = p->out;

        (void) pipe_return(p);
        p = pipe_borrow(&c->cache);
        ck_assert_int_eq(p->in, in);
        ck_assert_int_eq(p->out, out);
        free_case(c);
}
END_TEST

START_TEST(never_lends_a_pipe_with_bytes_of_another_in_it) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);
        int in = p->in, out = p->out;
        char byte;

        ck_assert_int_eq(send(c->peer, "secret", 6, 0), 6);
        ck_assert_int_eq(stream_splice_in(&c->stream, p, 100), STREAM_OK);
        ck_assert_uint_eq(p->n_bytes, 6);
        (void) pipe_return(p);
        ck_assert(!is_open(in));
        ck_assert(!is_open(out));

        p = pipe_borrow(&c->cache);
        ck_assert_uint_eq(p->n_bytes, 0);
        ck_assert_int_eq(read(p->out, &byte, 1), -1);
        ck_assert_int_eq(errno, EAGAIN);
        free_case(c);
}
END_TEST

START_TEST(closes_what_is_not_lent_once_it_was_quiet) {
        Case *c = make_case();
        Pipe *lent = pipe_borrow(&c->cache), *idle = pipe_borrow(&c->cache);
        int in = idle->in, out = idle->out;

        (void) pipe_return(idle);
        run_until_quiet(c, in);
        ck_assert(!is_open(in));
        ck_assert(!is_open(out));
        ck_assert(is_open(lent->in));
        ck_assert(is_open(lent->out));
        ck_assert_ptr_ne(pipe_borrow(&c->cache), lent);
        free_case(c);
}
END_TEST

START_TEST(rests_when_none_can_be_made_and_tries_again_when_it_was_quiet) {
        Case *c = make_case();
        struct rlimit before, none;

        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
        none = before;
        none.rlim_cur = 0;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
        ck_assert_ptr_null(pipe_borrow(&c->cache));
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);

        ck_assert_ptr_null(pipe_borrow(&c->cache));
        run_until_quiet(c, c->peer);
        ck_assert_ptr_nonnull(pipe_borrow(&c->cache));
        free_case(c);
}
END_TEST

START_TEST(lends_none_once_splice_was_refused) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);
        int in = p->in;

        pipe_refuse(p);
        ck_assert_ptr_null(pipe_borrow(&c->cache));
        (void) pipe_return(p);
        ck_assert_ptr_null(pipe_borrow(&c->cache));
        run_until_quiet(c, in);
        ck_assert_ptr_null(pipe_borrow(&c->cache));
        ck_assert(!is_open(in));
        free_case(c);
}
END_TEST

START_TEST(closes_lent_pipes_at_the_end_of_the_cache) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);
        int in = p->in, out = p->out;

        pipe_cache_done(&c->cache);
        ck_assert(!is_open(in));
        ck_assert(!is_open(out));
        pipe_cache_done(&c->cache);
        free_case(c);
}
END_TEST

START_TEST(puts_no_more_than_asked_into_a_pipe) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);
        char left[8];

        ck_assert_int_eq(send(c->peer, "bodyGET /", 9, 0), 9);
        ck_assert_int_eq(stream_splice_in(&c->stream, p, 4), STREAM_OK);
        ck_assert_uint_eq(p->n_bytes, 4);
        ck_assert(c->stream.is_readable);
        ck_assert_int_eq(recv(c->stream.watch.fd, left, sizeof(left), 0), 5);
        ck_assert_int_eq(memcmp(left, "GET /", 5), 0);
        free_case(c);
}
END_TEST

START_TEST(source_without_bytes_is_to_be_waited_for) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);

        ck_assert_int_eq(stream_splice_in(&c->stream, p, 4), STREAM_AGAIN);
        ck_assert(!c->stream.is_readable);
        ck_assert_int_eq(send(c->peer, "body", 4, 0), 4);
        ck_assert_int_eq(stream_splice_in(&c->stream, p, 4), STREAM_AGAIN); /* no edge, no call */
        c->stream.is_readable = true;
        ck_assert_int_eq(stream_splice_in(&c->stream, p, 4), STREAM_OK);
        free_case(c);
}
END_TEST

START_TEST(source_that_ended_is_at_its_end_for_ever) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);
        char byte;
        size_t n;

        (void) shutdown(c->peer, SHUT_WR);
        ck_assert_int_eq(stream_splice_in(&c->stream, p, 4), STREAM_EOF);
        c->stream.is_readable = false;
        ck_assert_int_eq(stream_splice_in(&c->stream, p, 4), STREAM_EOF);
        ck_assert_int_eq(stream_recv(&c->stream, &byte, 1, &n), STREAM_EOF);
        ck_assert_uint_eq(p->n_bytes, 0);
        free_case(c);
}
END_TEST

/* Fills the pipe's socket until it takes no more; what is in the pipe then has moved in part. */
START_TEST(sink_without_room_is_watched_and_the_rest_stays_in_the_pipe) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);
        char block[4096] = { 0 };
        size_t n_put = 0, n_out = 0, n;
        StreamResult result = STREAM_OK;

        while (result == STREAM_OK) {
                ck_assert_int_eq(write(p->in, block, sizeof(block)), (ssize_t) sizeof(block));
                p->n_bytes += (uint32_t) sizeof(block);
                n_put += sizeof(block);
                result = stream_splice_out(&c->stream, p, &n);
                if (result == STREAM_OK)
                        n_out += n;
        }
        ck_assert_int_eq(result, STREAM_AGAIN);
        ck_assert(!c->stream.is_writable);
        ck_assert(c->stream.waits_for_room);
        ck_assert_uint_eq(n_put, n_out + p->n_bytes);

        for (size_t n_got = 0; n_got < n_put;) {
                ssize_t got = recv(c->peer, block, sizeof(block), MSG_DONTWAIT);

                if (got > 0) {
                        n_got += (size_t) got;
                        continue;
                }
                c->stream.is_writable = true; /* stands for the edge */
                ck_assert_int_eq(stream_splice_out(&c->stream, p, &n), STREAM_OK);
        }
        ck_assert_uint_eq(p->n_bytes, 0);
        ck_assert(!c->stream.waits_for_room);
        free_case(c);
}
END_TEST

START_TEST(sink_that_is_gone_is_broken_and_no_signal_comes) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);
        size_t n;

        close(c->peer);
        c->peer = -1;
        ck_assert_int_eq(write(p->in, "x", 1), 1);
        p->n_bytes = 1;
        ck_assert_int_eq(stream_splice_out(&c->stream, p, &n), STREAM_BROKEN);
        ck_assert_uint_eq(p->n_bytes, 1);
        free_case(c);
}
END_TEST

START_TEST(pipe_that_holds_less_than_it_should_is_broken) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);
        size_t n;

        p->n_bytes = 1;
        close(p->in);
        p->in = open("/dev/null", O_WRONLY | O_CLOEXEC);
        ck_assert_int_eq(stream_splice_out(&c->stream, p, &n), STREAM_BROKEN);
        free_case(c);
}
END_TEST

/* Both ends of one pipe: the kernel answers EINVAL, as it does where it cannot splice. */
START_TEST(what_cannot_be_spliced_is_said_and_nothing_moved) {
        Case *c = make_case();
        Pipe *p = pipe_borrow(&c->cache);
        Stream same = { 0 };
        int fd = fcntl(p->out, F_DUPFD_CLOEXEC, 3);
        size_t n;

        ck_assert_int_eq(stream_init(&same, c->loop, &fd, on_ready, c), 0);
        ck_assert_int_eq(stream_splice_in(&same, p, 4), STREAM_UNABLE);
        ck_assert_uint_eq(p->n_bytes, 0);
        stream_done(&same);

        fd = fcntl(p->in, F_DUPFD_CLOEXEC, 3);
        ck_assert_int_eq(stream_init(&same, c->loop, &fd, on_ready, c), 0);
        ck_assert_int_eq(write(p->in, "x", 1), 1);
        p->n_bytes = 1;
        ck_assert_int_eq(stream_splice_out(&same, p, &n), STREAM_UNABLE);
        ck_assert_uint_eq(p->n_bytes, 1);
        stream_done(&same);
        free_case(c);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("splice");
        TCase *tc = tcase_create("splice");
        SRunner *runner;
        int n_failed;

        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, opens_no_pipe_before_one_is_borrowed);
        tcase_add_test(tc, lends_pipes_that_neither_block_nor_are_inherited);
        tcase_add_test(tc, lends_each_pipe_once_and_no_more_than_the_limit);
        tcase_add_test(tc, lends_an_empty_pipe_again_without_opening_another);
        tcase_add_test(tc, never_lends_a_pipe_with_bytes_of_another_in_it);
        tcase_add_test(tc, closes_what_is_not_lent_once_it_was_quiet);
        tcase_add_test(tc, rests_when_none_can_be_made_and_tries_again_when_it_was_quiet);
        tcase_add_test(tc, lends_none_once_splice_was_refused);
        tcase_add_test(tc, closes_lent_pipes_at_the_end_of_the_cache);
        tcase_add_test(tc, puts_no_more_than_asked_into_a_pipe);
        tcase_add_test(tc, source_without_bytes_is_to_be_waited_for);
        tcase_add_test(tc, source_that_ended_is_at_its_end_for_ever);
        tcase_add_test(tc, sink_without_room_is_watched_and_the_rest_stays_in_the_pipe);
        tcase_add_test(tc, sink_that_is_gone_is_broken_and_no_signal_comes);
        tcase_add_test(tc, pipe_that_holds_less_than_it_should_is_broken);
        tcase_add_test(tc, what_cannot_be_spliced_is_said_and_nothing_moved);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
