/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second opinion: llhttp reads the same raw head, and must find what http/lint found: of each
 * request, and of answers in the tests, which compare all that the lint accepts. llhttp never
 * decides framing, keep-alive or upgrade. The only file that knows llhttp.
 */
#pragma once

#include "http/head.h"

typedef struct HttpParser HttpParser;

/* NULL when out of memory. One parser serves any number of heads, one after the other. */
HttpParser *http_parser_new(void);
HttpParser *http_parser_free(HttpParser *p);

/* Does llhttp read raw as one complete request head of exactly this length, with the same method,
 * target, version and number of header lines as head? Any doubt is false. */
bool http_parser_agrees_request(HttpParser *p, Bytes raw, const HttpHead *head);

/* The same for an answer: status, version, number of header lines. */
bool http_parser_agrees_response(HttpParser *p, Bytes raw, const HttpHead *head);
