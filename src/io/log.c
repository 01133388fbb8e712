/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operator messages. One write() a line, so that lines of two threads or processes never mix; a
 * line that does not fit is cut. stderr may be gone or full: nothing can be done about that here,
 * and errno stays as the caller left it.
 */
#include "io/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define LOG_LINE_MAX 1024 /* bytes: a sentence and one cut piece of peer text */

void log_line(int priority, const char *format, ...) {
        char line[LOG_LINE_MAX];
        int saved_errno = errno, n_prefix, n;
        size_t len;
        va_list args;

        if (priority >= LOG_DEBUG)
                return;

        n_prefix = snprintf(line, sizeof(line), "<%d>", priority);
        assert(n_prefix > 0);

        va_start(args, format);
        n = vsnprintf(line + n_prefix, sizeof(line) - (size_t) n_prefix - 1, format, args);
        va_end(args);
        if (n >= 0) {
                len = MIN((size_t) n_prefix + (size_t) n, sizeof(line) - 2);
                line[len++] = '\n';
                if (write(STDERR_FILENO, line, len) < 0) {
                        /* See above. */
                }
        }
        errno = saved_errno;
}
