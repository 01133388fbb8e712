/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into the daemon: splice(2) and pipe2(2) that do on purpose what they may do at any
 * time, in a pattern that is the same in each run. What happened is counted in the file that
 * FAULT_PATTERN_COUNTS names.
 *
 * Readiness is told by edges, so not everything may be made up. A sink may seem full when it did
 * take everything before: the daemon arms EPOLLOUT then, which says at once that there is room. A
 * source that was said to be empty would never be looked at again: it gets a pause instead, in
 * which it may fill up or run empty.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SHORT_MAX  4095U
#define PAUSE_NSEC 2000000

/* As test_splice_patterns.py reads them. */
typedef struct Counts {
        uint64_t n_in, n_out; /* calls that moved something into a pipe, out of one */
        uint64_t bytes_in, bytes_out;
        uint64_t n_short, n_again, n_pauses, n_refused; /* what was made up */
        uint64_t n_pipes, n_pipes_refused;
        uint64_t n_empty, n_full,
                n_ends; /* what the kernel said itself: no bytes, no room, the end */
} Counts;

#define FDS_MAX 1024

static Counts *counts;
static char is_full[FDS_MAX]; /* this sink did not take everything, EPOLLOUT is armed */
static uint64_t n_calls, short_each, again_each, pause_each, errno_at, refused_errno, pipes_refused;

static uint64_t read_number(const char *name) {
        const char *text = getenv(name);

        return text ? strtoull(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void start(void) {
        const char *path = getenv("FAULT_PATTERN_COUNTS");
        int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

        if (fd >= 0)
                counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (fd < 0 || counts == MAP_FAILED)
                abort();
        (void) close(fd);
        short_each = read_number("FAULT_PATTERN_SHORT_EACH");
        again_each = read_number("FAULT_PATTERN_AGAIN_EACH");
        pause_each = read_number("FAULT_PATTERN_PAUSE_EACH");
        errno_at = read_number("FAULT_PATTERN_ERRNO_AT");
        refused_errno = read_number("FAULT_PATTERN_ERRNO");
        pipes_refused = read_number("FAULT_PATTERN_PIPES_REFUSED");
}

static int is_each(uint64_t each) {
        return each > 0 && n_calls % each == 0;
}

static int fail(uint64_t *count, int error) {
        ++*count;
        errno = error;
        return -1;
}

static int is_pipe(int fd) {
        struct stat st;

        return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

static size_t shorten(size_t n) {
        if (!is_each(short_each) || n <= SHORT_MAX)
                return n;
        counts->n_short++;
        return n_calls * 2654435761U % SHORT_MAX + 1;
}

static ssize_t splice_in(int from, int to, size_t n, unsigned flags) {
        ssize_t moved;

        if (is_each(pause_each)) {
                counts->n_pauses++;
                (void) nanosleep(&(struct timespec){ .tv_nsec = PAUSE_NSEC }, NULL);
        }
        moved = syscall(SYS_splice, from, NULL, to, NULL, shorten(n), flags);
        if (moved > 0) {
                counts->n_in++;
                counts->bytes_in += (uint64_t) moved;
        } else if (moved == 0)
                counts->n_ends++;
        else if (errno == EAGAIN)
                counts->n_empty++;
        return moved;
}

static ssize_t splice_out(int from, int to, size_t n, unsigned flags) {
        int may_fault = to < FDS_MAX && !is_full[to];
        ssize_t moved;

        if (may_fault && is_each(again_each)) {
                is_full[to] = 1;
                return fail(&counts->n_again, EAGAIN);
        }
        moved = syscall(SYS_splice, from, NULL, to, NULL, may_fault ? shorten(n) : n, flags);
        if (to < FDS_MAX)
                is_full[to] = moved >= 0 ? moved < (ssize_t) n : errno == EAGAIN;
        if (moved > 0) {
                counts->n_out++;
                counts->bytes_out += (uint64_t) moved;
        } else if (moved < 0 && errno == EAGAIN)
                counts->n_full++;
        return moved;
}

ssize_t splice(int from, off64_t *from_at, int to, off64_t *to_at, size_t n, unsigned flags) {
        if (from_at || to_at)
                abort(); /* sockets and pipes have none */
        n_calls++;
        if (errno_at > 0 && n_calls >= errno_at)
                return fail(&counts->n_refused, (int) refused_errno);
        return is_pipe(from) ? splice_out(from, to, n, flags) : splice_in(from, to, n, flags);
}

int pipe2(int fds[2], int flags) {
        if (counts->n_pipes_refused < pipes_refused)
                return fail(&counts->n_pipes_refused, EMFILE);
        counts->n_pipes++;
        return (int) syscall(SYS_pipe2, fds, flags);
}
