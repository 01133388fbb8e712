/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into the daemon by the benchmark: counts the allocations of the heap, the bytes that
 * are held and the most that ever were. The counters lie in a shared mapping of the file that
 * SOCKGATE_ALLOCATIONS names, where the benchmark reads them while the daemon runs; while the
 * daemon idles it may set the peak back. Relies on glibc, which exports its own functions under
 * second names. The daemon has one thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *p);

typedef struct Counters {
        uint64_t n_allocations;
        uint64_t n_held; /* bytes, with what the allocator adds to each */
        uint64_t n_peak;
} Counters;

static Counters early;
static Counters *counters = &early;

__attribute__((constructor)) static void counters_map(void) {
        const char *path = getenv("SOCKGATE_ALLOCATIONS");
        Counters *shared;
        int fd;

        if (!path)
                return;
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
                abort();
        shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if (shared == MAP_FAILED)
                abort();
        *shared = early;
        counters = shared;
}

static uint64_t held_by(void *p) {
        return p ? malloc_usable_size(p) + sizeof(size_t) : 0;
}

static void *count(void *p) {
        counters->n_allocations++;
        counters->n_held += held_by(p);
        if (counters->n_held > counters->n_peak)
                counters->n_peak = counters->n_held;
        return p;
}

void *malloc(size_t size) {
        return count(__libc_malloc(size));
}

void *calloc(size_t n, size_t size) {
        return count(__libc_calloc(n, size));
}

void *realloc(void *p, size_t size) {
        uint64_t n_before = held_by(p);
        void *grown = __libc_realloc(p, size);

        if (grown || size == 0)
                counters->n_held -= n_before;
        return count(grown);
}

void *memalign(size_t alignment, size_t size) {
        return count(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
        return count(__libc_memalign(alignment, size));
}

int posix_memalign(void **ret_p, size_t alignment, size_t size) {
        *ret_p = count(__libc_memalign(alignment, size));
        return *ret_p ? 0 : ENOMEM;
}

void free(void *p) {
        counters->n_held -= held_by(p);
        __libc_free(p);
}
