/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines, tasks and signals of the loop, on real descriptors. */
#include "io/loop.h"
#include "util/macros.h"

#include <check.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>

#define N_TIMES 64

typedef struct Timed {
        Deadline deadline;
        Loop *loop;
        unsigned *n_fired;
        uint64_t fired_usec;
        unsigned order;
        unsigned quits_at;
} Timed;

static void on_timed(Deadline *d) {
        Timed *t = (Timed *) ((char *) d - offsetof(Timed, deadline));

        t->fired_usec = loop_now(t->loop);
        t->order = ++*t->n_fired;
        if (*t->n_fired == t->quits_at)
                loop_quit(t->loop);
}

static Loop *make_loop(void) {
        Loop *l = NULL;

        ck_assert_int_eq(loop_new(&l), 0);
        return l;
}

START_TEST(fires_deadlines_in_their_order_and_not_early) {
        Loop *l = make_loop();
        Timed timed[N_TIMES] = { 0 };
        unsigned n_fired = 0;
        uint64_t base = loop_now(l), when[N_TIMES];

        for (unsigned i = 0; i < N_TIMES; i++) {
                timed[i] = (Timed){ .loop = l, .n_fired = &n_fired, .quits_at = N_TIMES };
                ck_assert_int_eq(loop_deadline_add(l, &timed[i].deadline, on_timed), 0);
                when[i] = base + ((i * 37U) % N_TIMES) * USEC_PER_MSEC;
                loop_deadline_set(l, &timed[i].deadline, when[i]);
        }
        ck_assert_int_eq(loop_run(l), 0);

        for (unsigned i = 0; i < N_TIMES; i++) {
                ck_assert_uint_ge(timed[i].fired_usec, when[i]);
                ck_assert_uint_eq(timed[i].order, (i * 37U) % N_TIMES + 1);
                loop_deadline_remove(l, &timed[i].deadline);
        }
        loop_free(l);
}
END_TEST

START_TEST(fires_at_the_last_time_that_was_set) {
        Loop *l = make_loop();
        unsigned n_fired = 0;
        Timed later = { .loop = l, .n_fired = &n_fired, .quits_at = 2 };
        Timed sooner = { .loop = l, .n_fired = &n_fired, .quits_at = 2 };
        uint64_t now = loop_now(l);

        ck_assert_int_eq(loop_deadline_add(l, &later.deadline, on_timed), 0);
        ck_assert_int_eq(loop_deadline_add(l, &sooner.deadline, on_timed), 0);
        loop_deadline_set(l, &later.deadline, now + 1 * USEC_PER_MSEC);
        loop_deadline_set(l, &later.deadline, now + 60 * USEC_PER_MSEC);
        loop_deadline_set(l, &sooner.deadline, now + 600 * USEC_PER_SEC);
        loop_deadline_set(l, &sooner.deadline, now + 20 * USEC_PER_MSEC);
        ck_assert_int_eq(loop_run(l), 0);

        ck_assert_uint_eq(sooner.order, 1);
        ck_assert_uint_eq(later.order, 2);
        ck_assert_uint_ge(later.fired_usec, now + 60 * USEC_PER_MSEC);
        loop_deadline_remove(l, &later.deadline);
        loop_deadline_remove(l, &sooner.deadline);
        loop_free(l);
}
END_TEST

START_TEST(does_not_fire_what_was_unset) {
        Loop *l = make_loop();
        unsigned n_fired = 0;
        Timed unset = { .loop = l, .n_fired = &n_fired };
        Timed end = { .loop = l, .n_fired = &n_fired, .quits_at = 1 };
        uint64_t now = loop_now(l);

        ck_assert_int_eq(loop_deadline_add(l, &unset.deadline, on_timed), 0);
        ck_assert_int_eq(loop_deadline_add(l, &end.deadline, on_timed), 0);
        loop_deadline_set(l, &unset.deadline, now + 1 * USEC_PER_MSEC);
        loop_deadline_set(l, &unset.deadline, LOOP_NEVER);
        loop_deadline_set(l, &end.deadline, now + 20 * USEC_PER_MSEC);
        ck_assert_int_eq(loop_run(l), 0);

        ck_assert_uint_eq(unset.order, 0);
        ck_assert_uint_eq(n_fired, 1);
        loop_deadline_remove(l, &unset.deadline);
        loop_deadline_remove(l, &end.deadline);
        loop_free(l);
}
END_TEST

typedef struct Counted {
        LoopTask task;
        Loop *loop;
        unsigned n_turns;
        unsigned n_wanted;
} Counted;

static void on_counted(LoopTask *t) {
        Counted *c = (Counted *) ((char *) t - offsetof(Counted, task));

        if (++c->n_turns == c->n_wanted)
                loop_quit(c->loop);
        else {
                loop_defer(c->loop, t);
                loop_defer(c->loop, t);
        }
}

START_TEST(runs_a_task_once_a_turn_however_often_it_is_queued) {
        Loop *l = make_loop();
        Counted c = { .task.on_turn = on_counted, .loop = l, .n_wanted = 5 };

        loop_defer(l, &c.task);
        loop_defer(l, &c.task);
        ck_assert_int_eq(loop_run(l), 0);
        ck_assert_uint_eq(c.n_turns, 5);
        loop_free(l);
}
END_TEST

START_TEST(forgets_a_cancelled_task) {
        Loop *l = make_loop();
        Counted gone = { .task.on_turn = on_counted, .loop = l, .n_wanted = 1 };
        Counted end = { .task.on_turn = on_counted, .loop = l, .n_wanted = 1 };

        loop_defer(l, &gone.task);
        loop_defer(l, &end.task);
        loop_cancel(l, &gone.task);
        loop_cancel(l, &gone.task);
        ck_assert_int_eq(loop_run(l), 0);
        ck_assert_uint_eq(gone.n_turns, 0);
        loop_free(l);
}
END_TEST

typedef struct Watched {
        LoopWatch watch;
        Loop *loop;
        struct Watched *other;
        unsigned n_events;
} Watched;

static void on_watched(LoopWatch *w, uint32_t events) {
        Watched *me = (Watched *) ((char *) w - offsetof(Watched, watch));

        (void) events;
        me->n_events++;
        loop_unwatch(me->loop, &me->other->watch);
        loop_quit(me->loop);
}

START_TEST(forgets_events_at_hand_of_an_unwatched_descriptor) {
        Loop *l = make_loop();
        int a[2], b[2];
        Watched first = { .loop = l }, second = { .loop = l, .other = &first };

        first.other = &second;
        ck_assert_int_eq(pipe(a), 0);
        ck_assert_int_eq(pipe(b), 0);
        first.watch = (LoopWatch){ .fd = a[0], .on_events = on_watched };
        second.watch = (LoopWatch){ .fd = b[0], .on_events = on_watched };
        ck_assert_int_eq(write(a[1], "x", 1), 1);
        ck_assert_int_eq(write(b[1], "x", 1), 1);
        ck_assert_int_eq(loop_watch(l, &first.watch, EPOLLIN), 0);
        ck_assert_int_eq(loop_watch(l, &second.watch, EPOLLIN), 0);
        ck_assert_int_eq(loop_run(l), 0);

        ck_assert_uint_eq(first.n_events + second.n_events, 1);
        for (int i = 0; i < 2; i++) {
                close(a[i]);
                close(b[i]);
        }
        loop_free(l);
}
END_TEST

typedef struct Signalled {
        Loop *loop;
        int last;
} Signalled;

static void on_signal(void *userdata, int signal) {
        Signalled *s = userdata;

        s->last = signal;
        loop_quit(s->loop);
}

START_TEST(gives_signals_to_the_callback) {
        Loop *l = make_loop();
        Signalled s = { .loop = l };
        const int signals[] = { SIGHUP, SIGUSR2 };

        ck_assert_int_eq(loop_watch_signals(l, signals, ARRAY_SIZE(signals), on_signal, &s), 0);
        ck_assert_int_eq(raise(SIGUSR2), 0);
        ck_assert_int_eq(loop_run(l), 0);
        ck_assert_int_eq(s.last, SIGUSR2);
        loop_free(l);
}
END_TEST

int main(void) {
        Suite *suite = suite_create("loop");
        TCase *tc = tcase_create("loop");
        SRunner *runner;
        int n_failed;

        tcase_set_timeout(tc, 60);
        tcase_add_test(tc, fires_deadlines_in_their_order_and_not_early);
        tcase_add_test(tc, fires_at_the_last_time_that_was_set);
        tcase_add_test(tc, does_not_fire_what_was_unset);
        tcase_add_test(tc, runs_a_task_once_a_turn_however_often_it_is_queued);
        tcase_add_test(tc, forgets_a_cancelled_task);
        tcase_add_test(tc, forgets_events_at_hand_of_an_unwatched_descriptor);
        tcase_add_test(tc, gives_signals_to_the_callback);
        suite_add_tcase(suite, tc);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_NORMAL);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
