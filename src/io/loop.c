/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoll, signalfd, a heap of deadlines and a queue of tasks. sd-event is not used: it waits once an
 * event (measured: a quarter of a request), and the three control sources that are left (signals,
 * watchdog, journal) fit here.
 */
#include "io/loop.h"

#include "util/macros.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>

#define LOOP_EVENTS_MAX 64

struct Loop {
        int epoll_fd;
        uint64_t now_usec;
        bool quits;

        struct epoll_event events[LOOP_EVENTS_MAX]; /* at hand; data.ptr NULL: forgotten */
        int n_events;

        Deadline **heap; /* by key_usec */
        size_t n_heap;
        size_t heap_size;

        LoopTask tasks; /* ring: next is the first */

        LoopWatch signals;
        void (*on_signal)(void *userdata, int signal);
        void *signal_userdata;
};

static uint64_t clock_usec(void) {
        struct timespec ts;

        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

int loop_new(Loop **ret) {
        Loop *l;

        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;

        l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (l->epoll_fd < 0) {
                int r = -errno;

                free(l);
                return r;
        }

        l->tasks.next = l->tasks.previous = &l->tasks;
        l->signals.fd = -1;
        l->now_usec = clock_usec();
        *ret = l;
        return 0;
}

Loop *loop_free(Loop *l) {
        if (!l)
                return NULL;

        if (l->signals.fd >= 0)
                (void) close(l->signals.fd);
        (void) close(l->epoll_fd);
        free(l->heap);
        free(l);
        return NULL;
}

uint64_t loop_now(const Loop *l) {
        return l->now_usec;
}

void loop_quit(Loop *l) {
        l->quits = true;
}

/* Descriptors */

static int loop_control(Loop *l, int op, LoopWatch *w, uint32_t events) {
        struct epoll_event event = { .events = events, .data.ptr = w };

        return epoll_ctl(l->epoll_fd, op, w->fd, &event) < 0 ? -errno : 0;
}

int loop_watch(Loop *l, LoopWatch *w, uint32_t events) {
        return loop_control(l, EPOLL_CTL_ADD, w, events);
}

int loop_rewatch(Loop *l, LoopWatch *w, uint32_t events) {
        return loop_control(l, EPOLL_CTL_MOD, w, events);
}

static void loop_forget(Loop *l, const LoopWatch *w) {
        for (int i = 0; i < l->n_events; i++)
                if (l->events[i].data.ptr == w)
                        l->events[i].data.ptr = NULL;
}

void loop_unwatch(Loop *l, LoopWatch *w) {
        (void) epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
        loop_forget(l, w);
}

void loop_close(Loop *l, LoopWatch *w) {
        (void) close(w->fd);
        w->fd = -1;
        loop_forget(l, w);
}

static void loop_on_signal(LoopWatch *w, uint32_t events) {
        Loop *l = (Loop *) ((char *) w - offsetof(Loop, signals));
        struct signalfd_siginfo info;

        (void) events;
        while (read(w->fd, &info, sizeof(info)) == (ssize_t) sizeof(info))
                l->on_signal(l->signal_userdata, (int) info.ssi_signo);
}

int loop_watch_signals(Loop *l, const int *signals, size_t n_signals,
                       void (*on_signal)(void *userdata, int signal), void *userdata) {
        sigset_t set;

        assert(l->signals.fd < 0);

        (void) sigemptyset(&set);
        for (size_t i = 0; i < n_signals; i++)
                (void) sigaddset(&set, signals[i]);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;

        l->signals = (LoopWatch){
                .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
                .on_events = loop_on_signal,
        };
        if (l->signals.fd < 0)
                return -errno;

        l->on_signal = on_signal;
        l->signal_userdata = userdata;
        return loop_watch(l, &l->signals, EPOLLIN);
}

/* Deadlines: a binary heap by key. Moving a deadline to a later time, the common case, only notes
 * the wish; the heap finds out when the old time has come. */

static void heap_put(Loop *l, size_t index, Deadline *d) {
        l->heap[index] = d;
        d->index = index;
}

static void heap_up(Loop *l, size_t index) {
        Deadline *d = l->heap[index];

        while (index > 0 && l->heap[(index - 1) / 2]->key_usec > d->key_usec) {
                heap_put(l, index, l->heap[(index - 1) / 2]);
                index = (index - 1) / 2;
        }
        heap_put(l, index, d);
}

static void heap_down(Loop *l, size_t index) {
        Deadline *d = l->heap[index];

        for (;;) {
                size_t child = 2 * index + 1;

                if (child >= l->n_heap)
                        break;
                if (child + 1 < l->n_heap &&
                    l->heap[child + 1]->key_usec < l->heap[child]->key_usec)
                        child++;
                if (l->heap[child]->key_usec >= d->key_usec)
                        break;
                heap_put(l, index, l->heap[child]);
                index = child;
        }
        heap_put(l, index, d);
}

int loop_deadline_add(Loop *l, Deadline *d, void (*on_expired)(Deadline *d)) {
        if (l->n_heap == l->heap_size) {
                size_t size = MAX(l->heap_size * 2, 16U);
                Deadline **heap;

                heap = reallocarray(l->heap, size, sizeof(*heap));
                if (!heap)
                        return -ENOMEM;
                l->heap = heap;
                l->heap_size = size;
        }

        *d = (Deadline){ .when_usec = LOOP_NEVER,
                         .key_usec = LOOP_NEVER,
                         .on_expired = on_expired };
        heap_put(l, l->n_heap++, d); /* the latest key of all: its place is the end */
        return 0;
}

void loop_deadline_remove(Loop *l, Deadline *d) {
        size_t index = d->index;
        Deadline *last;

        assert(l->n_heap > 0 && l->heap[index] == d);

        last = l->heap[--l->n_heap];
        if (last == d)
                return;
        heap_put(l, index, last);
        heap_up(l, index);
        heap_down(l, last->index);
}

void loop_deadline_set(Loop *l, Deadline *d, uint64_t when_usec) {
        d->when_usec = when_usec;
        if (when_usec >= d->key_usec)
                return;
        d->key_usec = when_usec;
        heap_up(l, d->index);
}

static void loop_expire(Loop *l) {
        while (l->n_heap > 0 && l->heap[0]->key_usec <= l->now_usec) {
                Deadline *d = l->heap[0];
                bool is_due = d->when_usec <= l->now_usec;

                if (is_due)
                        d->when_usec = LOOP_NEVER;
                d->key_usec = d->when_usec;
                heap_down(l, 0);
                if (is_due)
                        d->on_expired(d);
                /* Careful: d may be gone here. */
        }
}

/* Tasks */

void loop_defer(Loop *l, LoopTask *t) {
        if (t->next)
                return;
        t->next = &l->tasks;
        t->previous = l->tasks.previous;
        t->previous->next = t;
        l->tasks.previous = t;
}

void loop_cancel(Loop *l, LoopTask *t) {
        (void) l;
        if (!t->next)
                return;
        t->previous->next = t->next;
        t->next->previous = t->previous;
        t->next = t->previous = NULL;
}

static bool loop_has_tasks(const Loop *l) {
        return l->tasks.next != &l->tasks;
}

/* Those that are queued now; what they queue themselves waits for the next turn. */
static void loop_run_tasks(Loop *l) {
        LoopTask mark = { .next = NULL };

        if (!loop_has_tasks(l))
                return;

        loop_defer(l, &mark);
        while (l->tasks.next != &mark) {
                LoopTask *t = l->tasks.next;

                loop_cancel(l, t);
                t->on_turn(t);
        }
        loop_cancel(l, &mark);
}

static int loop_timeout(const Loop *l) {
        uint64_t wait_usec;

        if (loop_has_tasks(l))
                return 0;
        if (l->n_heap == 0 || l->heap[0]->key_usec == LOOP_NEVER)
                return -1;
        if (l->heap[0]->key_usec <= l->now_usec)
                return 0;

        wait_usec = l->heap[0]->key_usec - l->now_usec;
        return (int) MIN((wait_usec + 999) / 1000, (uint64_t) 3600 * 1000);
}

static int loop_turn(Loop *l) {
        int n;

        n = epoll_wait(l->epoll_fd, l->events, LOOP_EVENTS_MAX, loop_timeout(l));
        if (n < 0 && errno != EINTR)
                return -errno;

        l->now_usec = clock_usec();
        l->n_events = MAX(n, 0);
        for (int i = 0; i < l->n_events; i++) {
                LoopWatch *w = l->events[i].data.ptr;

                if (w)
                        w->on_events(w, l->events[i].events);
        }
        l->n_events = 0;

        loop_expire(l);
        loop_run_tasks(l);
        return 0;
}

int loop_run(Loop *l) {
        int r = 0;

        l->now_usec = clock_usec();
        while (!l->quits && r >= 0)
                r = loop_turn(l);
        return r;
}
