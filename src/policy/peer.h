/* SPDX-License-Identifier: Apache-2.0 */
/* Peer: the client as the kernel names it. A value; io/peer fills it, policy and audit read it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_ADDRESS_MAX   46 /* INET6_ADDRSTRLEN */
#define PEER_CONTAINER_MAX 65 /* 64 hex digits */

typedef struct Peer {
        bool is_tcp;
        bool has_origin; /* gids, unit and container were asked for */
        bool is_pinned;  /* unit and container were read while a pidfd showed the process alive:
                            good for a verdict */
        uint16_t port;   /* TCP */
        uint32_t uid;    /* unix: SO_PEERCRED, exact */
        uint32_t gid;
        int32_t pid;
        uint32_t *gids; /* SO_PEERGROUPS; owned */
        size_t n_gids;
        const char *unit;          /* systemd unit; NULL: unknown */
        const char *container;     /* container id; NULL: none or unknown */
        const char *address;       /* TCP: text without port, mapped v4 as v4 */
        const char *local_address; /* TCP: the address connected to */
        uint8_t raw_address[16];   /* TCP: IPv6, or IPv4 mapped to it */
        char *text;                /* owned: the strings above stand in it */
} Peer;

/* Frees what it owns, not the struct. */
void peer_done(Peer *p);
