/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes heads out of judged structs. Trusts that http/lint checked each name and value that it
 * borrows (no line ends, no control bytes) and that docker/target made the path. Room is made once
 * a head, then bytes are copied; no format strings.
 */
#include "http/writer.h"

#include "util/parse.h"
#include "util/utf8.h"

#include <errno.h>

#define REQUEST_ROOM  160 /* bytes: all fixed text of a request head, counted generously */
#define RESPONSE_ROOM 160 /* the same for an answer */
#define FRAMING_ROOM  64  /* the same for a framing header and the last CRLF */
#define MESSAGE_MAX   2048

const Bytes http_continue = { "HTTP/1.1 100 Continue\r\n\r\n", 25 };

static char *put(char *p, Bytes bytes) {
        if (bytes.len > 0)
                memcpy(p, bytes.data, bytes.len);
        return p + bytes.len;
}

#define PUT(p, literal) put((p), BYTES(literal))

static char *put_number(char *p, uint64_t n) {
        return p + format_u64(p, n);
}

static char *put_header(char *p, Bytes name, Bytes value) {
        p = put(p, name);
        p = PUT(p, ": ");
        p = put(p, value);
        return PUT(p, "\r\n");
}

static size_t header_room(const HttpHead *head) {
        size_t n = 0;

        /* All of them point into one head, which is bounded: no overflow. */
        for (unsigned i = 0; i < head->n_headers; i++)
                n += head->headers[i].name.len + head->headers[i].value.len + strlen(": \r\n");
        return n;
}

/* Makes room for n bytes, or NULL. */
static char *writer_room(Buffer *out, size_t n) {
        char *room;

        return buffer_reserve(out, n, &room) < 0 ? NULL : room;
}

/* Commits what was written from room up to p. */
static void writer_done(Buffer *out, const char *room, const char *p, size_t n_room) {
        assert((size_t) (p - room) <= n_room);
        (void) n_room; /* where asserts are off */
        buffer_commit(out, (size_t) (p - room));
}

static char *put_connection_upgrade(char *p, Bytes upgrade) {
        p = PUT(p, "Connection: Upgrade\r\n");
        return put_header(p, BYTES("Upgrade"), upgrade);
}

static char *put_request_line(char *p, const HttpHead *head, const HttpRequestOptions *options) {
        p = put(p, bytes_of(http_method_name(head->method)));
        p = PUT(p, " ");
        p = put(p, options->path);
        if (options->query.len > 0) {
                p = PUT(p, "?");
                p = put(p, options->query);
        }
        return head->minor > 0 ? PUT(p, " HTTP/1.1\r\n") : PUT(p, " HTTP/1.0\r\n");
}

/* The allow-listed ones in their order. Known names are spelled our way: nothing of a client's
 * choice is left in them. */
static char *put_request_headers(char *p, const HttpHead *head) {
        for (unsigned i = 0; i < head->n_headers; i++) {
                const HttpHeader *h = &head->headers[i];

                if (!http_header_is_forwarded(h->id) || h->id == HTTP_HEADER_CONTENT_TYPE)
                        continue;
                if (h->id == HTTP_HEADER_X_DOCKER || h->id == HTTP_HEADER_X_META)
                        p = put_header(p, h->name, h->value);
                else
                        p = put_header(p, http_header_name(h->id), h->value);
        }
        return p;
}

int http_write_request(Buffer *out, const HttpHead *head, const HttpRequestOptions *options) {
        char *room, *p;
        size_t n_room;

        assert(out);
        assert(head && head->method != HTTP_METHOD_OTHER);
        assert(options && options->path.len > 0);

        n_room = REQUEST_ROOM + options->path.len + options->query.len + options->content_type.len +
                 options->upgrade.len + header_room(head);
        room = p = writer_room(out, n_room);
        if (!p)
                return -ENOMEM;

        p = put_request_line(p, head, options);
        p = PUT(p, "Host: docker\r\n");
        p = put_request_headers(p, head);
        if (options->content_type.len > 0 && !options->body_dropped)
                p = put_header(p, BYTES("Content-Type"), options->content_type);
        if (head->minor == 0)
                p = PUT(p, "Connection: close\r\n");
        else if (options->upgrade.len > 0)
                p = put_connection_upgrade(p, options->upgrade);

        writer_done(out, room, p, n_room);
        return 0;
}

static char *put_length(char *p, uint64_t length) {
        p = PUT(p, "Content-Length: ");
        p = put_number(p, length);
        return PUT(p, "\r\n");
}

static char *put_framing(char *p, HttpFraming framing, uint64_t length, bool says_length) {
        switch (framing) {
        case HTTP_FRAMING_NONE:
                return says_length ? put_length(p, length) : p;
        case HTTP_FRAMING_LENGTH:
                return put_length(p, length);
        case HTTP_FRAMING_CHUNKED:
                return PUT(p, "Transfer-Encoding: chunked\r\n");
        case HTTP_FRAMING_CLOSE:
                return p;
        }
        return p;
}

int http_write_framing(Buffer *out, HttpFraming framing, uint64_t length, bool says_zero) {
        char *room, *p;

        assert(out);
        assert(framing != HTTP_FRAMING_CLOSE); /* no request ends so */

        room = p = writer_room(out, FRAMING_ROOM);
        if (!p)
                return -ENOMEM;

        p = put_framing(p, framing, framing == HTTP_FRAMING_NONE ? 0 : length, says_zero);
        p = PUT(p, "\r\n");
        writer_done(out, room, p, FRAMING_ROOM);
        return 0;
}

static char *put_status_line(char *p, unsigned status, Bytes reason) {
        assert(status >= 100 && status <= 999);

        p = PUT(p, "HTTP/1.1 ");
        p = put_number(p, status);
        p = PUT(p, " ");
        p = put(p, reason);
        return PUT(p, "\r\n");
}

static char *put_persistence(char *p, bool closes, bool keeps_alive) {
        if (closes)
                return PUT(p, "Connection: close\r\n");
        if (keeps_alive)
                return PUT(p, "Connection: keep-alive\r\n");
        return p;
}

int http_write_response(Buffer *out, const HttpHead *head, const HttpResponseOptions *options) {
        char *room, *p;
        size_t n_room;

        assert(out);
        assert(head);
        assert(options);

        n_room = RESPONSE_ROOM + head->reason.len + options->upgrade.len + header_room(head);
        room = p = writer_room(out, n_room);
        if (!p)
                return -ENOMEM;

        p = put_status_line(p, head->status, head->reason);
        for (unsigned i = 0; i < head->n_headers; i++)
                if (!http_header_is_hop_by_hop(head->headers[i].id))
                        p = put_header(p, head->headers[i].name, head->headers[i].value);
        p = put_framing(p, options->framing, options->length, options->says_length);
        if (options->upgrade.len > 0)
                p = put_connection_upgrade(p, options->upgrade);
        else
                p = put_persistence(p, options->closes, options->keeps_alive);
        p = PUT(p, "\r\n");

        writer_done(out, room, p, n_room);
        return 0;
}

/* One character of a JSON string; what is no UTF-8 becomes U+FFFD. At most 6 bytes a byte. */
static char *put_json_char(char *p, Bytes *rest) {
        size_t n = utf8_char_len(*rest);
        unsigned char c = (unsigned char) rest->data[0];

        if (n == 0) {
                n = 1;
                p = PUT(p, "\\ufffd");
        } else if (c == '"' || c == '\\') {
                *p++ = '\\';
                *p++ = (char) c;
        } else if (c < 0x20 || c == 0x7f) {
                p = PUT(p, "\\u00");
                *p++ = "0123456789abcdef"[c >> 4];
                *p++ = "0123456789abcdef"[c & 15];
        } else {
                p = put(p, bytes_slice(*rest, 0, n));
        }
        *rest = bytes_skip(*rest, n);
        return p;
}

/* At most max bytes, and no cut through a character of UTF-8. */
static Bytes message_cut(Bytes message, size_t max) {
        size_t n = max;

        if (message.len <= max)
                return message;
        while (n > 0 && max - n < 3 && ((unsigned char) message.data[n] & 0xc0) == 0x80)
                n--;
        return bytes_slice(message, 0, n);
}

static size_t message_write(char *room, Bytes message) {
        char *p = room;

        p = PUT(p, "{\"message\":\"");
        while (message.len > 0)
                p = put_json_char(p, &message);
        p = PUT(p, "\"}\n");
        return (size_t) (p - room);
}

int http_write_refusal(Buffer *out, const HttpRefusal *refusal) {
        char body[32 + MESSAGE_MAX * 6], *room, *p;
        size_t n_body, n_room;
        Bytes phrase;

        assert(out);
        assert(refusal);

        n_body = message_write(body, message_cut(refusal->message, MESSAGE_MAX));
        phrase = bytes_of(http_status_phrase(refusal->status));
        n_room = RESPONSE_ROOM + phrase.len + n_body;
        room = p = writer_room(out, n_room);
        if (!p)
                return -ENOMEM;

        p = put_status_line(p, refusal->status, phrase);
        p = put_header(p, BYTES("Content-Type"), BYTES("application/json"));
        p = put_length(p, n_body);
        p = put_persistence(p, refusal->closes, refusal->keeps_alive);
        p = PUT(p, "\r\n");
        if (!refusal->is_head)
                p = put(p, (Bytes){ body, n_body });

        writer_done(out, room, p, n_room);
        return 0;
}

const char *http_status_phrase(unsigned status) {
        static const struct {
                unsigned status;
                const char *phrase;
        } phrases[] = {
                { 200, "OK" },
                { 400, "Bad Request" },
                { 403, "Forbidden" },
                { 404, "Not Found" },
                { 408, "Request Timeout" },
                { 413, "Content Too Large" },
                { 414, "URI Too Long" },
                { 415, "Unsupported Media Type" },
                { 417, "Expectation Failed" },
                { 431, "Request Header Fields Too Large" },
                { 500, "Internal Server Error" },
                { 502, "Bad Gateway" },
                { 503, "Service Unavailable" },
                { 505, "HTTP Version Not Supported" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(phrases); i++)
                if (phrases[i].status == status)
                        return phrases[i].phrase;
        return "";
}
