/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of one HTTP/1 message as a plain struct. http/lint fills it from raw bytes; everything
 * later judges and writes from this struct alone. It borrows the raw bytes: valid as long as they
 * are.
 */
#pragma once

#include "util/bytes.h"
#include "util/macros.h"

#define HTTP_HEADERS_MAX 256

typedef enum _packed_ HttpMethod {
        HTTP_METHOD_OTHER = 0, /* a token that is none of these: never forwarded */
        HTTP_METHOD_GET,
        HTTP_METHOD_HEAD,
        HTTP_METHOD_POST,
        HTTP_METHOD_PUT,
        HTTP_METHOD_DELETE,
} HttpMethod;

/* The headers that sockgate knows. X_DOCKER, X_META and PROXY stand for all names with that prefix.
 */
typedef enum _packed_ HttpHeaderId {
        HTTP_HEADER_OTHER = 0,
        HTTP_HEADER_ACCEPT,
        HTTP_HEADER_ACCEPT_ENCODING,
        HTTP_HEADER_CONNECTION,
        HTTP_HEADER_CONTENT_ENCODING,
        HTTP_HEADER_CONTENT_LENGTH,
        HTTP_HEADER_CONTENT_TYPE,
        HTTP_HEADER_EXPECT,
        HTTP_HEADER_HOST,
        HTTP_HEADER_IF_NONE_MATCH,
        HTTP_HEADER_KEEP_ALIVE,
        HTTP_HEADER_ORIGIN,
        HTTP_HEADER_PROXY,
        HTTP_HEADER_SEC_FETCH_SITE,
        HTTP_HEADER_TE,
        HTTP_HEADER_TRAILER,
        HTTP_HEADER_TRANSFER_ENCODING,
        HTTP_HEADER_UPGRADE,
        HTTP_HEADER_USER_AGENT,
        HTTP_HEADER_X_DOCKER,
        HTTP_HEADER_X_META,
        HTTP_HEADER_X_REGISTRY_AUTH,
        HTTP_HEADER_X_REGISTRY_CONFIG,
        _HTTP_HEADER_ID_MAX,
} HttpHeaderId;

typedef struct HttpHeader {
        Bytes name;  /* as received */
        Bytes value; /* without blanks at its ends */
        HttpHeaderId id;
} HttpHeader;

typedef enum _packed_ HttpFraming {
        HTTP_FRAMING_NONE = 0, /* no body */
        HTTP_FRAMING_LENGTH,   /* content_length bytes, more than 0 */
        HTTP_FRAMING_CHUNKED,
        HTTP_FRAMING_CLOSE, /* answers only: until the end of the connection */
} HttpFraming;

typedef struct HttpHead {
        HttpMethod method; /* requests */
        Bytes method_text;
        Bytes target;
        unsigned status; /* answers */
        Bytes reason;
        unsigned minor; /* HTTP/1.minor: 0 or 1 */

        HttpFraming framing;
        uint64_t content_length;            /* what Content-Length said; 0 without one */
        bool has_content_length;            /* also "Content-Length: 0" */
        bool connection_close;              /* Connection: close, or HTTP/1.0 without keep-alive */
        bool connection_upgrade;            /* Connection: upgrade */
        bool expects_continue;              /* Expect: 100-continue, exactly */
        bool expects_other;                 /* any other Expect: 417 */
        Bytes upgrade;                      /* the one Upgrade token; empty without */
        uint16_t n_of[_HTTP_HEADER_ID_MAX]; /* how many lines of each known header */

        HttpHeader headers[HTTP_HEADERS_MAX];
        unsigned n_headers;
} HttpHead;

/* Why a peer's message is refused: status is the answer's code, reason a fixed word for the audit,
 * text a sentence for the client. All static strings. status 0: no error. */
typedef struct HttpError {
        unsigned status;
        const char *reason;
        const char *text;
} HttpError;

HttpMethod http_method_parse(Bytes token);
const char *http_method_name(HttpMethod method); /* "" for OTHER */

/* Which known header this name is, in any case. */
HttpHeaderId http_header_id(Bytes name);

/* Its usual spelling ("Content-Type"), or the prefix that it stands for ("X-Docker-"); none for
 * OTHER. */
Bytes http_header_name(HttpHeaderId id);

/* Is it on the allowlist of request headers that are written again for the engine (POLICY 2)? */
bool http_header_is_forwarded(HttpHeaderId id);

/* Does it speak of the connection or the framing, so that ours takes its place in an answer? */
bool http_header_is_hop_by_hop(HttpHeaderId id);

/* The first line of that header, or NULL. */
const HttpHeader *http_head_find(const HttpHead *head, HttpHeaderId id);
