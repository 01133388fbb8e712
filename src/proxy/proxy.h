/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instance: its sockets, its sessions, its policy; reload, drain, idle exit, the service
 * manager's notifications. Owns everything below it.
 */
#pragma once

#include "config/load.h"

typedef struct Proxy Proxy;

typedef struct ProxyOptions {
        LoadOptions load;
        const char *upstream;     /* --upstream, or NULL */
        const char *journal_path; /* the journal's datagram socket */
        const int *fds;           /* listening sockets, good ones; taken over by proxy_new() */
        char *const *fd_names;    /* may be NULL */
        size_t n_fds;
} ProxyOptions;

/* Reads the configuration (a bad one is no failure: everything is answered 503), sets up the
 * sockets. options must outlive the proxy. 0 or -errno. */
int proxy_new(const ProxyOptions *options, Proxy **ret);
Proxy *proxy_free(Proxy *p);

/* Serves until SIGTERM, SIGINT or idle exit. 0 or -errno. */
int proxy_run(Proxy *p);
