/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What systemd passes to a service and is told by it: the protocols of sd_listen_fds(3),
 * sd_notify(3) and sd_watchdog_enabled(3), which are a few variables of the environment and one
 * datagram each. libsystemd is not linked for them: on Debian 12 it and the seven libraries that it
 * loads take half the memory of an idle instance and more than half of the time of its start.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SYSTEMD_LISTEN_FDS_START 3
#define SYSTEMD_LISTEN_FDS_MAX   64 /* sockets of one unit */

/* How many descriptors were passed to this process, from SYSTEMD_LISTEN_FDS_START on: they are made
 * close-on-exec, and the variables are taken out of the environment. *ret_names: as many names and
 * a NULL, to be freed with systemd_free_names(). 0 (and no names): none. -EINVAL: the variables
 * make no sense. -errno: a descriptor that was announced is not there. -ENOMEM. */
int systemd_listen_fds(char ***ret_names);
void systemd_free_names(char **names);

/* Sends a state such as "READY=1\nSTATUS=..." to the service manager; nothing happens when nobody
 * asked to be told (NOTIFY_SOCKET) or the socket does not take it. */
void systemd_notify(const char *state);

/* In which time systemd wants to hear WATCHDOG=1, in microseconds; 0: it does not. */
uint64_t systemd_watchdog_usec(void);
