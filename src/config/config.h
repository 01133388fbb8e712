/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ini language of CONFIG.md: text in, Policy out, or an error with file, line and cure. Pure:
 * files were read by config/load. inih reads the checked lines; it is known to this module alone.
 */
#pragma once

#include "policy/policy.h"

typedef struct ConfigFile {
        const char *path;
        Bytes text;
        bool is_preset; /* its words are only defaults */
} ConfigFile;

typedef struct ConfigError {
        char path[256]; /* cut */
        unsigned line;  /* 0: no line */
        char text[512]; /* what is wrong and how to cure it */
} ConfigError;

typedef struct ConfigOptions {
        const char *instance;      /* name of the policy, and %i */
        const char *runtime_dir;   /* %t: "/run" or the user's */
        bool is_user;              /* a user instance: its default upstreams */
        bool is_docker_missing;    /* of a user instance: %t/docker.sock does not exist, its default
                                      is Podman's socket */
        bool has_peer_pidfd;       /* the kernel has SO_PEERPIDFD: [peers] units and containers are
                                      allowed */
        const ConfigFile *presets; /* every preset that could be named: file name NAME.conf. Without
                                      text: not read, because no file mentions it */
        size_t n_presets;
} ConfigOptions;

/*
 * 0: *ret is a whole policy (the caller unrefs it). -EINVAL: the configuration is refused,
 * *ret_error says where and why. -ENOMEM. No files: the default policy (ping and version only).
 */
int config_parse(const ConfigFile *files, size_t n_files, const ConfigOptions *options,
                 Policy **ret, ConfigError *ret_error);
