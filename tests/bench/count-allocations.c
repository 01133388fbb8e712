/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into the daemon by the benchmark: counts the allocations of the heap. The counter lies
 * in a shared mapping of the file that SOCKGATE_ALLOCATIONS names, where the benchmark reads it
 * while the daemon runs. Relies on glibc, which exports its own functions under second names.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static uint64_t early;
static uint64_t *counter = &early;

__attribute__((constructor)) static void counter_map(void) {
        const char *path = getenv("SOCKGATE_ALLOCATIONS");
        uint64_t *shared;
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
        counter = shared;
}

void *malloc(size_t size) {
        ++*counter;
        return __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
        ++*counter;
        return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size) {
        ++*counter;
        return __libc_realloc(p, size);
}

void *memalign(size_t alignment, size_t size) {
        ++*counter;
        return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
        ++*counter;
        return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret_p, size_t alignment, size_t size) {
        ++*counter;
        *ret_p = __libc_memalign(alignment, size);
        return *ret_p ? 0 : ENOMEM;
}
