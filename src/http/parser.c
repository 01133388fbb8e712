/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llhttp reads the head a second time, as a check on http/lint: a parser with other authors and
 * other bugs. It is stopped at the end of the head (on_headers_complete pauses), where its position
 * is exact; it never sees a body, and its opinions on framing and upgrades are not asked.
 */
#include "http/parser.h"

#include "util/macros.h"

#include <llhttp.h>

/* llhttp 8 is loose unless it is built otherwise: CR and any byte then ends a head. llhttp 9 has no
 * such switch. */
#if LLHTTP_VERSION_MAJOR < 9
_Static_assert(LLHTTP_STRICT_MODE, "llhttp 8 must be strict");
#endif

struct HttpParser {
        llhttp_t llhttp;
        Bytes url;
        unsigned n_headers;
};

static HttpParser *parser_of(llhttp_t *llhttp) {
        return llhttp->data;
}

static int parser_on_url(llhttp_t *llhttp, const char *at, size_t length) {
        HttpParser *p = parser_of(llhttp);

        /* All of it is in one piece, so a second span would be a doubt. */
        if (p->url.data)
                return HPE_USER;
        p->url = (Bytes){ at, length };
        return 0;
}

static int parser_on_header(llhttp_t *llhttp) {
        parser_of(llhttp)->n_headers++;
        return 0;
}

static int parser_on_headers_complete(llhttp_t *llhttp) {
        (void) llhttp;
        return HPE_PAUSED;
}

static const llhttp_settings_t parser_settings = {
        .on_url = parser_on_url,
        .on_header_value_complete = parser_on_header,
        .on_headers_complete = parser_on_headers_complete,
};

HttpParser *http_parser_new(void) {
        return malloc(sizeof(HttpParser));
}

HttpParser *http_parser_free(HttpParser *p) {
        free(p);
        return NULL;
}

static void parser_start(HttpParser *p, llhttp_type_t type) {
        p->url = BYTES_NONE;
        p->n_headers = 0;
        llhttp_init(&p->llhttp, type, &parser_settings);
        p->llhttp.data = p;
}

/* Does the head end exactly where raw ends? */
static bool parser_reads_whole(HttpParser *p, Bytes raw, const HttpHead *head) {
        if (llhttp_execute(&p->llhttp, raw.data, raw.len) != HPE_PAUSED)
                return false;
        return llhttp_get_error_pos(&p->llhttp) == raw.data + raw.len &&
               p->n_headers == head->n_headers && p->llhttp.http_major == 1 &&
               p->llhttp.http_minor == head->minor;
}

static llhttp_method_t parser_method(HttpMethod method) {
        switch (method) {
        case HTTP_METHOD_OTHER:
        case HTTP_METHOD_GET:
                return HTTP_GET;
        case HTTP_METHOD_HEAD:
                return HTTP_HEAD;
        case HTTP_METHOD_POST:
                return HTTP_POST;
        case HTTP_METHOD_PUT:
                return HTTP_PUT;
        case HTTP_METHOD_DELETE:
                return HTTP_DELETE;
        }
        return HTTP_GET;
}

bool http_parser_agrees_request(HttpParser *p, Bytes raw, const HttpHead *head) {
        assert(p);
        assert(head);

        parser_start(p, HTTP_REQUEST);

        /* A method that sockgate does not list is refused later, and llhttp knows some of them
         * only: it reads GET in its place, so that all else of the head is compared. */
        if (head->method == HTTP_METHOD_OTHER) {
                if (llhttp_execute(&p->llhttp, "GET", strlen("GET")) != HPE_OK)
                        return false;
                raw = bytes_skip(raw, head->method_text.len);
        }
        if (!parser_reads_whole(p, raw, head))
                return false;
        return llhttp_get_method(&p->llhttp) == parser_method(head->method) &&
               bytes_eq(p->url, head->target);
}

bool http_parser_agrees_response(HttpParser *p, Bytes raw, const HttpHead *head) {
        assert(p);
        assert(head);

        parser_start(p, HTTP_RESPONSE);
        return parser_reads_whole(p, raw, head) && p->llhttp.status_code == head->status;
}
