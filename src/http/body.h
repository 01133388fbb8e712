/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The framing of one message body, followed byte by byte: how many of the bytes at hand belong to
 * it, where it ends, whether its chunks are well formed (POLICY 2 "framing": 1 to 8 hex digits
 * after at most 8 leading zeros, CRLF, no extensions, no trailer fields). Allowed chunk framing is
 * strict enough to be passed on as it is.
 */
#pragma once

#include "http/head.h"
#include "util/buffer.h"

typedef enum _packed_ HttpBodyState {
        HTTP_BODY_MORE,
        HTTP_BODY_DONE,
        HTTP_BODY_BAD, /* malformed chunk framing; the bytes taken so far are good */
} HttpBodyState;

typedef struct HttpBody {
        HttpFraming framing;
        HttpBodyState state; /* a byte: there are two bodies in each stream that idles */
        uint8_t phase;       /* of the chunk grammar */
        uint8_t n_digits;    /* of the chunk size being read */
        uint8_t n_zeros;
        uint64_t left;      /* of the length, or of the chunk being read */
        uint64_t n_payload; /* payload bytes seen */
} HttpBody;

/* framing NONE, or LENGTH with length 0: DONE at once. CLOSE is never DONE by itself. */
void http_body_init(HttpBody *b, HttpFraming framing, uint64_t length);

/*
 * Takes as many bytes of input as belong to the body: *ret_taken. When payload is not NULL the
 * payload without chunk framing is appended to it (the caller bounds it by bounding input); -ENOMEM
 * is the only failure, else 0. Look at b->state.
 */
int http_body_feed(HttpBody *b, Bytes input, size_t *ret_taken, Buffer *payload);

/* How many of the bytes to come are payload whatever they are: what is left of the length or of the
 * chunk. */
uint64_t http_body_unread(const HttpBody *b);

/* So many of those (no more) were passed without http_body_feed(). Look at b->state. */
void http_body_pass(HttpBody *b, uint64_t n);
