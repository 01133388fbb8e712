/* SPDX-License-Identifier: Apache-2.0 */
/* Who connected: asks the kernel and the cgroup file system (LIBRARIES 4). */
#pragma once

#include "policy/peer.h"

#include <sys/socket.h>

/* Fills *ret but for the origin; address is what accept4() said of the peer. 0, or -errno when
 * SO_PEERCRED or getsockname fails, or -ENOMEM. peer_done() frees. */
int peer_read(int fd, const struct sockaddr *address, Peer *ret);

/* Groups, unit and container of a unix peer, asked for once: eight system calls, so only where
 * somebody will look at them. SO_PEERPIDFD names the process that connected however late it is
 * asked for. What can't be learned stays unknown. 0 or -ENOMEM. */
int peer_read_origin(int fd, Peer *p);

/* Pure: unit and container of a cgroup path such as "/system.slice/docker-<64 hex>.scope"; "" when
 * there is none. The unit is the first .service or .scope component from the root on, which root
 * made. What is below it its owner may name at will (user@N.service, Delegate=), so a container is
 * taken from there and above only: "docker-ID.scope", "libpod-ID.scope", "libpod-ID", "docker/ID".
 */
void peer_parse_cgroup(const char *path, char *ret_unit, size_t unit_size,
                       char ret_container[PEER_CONTAINER_MAX]);

/* Has this kernel SO_PEERPIDFD (Linux 6.5)? */
bool peer_kernel_has_pidfd(void);
