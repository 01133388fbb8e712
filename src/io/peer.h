/* SPDX-License-Identifier: Apache-2.0 */
/* Who connected: asks the kernel and the cgroup file system at once after accept (LIBRARIES 4). */
#pragma once

#include "policy/peer.h"

/* Fills *ret from a connected stream socket; what can't be learned stays unknown. 0, or -errno when
 * even SO_PEERCRED or getpeername fails, or -ENOMEM. peer_done() frees. */
int peer_read(int fd, Peer *ret);

/* Pure: unit and container of a cgroup path such as "/system.slice/docker-<64 hex>.scope"; "" when
 * there is none. The unit is the first .service or .scope component from the root on, which root
 * made. What is below it its owner may name at will (user@N.service, Delegate=), so a container is
 * taken from there and above only: "docker-ID.scope", "libpod-ID.scope", "libpod-ID", "docker/ID".
 */
void peer_parse_cgroup(const char *path, char *ret_unit, size_t unit_size,
                       char ret_container[PEER_CONTAINER_MAX]);

/* Has this kernel SO_PEERPIDFD (Linux 6.5)? */
bool peer_kernel_has_pidfd(void);
