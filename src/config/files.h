/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads one configuration file that nobody but root and the daemon's own user could have written.
 * Shell: the file system is known here and in config/load alone.
 */
#pragma once

#include "config/config.h"
#include "util/buffer.h"

#define FILES_SIZE_MAX (1U * MIB) /* of one file: far above any policy, far below memory */

typedef struct TextFile {
        char *path; /* owned */
        Buffer text;
} TextFile;

void text_file_done(TextFile *f);

/*
 * Reads the file at this absolute path. 0; -ENOENT when there is no such file; -EINVAL with
 * *ret_error when it must not be used; -ENOMEM. A link to /dev/null reads as an empty file.
 */
int text_file_read(const char *path, TextFile *ret, ConfigError *ret_error);

/*
 * Nobody but root and our user may change where this path leads: every directory, link and the
 * target on the way belongs to one of them and is writable by no other (a sticky directory counts
 * as such, but for the last component). 0, -ENOENT, -EINVAL with *ret_error, -ENOMEM.
 */
int path_check_trust(const char *path, ConfigError *ret_error);

int config_error_set(ConfigError *e, const char *path, const char *format, ...) _printf_(3, 4);
