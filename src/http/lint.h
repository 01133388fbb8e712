/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict reading of a raw message head: our own grammar (POLICY sections 2 and 3), which refuses
 * whatever two parsers could read in two ways. http/parser is the second opinion.
 */
#pragma once

#include "http/head.h"

typedef struct HttpLimits {
        size_t head_max; /* bytes of the whole head with its last CRLF: 431 (answers: 502) */
        size_t line_max; /* bytes of one header line; 0: no limit a line */
        size_t registry_line_max; /* the same for X-Registry-* lines */
        size_t target_max;        /* bytes of the request target: 414 */
        unsigned n_lines_max;     /* header lines, at most HTTP_HEADERS_MAX */
} HttpLimits;

extern const HttpLimits http_request_limits;  /* 128 KiB, 8 KiB a line, 64 KiB X-Registry-*, target
                                                 64 KiB, 256 lines */
extern const HttpLimits http_response_limits; /* 64 KiB, 256 lines */

typedef enum HttpScan {
        HTTP_SCAN_MORE, /* no CRLFCRLF yet */
        HTTP_SCAN_HEAD, /* a whole head: *ret_len bytes with its last CRLF */
        HTTP_SCAN_BAD,  /* it can't become a head: *ret_error says why */
} HttpScan;

/*
 * Looks for the end of the head at the start of input. *scanned is how far an earlier call for the
 * same head has looked (0 at first) and is updated: no byte is looked at twice. At the start of a
 * request one CRLF is skipped (RFC 9112 2.2): *ret_skip is then 2, else 0, and *ret_len counts from
 * there. BAD: over a limit, a bare LF or NUL seen, a byte that cannot start a method, a request
 * line over target_max (414).
 */
HttpScan http_scan_request(Bytes input, const HttpLimits *limits, size_t *scanned, size_t *ret_skip,
                           size_t *ret_len, HttpError *ret_error);
HttpScan http_scan_response(Bytes input, const HttpLimits *limits, size_t *scanned, size_t *ret_len,
                            HttpError *ret_error);

/*
 * Reads a whole request head (raw ends with CRLFCRLF). true: *ret is filled and borrows raw. false:
 * *ret_error says what to answer (400, 414, 431, 505 ...) and *ret is only partly filled
 * (method_text and target when they were read: for the audit). An unlisted method is no error here
 * (HTTP_METHOD_OTHER); neither is a bad Expect (expects_other).
 */
bool http_lint_request(Bytes raw, const HttpLimits *limits, HttpHead *ret, HttpError *ret_error);

/*
 * Reads a whole answer head. Framing is that of the answer to a request of this method: none for
 * HEAD, 1xx, 204 and 304; CLOSE without a length. false: malformed (the reader answers 502).
 */
bool http_lint_response(Bytes raw, const HttpLimits *limits, HttpMethod request_method,
                        HttpHead *ret, HttpError *ret_error);
