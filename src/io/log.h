/* SPDX-License-Identifier: Apache-2.0 */
/* Operator messages: to stderr with a <N> priority prefix, which systemd passes to the journal. Not
 * the audit. */
#pragma once

#include "util/macros.h"

#include <syslog.h>

/* One line, LOG_ERR to LOG_DEBUG; DEBUG is dropped. The caller escapes peer text and puts it in
 * 'ticks'. */
void log_line(int priority, const char *format, ...) _printf_(2, 3);
