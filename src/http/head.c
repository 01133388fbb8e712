/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of the headers and methods that sockgate knows. A name is found by its length and first
 * letter, which no two of the known names share, and then compared once: so the cost of a head does
 * not grow with the table.
 */
#include "http/head.h"

#include "util/macros.h"

typedef struct HttpHeaderRow {
        const char *name;
        size_t len;
        bool is_forwarded;  /* in requests */
        bool is_hop_by_hop; /* in answers */
} HttpHeaderRow;

#define NAMED(literal) .name = (literal), .len = sizeof(literal) - 1

static const HttpHeaderRow http_headers[_HTTP_HEADER_ID_MAX] = {
        [HTTP_HEADER_OTHER] = { NAMED("") },
        [HTTP_HEADER_ACCEPT] = { NAMED("Accept"), .is_forwarded = true },
        [HTTP_HEADER_ACCEPT_ENCODING] = { NAMED("Accept-Encoding"), .is_forwarded = true },
        [HTTP_HEADER_CONNECTION] = { NAMED("Connection"), .is_hop_by_hop = true },
        [HTTP_HEADER_CONTENT_ENCODING] = { NAMED("Content-Encoding") },
        [HTTP_HEADER_CONTENT_LENGTH] = { NAMED("Content-Length"), .is_hop_by_hop = true },
        [HTTP_HEADER_CONTENT_TYPE] = { NAMED("Content-Type"), .is_forwarded = true },
        [HTTP_HEADER_EXPECT] = { NAMED("Expect") },
        [HTTP_HEADER_HOST] = { NAMED("Host") },
        [HTTP_HEADER_IF_NONE_MATCH] = { NAMED("If-None-Match"), .is_forwarded = true },
        [HTTP_HEADER_KEEP_ALIVE] = { NAMED("Keep-Alive"), .is_hop_by_hop = true },
        [HTTP_HEADER_ORIGIN] = { NAMED("Origin") },
        [HTTP_HEADER_PROXY] = { NAMED("Proxy-"), .is_hop_by_hop = true },
        [HTTP_HEADER_SEC_FETCH_SITE] = { NAMED("Sec-Fetch-Site") },
        [HTTP_HEADER_TE] = { NAMED("TE"), .is_hop_by_hop = true },
        [HTTP_HEADER_TRAILER] = { NAMED("Trailer"), .is_hop_by_hop = true },
        [HTTP_HEADER_TRANSFER_ENCODING] = { NAMED("Transfer-Encoding"), .is_hop_by_hop = true },
        [HTTP_HEADER_UPGRADE] = { NAMED("Upgrade"), .is_hop_by_hop = true },
        [HTTP_HEADER_USER_AGENT] = { NAMED("User-Agent"), .is_forwarded = true },
        [HTTP_HEADER_X_DOCKER] = { NAMED("X-Docker-"), .is_forwarded = true },
        [HTTP_HEADER_X_META] = { NAMED("X-Meta-"), .is_forwarded = true },
        [HTTP_HEADER_X_REGISTRY_AUTH] = { NAMED("X-Registry-Auth"), .is_forwarded = true },
        [HTTP_HEADER_X_REGISTRY_CONFIG] = { NAMED("X-Registry-Config"), .is_forwarded = true },
};

HttpMethod http_method_parse(Bytes token) {
        static const HttpMethod methods[] = {
                HTTP_METHOD_GET, HTTP_METHOD_HEAD,   HTTP_METHOD_POST,
                HTTP_METHOD_PUT, HTTP_METHOD_DELETE,
        };

        for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
                if (bytes_eq_str(token, http_method_name(methods[i])))
                        return methods[i];
        return HTTP_METHOD_OTHER;
}

const char *http_method_name(HttpMethod method) {
        switch (method) {
        case HTTP_METHOD_OTHER:
                return "";
        case HTTP_METHOD_GET:
                return "GET";
        case HTTP_METHOD_HEAD:
                return "HEAD";
        case HTTP_METHOD_POST:
                return "POST";
        case HTTP_METHOD_PUT:
                return "PUT";
        case HTTP_METHOD_DELETE:
                return "DELETE";
        }
        return "";
}

#define NAME_KEY(len, first) ((len) << 8 | (first))

/* The only known name of this length with this first letter. */
static HttpHeaderId http_header_candidate(size_t len, char first) {
        switch (NAME_KEY(len, (size_t) (first | 0x20))) {
        case NAME_KEY(2, 't'):
                return HTTP_HEADER_TE;
        case NAME_KEY(4, 'h'):
                return HTTP_HEADER_HOST;
        case NAME_KEY(6, 'a'):
                return HTTP_HEADER_ACCEPT;
        case NAME_KEY(6, 'e'):
                return HTTP_HEADER_EXPECT;
        case NAME_KEY(6, 'o'):
                return HTTP_HEADER_ORIGIN;
        case NAME_KEY(7, 't'):
                return HTTP_HEADER_TRAILER;
        case NAME_KEY(7, 'u'):
                return HTTP_HEADER_UPGRADE;
        case NAME_KEY(10, 'c'):
                return HTTP_HEADER_CONNECTION;
        case NAME_KEY(10, 'k'):
                return HTTP_HEADER_KEEP_ALIVE;
        case NAME_KEY(10, 'u'):
                return HTTP_HEADER_USER_AGENT;
        case NAME_KEY(12, 'c'):
                return HTTP_HEADER_CONTENT_TYPE;
        case NAME_KEY(13, 'i'):
                return HTTP_HEADER_IF_NONE_MATCH;
        case NAME_KEY(14, 'c'):
                return HTTP_HEADER_CONTENT_LENGTH;
        case NAME_KEY(14, 's'):
                return HTTP_HEADER_SEC_FETCH_SITE;
        case NAME_KEY(15, 'a'):
                return HTTP_HEADER_ACCEPT_ENCODING;
        case NAME_KEY(15, 'x'):
                return HTTP_HEADER_X_REGISTRY_AUTH;
        case NAME_KEY(16, 'c'):
                return HTTP_HEADER_CONTENT_ENCODING;
        case NAME_KEY(17, 't'):
                return HTTP_HEADER_TRANSFER_ENCODING;
        case NAME_KEY(17, 'x'):
                return HTTP_HEADER_X_REGISTRY_CONFIG;
        default:
                return HTTP_HEADER_OTHER;
        }
}

static bool http_header_has_prefix(Bytes name, HttpHeaderId id) {
        Bytes prefix = http_header_name(id);

        return bytes_ieq_ascii(bytes_slice(name, 0, prefix.len), prefix);
}

HttpHeaderId http_header_id(Bytes name) {
        HttpHeaderId id;

        if (name.len == 0)
                return HTTP_HEADER_OTHER;

        id = http_header_candidate(name.len, name.data[0]);
        if (id != HTTP_HEADER_OTHER && bytes_ieq_ascii(name, http_header_name(id)))
                return id;

        switch (name.data[0] | 0x20) {
        case 'p':
                if (http_header_has_prefix(name, HTTP_HEADER_PROXY))
                        return HTTP_HEADER_PROXY;
                break;
        case 'x':
                if (http_header_has_prefix(name, HTTP_HEADER_X_DOCKER))
                        return HTTP_HEADER_X_DOCKER;
                if (http_header_has_prefix(name, HTTP_HEADER_X_META))
                        return HTTP_HEADER_X_META;
                break;
        default:
                break;
        }
        return HTTP_HEADER_OTHER;
}

Bytes http_header_name(HttpHeaderId id) {
        assert((unsigned) id < _HTTP_HEADER_ID_MAX);

        return (Bytes){ http_headers[id].name, http_headers[id].len };
}

bool http_header_is_forwarded(HttpHeaderId id) {
        assert((unsigned) id < _HTTP_HEADER_ID_MAX);

        return http_headers[id].is_forwarded;
}

bool http_header_is_hop_by_hop(HttpHeaderId id) {
        assert((unsigned) id < _HTTP_HEADER_ID_MAX);

        return http_headers[id].is_hop_by_hop;
}

const HttpHeader *http_head_find(const HttpHead *head, HttpHeaderId id) {
        assert(head);
        assert((unsigned) id < _HTTP_HEADER_ID_MAX);

        /* OTHER is not counted, and is no header that could be looked for. */
        if (head->n_of[id] == 0)
                return NULL;
        for (unsigned i = 0; i < head->n_headers; i++)
                if (head->headers[i].id == id)
                        return &head->headers[i];
        return NULL;
}
