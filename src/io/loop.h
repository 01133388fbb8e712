/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop: one epoll instance for descriptors and signals, one heap of deadlines whose
 * nearest one is epoll_wait()'s timeout, one queue of work put off. Nothing on the data path costs
 * a system call but epoll_wait() itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h> /* the names of events; the calls are in loop.c alone */

typedef struct Loop Loop;

#define LOOP_NEVER UINT64_MAX

/* A watched descriptor, embedded in its owner. events are those of epoll(7). */
typedef struct LoopWatch LoopWatch;
struct LoopWatch {
        int fd;
        void (*on_events)(LoopWatch *w, uint32_t events);
};

/* A point in time, embedded in its owner; it fires once and is then unset. */
typedef struct Deadline Deadline;
struct Deadline {
        uint64_t when_usec; /* what is wanted; LOOP_NEVER: unset */
        uint64_t key_usec;  /* where it stands in the heap: never later than when_usec */
        size_t index;       /* its place in the heap */
        void (*on_expired)(Deadline *d);
};

/* Work that is put off until the events at hand are dealt with, embedded in its owner. */
typedef struct LoopTask LoopTask;
struct LoopTask {
        LoopTask *next, *previous;
        void (*on_turn)(LoopTask *t);
};

/* 0 or -errno. */
int loop_new(Loop **ret);
Loop *loop_free(Loop *l);

/* Runs until loop_quit(). 0, or -errno when epoll itself fails. */
int loop_run(Loop *l);
void loop_quit(Loop *l);

/* CLOCK_MONOTONIC in microseconds, read once for each turn of the loop. */
uint64_t loop_now(const Loop *l);

/* Blocks the signals and gives each one taken to the callback. 0 or -errno. Once only. */
int loop_watch_signals(Loop *l, const int *signals, size_t n_signals,
                       void (*on_signal)(void *userdata, int signal), void *userdata);

/* Registers the watch for these events (EPOLLET as the caller says). 0 or -errno. */
int loop_watch(Loop *l, LoopWatch *w, uint32_t events);
int loop_rewatch(Loop *l, LoopWatch *w, uint32_t events);

/* No more events, those at hand are forgotten too. */
void loop_unwatch(Loop *l, LoopWatch *w);

/* Closes the watched descriptor: the same, and a system call less, since the kernel forgets by
 * itself what has no descriptor any more (epoll(7), questions 6; none of ours is ever duplicated).
 */
void loop_close(Loop *l, LoopWatch *w);

/* Takes a place in the heap, so that setting it later cannot fail. 0 or -ENOMEM. */
int loop_deadline_add(Loop *l, Deadline *d, void (*on_expired)(Deadline *d));
void loop_deadline_remove(Loop *l, Deadline *d);
void loop_deadline_set(Loop *l, Deadline *d, uint64_t when_usec);

/* on_turn() runs once, after the events at hand and before the loop waits again. Queued once
 * however often it is called. */
void loop_defer(Loop *l, LoopTask *t);
void loop_cancel(Loop *l, LoopTask *t);
