/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request as it is judged: head, canonical target and endpoint together, and what follows from
 * them alone (POLICY stages 2, 3, 6 and 7). Policy comes on top; nothing here depends on it but the
 * few RequestRules.
 */
#pragma once

#include "docker/endpoint.h"
#include "util/buffer.h"

#define REQUEST_ECHO_MAX 4096 /* bytes of a body that only repeats the query */

typedef enum RequestBody {
        REQUEST_BODY_NONE = 0, /* no body, nothing is sent */
        REQUEST_BODY_STREAM,   /* passed on as it comes */
        REQUEST_BODY_COLLECT,  /* read whole and judged before anything is sent (policy_inspect) */
} RequestBody;

typedef struct RequestRules {
        TargetRules target;
        bool is_tcp;         /* Host and Origin are checked */
        Bytes local_address; /* TCP: text of the address connected to, without port */
        const Bytes *hosts;  /* bare names, accepted beside the built-in ones */
        size_t n_hosts;
        const Bytes *origins;
        size_t n_origins;
} RequestRules;

/* Borrows head and target. Rebuilt from the same raw head when a collected body is complete:
 * nothing in it survives a wait. */
typedef struct Request {
        const HttpHead *head;
        Target *target; /* pairs may be marked dropped */
        EndpointMatch match;
        const Endpoint *endpoint; /* match.endpoint */

        RequestBody body;
        size_t echo_cap; /* COLLECT for a body-less endpoint: at most so many bytes (4 KiB; 2 for
                            container.start) */
        bool has_unknown_keys; /* query keys that only an echo can excuse; with a JSON body: COLLECT
                                */
        bool has_judged_keys;  /* some QUERY_JUDGED key has a value that is not zero */
        bool has_session_keys; /* the same for QUERY_SESSION */
        bool wants_upgrade;    /* hijack or h2c route, Connection: upgrade, the route's token */
        bool drops_body;       /* echo: the body is read, checked and not forwarded */
        Bytes content_type;    /* what is sent upstream; empty: none */
        const QueryPair *bad_pair; /* the query pair that an error speaks of, or NULL */
} Request;

/*
 * Builds the request; head->target is parsed into target here. true: it is well formed and of a
 * known endpoint (policy decides on it). false: *ret_error is the refusal: 400/404/414/415/417 or
 * 403 (unknown-endpoint, method-not-allowed, host, origin, query-key-unknown ...); ret->endpoint is
 * set when the route was found (for the audit). Unknown query keys (POLICY 2 "query"): forwarded on
 * read endpoints of docker, an error on Podman's read endpoints, else left to the echo rule when a
 * body is there, else an error.
 */
bool request_build(Request *ret, const HttpHead *head, Target *target, const RequestRules *rules,
                   HttpError *ret_error);

/* The query to forward: raw as it came, or without dropped pairs written to out. 0 or -ENOMEM. */
int request_query(const Request *req, Buffer *out, Bytes *ret_query);
