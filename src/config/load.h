/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds and reads the files of an instance (CONFIG.md "Files"), checks that nobody else may write
 * them, and has config_parse() make a policy of them. Shell: the only part of config that touches
 * the file system.
 */
#pragma once

#include "config/config.h"

typedef struct LoadOptions {
        const char *instance;
        const char *config_file; /* --config: this file and FILE.d only; NULL: the search path */
        const char *preset_dir;
        bool is_user;            /* a user instance: $XDG_CONFIG_HOME first */
        const char *config_home; /* of a user instance, or NULL */
        const char *runtime_dir;
        bool has_peer_pidfd;
        const char *root; /* "" in production: tests put another root before the search path */
} LoadOptions;

/* 0, -EINVAL with *ret_error (also for files that can't be read or are writable by others),
 * -ENOMEM. */
int load_policy(const LoadOptions *options, Policy **ret, ConfigError *ret_error);
