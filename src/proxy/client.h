/* SPDX-License-Identifier: Apache-2.0 */
/* The client's side of a connection, as an exchange sees it. Embedded in the Session, which owns it
 * all. */
#pragma once

#include "io/stream.h"
#include "policy/peer.h"
#include "util/buffer.h"

typedef struct Upstream Upstream;

typedef struct Client {
        Stream stream;
        Buffer ahead; /* read, but not of the request at hand: the next one, or the body's beginning
                       */
        Peer peer;
        uint64_t conn_id;
        uint64_t admitted; /* by the policy of this generation: [peers] has not to be asked again */
        const char *listener; /* name of the listening socket; outlives the client */
        Upstream *upstream;   /* the engine connection bound to this client; owned */
        Deadline deadline;    /* the one thing that is waited for now */
        LoopTask turn;        /* pumps this client again */
} Client;
