/* SPDX-License-Identifier: Apache-2.0 */
/* The few macros that everything else may use: cleanup attributes and small arithmetic. */
#pragma once

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))

#define _cleanup_(f)        __attribute__((cleanup(f)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))
#define _packed_            __attribute__((packed)) /* enums of rows: a byte each */
#define _pure_              __attribute__((pure))

/* Gives the pointer away: yields its value and leaves NULL behind. */
#define TAKE_PTR(p)                                                                                \
        ({                                                                                         \
                __typeof__(p) taken_ = (p);                                                        \
                (p) = NULL;                                                                        \
                taken_;                                                                            \
        })

/* Defines FUNCp() for _cleanup_(): frees what a pointer variable holds at the end of its scope. */
#define DEFINE_CLEANUP(type, func)                                                                 \
        static inline void func##p(type *p) {                                                      \
                if (*p)                                                                            \
                        func(*p);                                                                  \
        }

static inline void freep(void *p) {
        free(*(void **) p);
}

static inline void closep(const int *fd) {
        if (*fd >= 0)
                (void) close(*fd);
}

#define _cleanup_free_  _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)

#define USEC_PER_SEC  1000000ULL
#define USEC_PER_MSEC 1000ULL
#define KIB           1024U
#define MIB           (1024U * 1024U)
