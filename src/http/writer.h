/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes heads anew from judged structs. Nothing raw is ever copied as a head: one Host, one
 * framing header, allow-listed request headers (POLICY 2 "headers"), end-to-end answer headers.
 */
#pragma once

#include "http/head.h"
#include "util/buffer.h"

typedef struct HttpRequestOptions {
        Bytes path;         /* canonical path with its version, without query */
        Bytes query;        /* without '?'; empty: none */
        Bytes content_type; /* what to send; empty: none */
        Bytes upgrade;      /* "tcp" or "h2c": Connection: Upgrade and Upgrade: that are written */
        bool body_dropped;  /* no Content-Type, whatever content_type says */
} HttpRequestOptions;

/*
 * The request line and headers without framing and without the last CRLF: Host: docker, then the
 * allow-listed headers of head in their order (not Content-Type, which comes from options).
 * HTTP/1.0 stays 1.0 with Connection: close. 0 or -ENOMEM.
 */
int http_write_request(Buffer *out, const HttpHead *head, const HttpRequestOptions *options);

/* The one framing header and the CRLF that ends the head. NONE writes Content-Length: 0 when
 * says_zero. 0 or -ENOMEM. */
int http_write_framing(Buffer *out, HttpFraming framing, uint64_t length, bool says_zero);

typedef struct HttpResponseOptions {
        HttpFraming framing; /* of what will be sent to the client */
        uint64_t length;     /* with HTTP_FRAMING_LENGTH, or the length a HEAD/304 answer names */
        bool says_length;    /* NONE: write Content-Length: length (HEAD, 304, an empty 200) */
        bool closes;         /* write Connection: close */
        bool keeps_alive;    /* write Connection: keep-alive (HTTP/1.0 clients that asked for it) */
        Bytes upgrade;       /* 101: Connection: Upgrade, Upgrade: that */
} HttpResponseOptions;

/*
 * A whole answer head: status line HTTP/1.1 with the engine's status and reason, every end-to-end
 * header of head in order (Connection, Keep-Alive, Proxy-*, TE, Trailer, Upgrade and framing are
 * ours), the framing, CRLF. 0 or -ENOMEM.
 */
int http_write_response(Buffer *out, const HttpHead *head, const HttpResponseOptions *options);

typedef struct HttpRefusal {
        unsigned status;
        Bytes message;    /* any bytes: written as a JSON string, escaped, cut at 2048 */
        bool closes;      /* Connection: close */
        bool is_head;     /* answer to HEAD: no body, Content-Length as if there was one */
        bool keeps_alive; /* as above */
} HttpRefusal;

/* A whole answer of our own: Docker's error JSON {"message":"..."}\n, application/json,
 * Content-Length. 0 or -ENOMEM. */
int http_write_refusal(Buffer *out, const HttpRefusal *refusal);

/* "HTTP/1.1 100 Continue\r\n\r\n" */
extern const Bytes http_continue;

/* The phrase of a status code ("Forbidden"); "" for an unknown one. */
const char *http_status_phrase(unsigned status);
