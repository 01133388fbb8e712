/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict grammar of message heads. Trusts nothing but that raw is raw.len bytes long. Refuses,
 * and never repairs: every other line end than CRLF, folded lines, blanks where none belong,
 * control bytes, framing that is said twice or in two ways, versions other than 1.0 and 1.1.
 *
 * The scan looks for the end of a head and for what can never become one, with memchr() alone; the
 * lint then reads each byte once, through one table.
 */
#include "http/lint.h"

#include "util/macros.h"
#include "util/parse.h"

#define CONTENT_LENGTH_DIGITS 15 /* below 2^53, so any reader's number type holds it */
#define REQUEST_LINE_EXTRA    64 /* bytes of the request line beside its target, in a scan */

const HttpLimits http_request_limits = {
        .head_max = 128 * KIB,
        .line_max = 8 * KIB,
        .registry_line_max = 64 * KIB, /* X-Registry-Config holds the keys of many registries */
        .target_max = 64 * KIB,
        .n_lines_max = HTTP_HEADERS_MAX,
};

const HttpLimits http_response_limits = {
        .head_max = 64 * KIB,
        .n_lines_max = HTTP_HEADERS_MAX,
};

enum {
        CHAR_TOKEN = 1 << 0,  /* RFC 9110 tchar */
        CHAR_VALUE = 1 << 1,  /* of header values: HT, SP, 0x21-0x7e */
        CHAR_TARGET = 1 << 2, /* printable, no blank; docker/target knows the rest */
        CHAR_HOST = 1 << 3,
        CHAR_HIGH = 1 << 4, /* 0x80-0xff */
};

#define ANY    (CHAR_VALUE | CHAR_TARGET)
#define TCHAR  (ANY | CHAR_TOKEN)
#define LETTER (TCHAR | CHAR_HOST)

static const uint8_t char_classes[256] = {
        ['\t'] = CHAR_VALUE,
        [' '] = CHAR_VALUE,
        ['!'] = TCHAR,
        ['"'] = ANY,
        ['#' ... '\''] = TCHAR,
        ['('] = ANY,
        [')'] = ANY,
        ['*'] = TCHAR,
        ['+'] = TCHAR,
        [','] = ANY,
        ['-'] = LETTER,
        ['.'] = LETTER,
        ['/'] = ANY,
        ['0' ... '9'] = LETTER,
        [':'] = ANY | CHAR_HOST,
        [';' ... '@'] = ANY,
        ['A' ... 'Z'] = LETTER,
        ['['] = ANY | CHAR_HOST,
        ['\\'] = ANY,
        [']'] = ANY | CHAR_HOST,
        ['^'] = TCHAR,
        ['_'] = LETTER,
        ['`'] = TCHAR,
        ['a' ... 'z'] = LETTER,
        ['{'] = ANY,
        ['|'] = TCHAR,
        ['}'] = ANY,
        ['~'] = TCHAR,
        [0x80 ... 0xff] = CHAR_HIGH,
};

static uint8_t char_class(char c) {
        return char_classes[(unsigned char) c];
}

static bool is_blank(char c) {
        return c == ' ' || c == '\t';
}

/* How many bytes from p on are of these classes. Needs no end: a raw head ends with CRLF, and CR is
 * of no class. */
static size_t span_of(const char *p, uint8_t classes) {
        const char *begin = p;

        while (char_class(*p) & classes)
                p++;
        return (size_t) (p - begin);
}

/* How many bytes from p on, eight at a time, are printable ASCII from the least one on (SP or
 * '!'). May stop early, never late: span_of() goes on from there. Each byte is looked at by
 * arithmetic on all eight: what is below the least borrows, DEL gains the high bit, the others have
 * it. */
static size_t span_printable(const char *p, const char *end, unsigned char least) {
        const uint64_t ones = 0x0101010101010101;
        const char *begin = p;

        while (end - p >= 8) {
                uint64_t word;

                memcpy(&word, p, sizeof(word));
                if (((word - ones * least) | (word + ones) | word) & (ones << 7))
                        break;
                p += 8;
        }
        return (size_t) (p - begin);
}

static bool fail(HttpError *ret_error, unsigned status, const char *reason, const char *text) {
        *ret_error = (HttpError){ status, reason, text };
        return false;
}

static HttpScan scan_fail(HttpError *ret_error, unsigned status, const char *reason,
                          const char *text) {
        (void) fail(ret_error, status, reason, text);
        return HTTP_SCAN_BAD;
}

static bool fail_line_end(HttpError *ret_error) {
        return fail(ret_error, 400, "line-end", "lines of the head must end with CRLF");
}

static bool fail_too_large(HttpError *ret_error) {
        return fail(ret_error, 431, "head-too-large", "the head is too large");
}

static bool fail_target_too_long(HttpError *ret_error) {
        return fail(ret_error, 414, "target-too-long", "the request target is too long");
}

/* The bytes from *scanned on, within the limit, line end by line end. */
static HttpScan scan_lines(Bytes head, size_t from, size_t *ret_len, HttpError *ret_error) {
        const char *begin = head.data, *end = begin + head.len, *p = begin + from;
        HttpScan scan = HTTP_SCAN_MORE;

        while (p < end) {
                p = memchr(p, '\n', (size_t) (end - p));
                if (!p)
                        break;
                if (p == begin || p[-1] != '\r') {
                        (void) fail_line_end(ret_error);
                        return HTTP_SCAN_BAD;
                }
                p++;
                if (p - begin >= 4 && p[-3] == '\n') {
                        end = p;
                        scan = HTTP_SCAN_HEAD;
                        break;
                }
        }

        if (end > begin + from && memchr(begin + from, '\0', (size_t) (end - begin) - from))
                return scan_fail(ret_error, 400, "nul", "the head holds a NUL");
        if (scan == HTTP_SCAN_HEAD)
                *ret_len = (size_t) (end - begin);
        return scan;
}

/* Input begins with the first byte of the head, and *scanned counts from there. */
static HttpScan scan_head(Bytes input, size_t head_max, size_t *scanned, size_t *ret_len,
                          HttpError *ret_error) {
        Bytes head = bytes_slice(input, 0, head_max);
        size_t from = MIN(*scanned, head.len);
        HttpScan scan;

        *scanned = head.len;
        scan = scan_lines(head, from, ret_len, ret_error);
        if (scan == HTTP_SCAN_MORE && head.len == head_max) {
                (void) fail_too_large(ret_error);
                return HTTP_SCAN_BAD;
        }
        return scan;
}

HttpScan http_scan_request(Bytes input, const HttpLimits *limits, size_t *scanned, size_t *ret_skip,
                           size_t *ret_len, HttpError *ret_error) {
        size_t skip = 0, from, line_max;
        HttpScan scan;

        assert(limits);
        assert(scanned);
        assert(ret_skip);
        assert(ret_len);
        assert(ret_error);

        *ret_skip = *ret_len = 0;
        if (bytes_starts_with(input, BYTES("\r\n")))
                *ret_skip = skip = 2;
        if (input.len == skip || bytes_eq(input, BYTES("\r"))) {
                *scanned = input.len;
                return HTTP_SCAN_MORE;
        }
        if (!(char_class(input.data[skip]) & CHAR_TOKEN))
                return scan_fail(ret_error, 400, "method-grammar", "this is no HTTP request");

        input = bytes_skip(input, skip);
        from = *scanned > skip ? *scanned - skip : 0;
        *scanned = from;
        scan = scan_head(input, limits->head_max, scanned, ret_len, ret_error);

        /* Looked at once: when the scan comes to the longest request line that can be. */
        line_max = limits->target_max + REQUEST_LINE_EXTRA;
        if (scan != HTTP_SCAN_HEAD && from < line_max && *scanned >= line_max &&
            bytes_find(bytes_slice(input, 0, line_max), '\n') == line_max) {
                (void) fail_target_too_long(ret_error);
                scan = HTTP_SCAN_BAD;
        }
        *scanned += skip;
        return scan;
}

HttpScan http_scan_response(Bytes input, const HttpLimits *limits, size_t *scanned, size_t *ret_len,
                            HttpError *ret_error) {
        HttpScan scan;

        assert(limits);
        assert(scanned);
        assert(ret_len);
        assert(ret_error);

        *ret_len = 0;
        if (input.len == 0)
                return HTTP_SCAN_MORE;
        if (input.data[0] != 'H')
                return scan_fail(ret_error, 502, "status-line", "this is no HTTP answer");
        scan = scan_head(input, limits->head_max, scanned, ret_len, ret_error);
        if (scan == HTTP_SCAN_BAD)
                ret_error->status = 502;
        return scan;
}

/* A head while it is read. Lines are read at p, which never passes end: the last CRLF. */
typedef struct Lint {
        const char *p;
        const char *end;
        const HttpLimits *limits;
        HttpHead *head;
        HttpError *error;
        bool is_request;
} Lint;

static bool lint_start(Lint *l, Bytes raw) {
        /* The array of headers is large and is filled as far as n_headers says. */
        memset(l->head, 0, offsetof(HttpHead, headers));
        l->head->n_headers = 0;

        if (raw.len > l->limits->head_max)
                return fail_too_large(l->error);
        if (!bytes_ends_with(raw, BYTES("\r\n\r\n")))
                return fail_line_end(l->error);
        l->p = raw.data;
        l->end = raw.data + raw.len - 2;
        return true;
}

/* The CRLF at p. There is always one at the end, so p[1] can be read wherever p[0] is before it. */
static bool lint_crlf(Lint *l) {
        if (l->p >= l->end || l->p[0] != '\r' || l->p[1] != '\n')
                return fail_line_end(l->error);
        l->p += 2;
        return true;
}

/* "HTTP/1.0" or "HTTP/1.1" at p. */
static bool lint_version(Lint *l) {
        const char *v = l->p;

        if (l->end - v < 8 || memcmp(v, "HTTP/", 5) != 0 || v[5] < '0' || v[5] > '9' ||
            v[6] != '.' || v[7] < '0' || v[7] > '9')
                return fail(l->error, 400, "version-grammar", "the HTTP version is malformed");
        l->p += 8;
        if (v[5] == '1' && (v[7] == '0' || v[7] == '1')) {
                l->head->minor = (unsigned) (v[7] - '0');
                return true;
        }
        return fail(l->error, 505, "version", "only HTTP/1.1 and HTTP/1.0 are spoken here");
}

static bool lint_request_line(Lint *l) {
        HttpHead *head = l->head;
        size_t n;

        head->method_text = (Bytes){ l->p, span_of(l->p, CHAR_TOKEN) };
        l->p += head->method_text.len;
        if (head->method_text.len == 0 || *l->p != ' ')
                return fail(l->error, 400, "method-grammar", "the method is malformed");
        head->method = http_method_parse(head->method_text);
        l->p++;

        n = span_printable(l->p, l->end, '!');
        n += span_of(l->p + n, CHAR_TARGET);
        head->target = (Bytes){ l->p, n };
        l->p += n;
        if (head->target.len > l->limits->target_max)
                return fail_target_too_long(l->error);
        if (head->target.len == 0 || *l->p != ' ')
                return fail(l->error, 400, "target-grammar", "the request target is malformed");
        l->p++;

        if (!lint_version(l))
                return false;
        if (*l->p != '\r')
                return fail(l->error, 400, "version-grammar", "the HTTP version is malformed");
        return lint_crlf(l);
}

static bool lint_status_line(Lint *l) {
        HttpHead *head = l->head;
        uint64_t status;

        if (!lint_version(l))
                return false;
        if (l->end - l->p < 4 || l->p[0] != ' ' || !parse_u64((Bytes){ l->p + 1, 3 }, 3, &status) ||
            status < 100 || status > 599)
                return fail(l->error, 400, "status-line", "the status line is malformed");
        head->status = (unsigned) status;
        l->p += 4;

        /* Some servers leave the blank out when there is no phrase. */
        if (*l->p == ' ') {
                l->p++;
                head->reason = (Bytes){ l->p, span_of(l->p, CHAR_VALUE | CHAR_HIGH) };
                l->p += head->reason.len;
        }
        return lint_crlf(l);
}

static size_t lint_line_max(const Lint *l, HttpHeaderId id) {
        if (id == HTTP_HEADER_X_REGISTRY_AUTH || id == HTTP_HEADER_X_REGISTRY_CONFIG)
                return l->limits->registry_line_max;
        return l->limits->line_max;
}

/* May this header's value hold 8-bit bytes? In a request only when it goes nowhere; an answer's is
 * passed on unless it means something to us. */
static bool lint_allows_high(const Lint *l, HttpHeaderId id) {
        switch (id) {
        case HTTP_HEADER_OTHER:
        case HTTP_HEADER_KEEP_ALIVE:
        case HTTP_HEADER_PROXY:
        case HTTP_HEADER_TE:
        case HTTP_HEADER_TRAILER:
                return true;
        case HTTP_HEADER_CONNECTION:
        case HTTP_HEADER_CONTENT_LENGTH:
        case HTTP_HEADER_TRANSFER_ENCODING:
        case HTTP_HEADER_UPGRADE:
                return false;
        case HTTP_HEADER_ACCEPT:
        case HTTP_HEADER_ACCEPT_ENCODING:
        case HTTP_HEADER_CONTENT_ENCODING:
        case HTTP_HEADER_CONTENT_TYPE:
        case HTTP_HEADER_EXPECT:
        case HTTP_HEADER_HOST:
        case HTTP_HEADER_IF_NONE_MATCH:
        case HTTP_HEADER_ORIGIN:
        case HTTP_HEADER_SEC_FETCH_SITE:
        case HTTP_HEADER_USER_AGENT:
        case HTTP_HEADER_X_DOCKER:
        case HTTP_HEADER_X_META:
        case HTTP_HEADER_X_REGISTRY_AUTH:
        case HTTP_HEADER_X_REGISTRY_CONFIG:
        case _HTTP_HEADER_ID_MAX:
                return !l->is_request;
        }
        return false;
}

/* The name at p and its colon. */
static bool lint_name(Lint *l, HttpHeader *h) {
        if (*l->p == ' ' || *l->p == '\t')
                return fail(l->error, 400, "folded-line", "header lines must not be folded");

        h->name = (Bytes){ l->p, span_of(l->p, CHAR_TOKEN) };
        l->p += h->name.len;
        if (h->name.len == 0 || *l->p != ':')
                return fail(l->error, 400, "header-name", "the name of a header is malformed");
        l->p++;
        h->id = http_header_id(h->name);
        return true;
}

/* The value at p up to its CRLF, without the blanks at its ends. */
static bool lint_value(Lint *l, HttpHeader *h) {
        const char *begin = l->p;
        size_t len;

        while (is_blank(*begin))
                begin++;
        len = span_printable(begin, l->end, ' ');
        len += span_of(begin + len, CHAR_VALUE);
        if (char_class(begin[len]) & CHAR_HIGH) {
                if (!lint_allows_high(l, h->id))
                        return fail(l->error, 400, "header-value",
                                    "a header holds bytes beyond ASCII");
                len = span_of(begin, CHAR_VALUE | CHAR_HIGH);
        }
        if (begin[len] != '\r')
                return fail(l->error, 400, "header-value", "a header holds control bytes");
        l->p = begin + len;
        while (len > 0 && is_blank(begin[len - 1]))
                len--;
        h->value = (Bytes){ begin, len };
        return true;
}

static bool lint_header(Lint *l) {
        HttpHead *head = l->head;
        const char *begin = l->p;
        HttpHeader *h;
        size_t max;

        if (head->n_headers >= MIN(l->limits->n_lines_max, (unsigned) HTTP_HEADERS_MAX))
                return fail(l->error, 431, "header-count", "the head has too many lines");
        h = &head->headers[head->n_headers];
        if (!lint_name(l, h) || !lint_value(l, h))
                return false;

        max = lint_line_max(l, h->id);
        if (max > 0 && (size_t) (l->p - begin) > max)
                return fail(l->error, 431, "header-too-long", "a line of the head is too long");
        if (h->id != HTTP_HEADER_OTHER)
                head->n_of[h->id]++;
        head->n_headers++;
        return lint_crlf(l);
}

/* Lines up to the empty one, which must be the last: end is where its CRLF begins. */
static bool lint_headers(Lint *l) {
        while (l->p < l->end) {
                if (*l->p == '\r')
                        return fail_line_end(l->error);
                if (!lint_header(l))
                        return false;
        }
        return true;
}

static bool lint_content_length(Lint *l, const HttpHeader *h) {
        Bytes value = h->value;

        /* No blanks behind: llhttp 8 and Go differ on what they mean there. No leading zero: some
         * readers take it for octal. */
        if (value.len == 0 || value.data[value.len] != '\r' ||
            (value.len > 1 && value.data[0] == '0') ||
            !parse_u64(value, CONTENT_LENGTH_DIGITS, &l->head->content_length))
                return fail(l->error, 400, "content-length", "Content-Length is malformed");
        l->head->has_content_length = true;
        return true;
}

static bool lint_transfer_encoding(Lint *l, const HttpHeader *h) {
        if (!bytes_ieq_ascii(h->value, BYTES("chunked")) || h->value.data[h->value.len] != '\r')
                return fail(l->error, 400, "transfer-encoding",
                            "only Transfer-Encoding: chunked is understood");
        if (l->head->minor == 0)
                return fail(l->error, 400, "transfer-encoding",
                            "HTTP/1.0 has no Transfer-Encoding");
        return true;
}

/* Options of which close, keep-alive and upgrade mean something; that of others would let a client
 * strip headers (THREATS 5.6). */
static void lint_connection(const HttpHeader *h, bool *close, bool *keep_alive, bool *upgrade) {
        Bytes rest = h->value, option;

        while (bytes_split(&rest, ',', &option)) {
                option = bytes_trim(option);
                if (bytes_ieq_ascii(option, BYTES("close")))
                        *close = true;
                else if (bytes_ieq_ascii(option, BYTES("keep-alive")))
                        *keep_alive = true;
                else if (bytes_ieq_ascii(option, BYTES("upgrade")))
                        *upgrade = true;
        }
}

static bool lint_host(Lint *l, const HttpHeader *h) {
        if (span_of(h->value.data, CHAR_HOST) < h->value.len)
                return fail(l->error, 400, "host", "Host is malformed");
        return true;
}

/* RFC 9110 10.1.1: a 100-continue of an HTTP/1.0 client is ignored. */
static void lint_expect(HttpHead *head, const HttpHeader *h) {
        if (!bytes_eq(h->value, BYTES("100-continue")))
                head->expects_other = true;
        else if (head->minor > 0)
                head->expects_continue = true;
}

/* What the headers that mean something to us say. */
static bool lint_meaning(Lint *l) {
        HttpHead *head = l->head;
        bool close = false, keep_alive = false;

        for (unsigned i = 0; i < head->n_headers; i++) {
                const HttpHeader *h = &head->headers[i];

                if (h->id == HTTP_HEADER_OTHER)
                        continue;
                if (h->id == HTTP_HEADER_CONNECTION)
                        lint_connection(h, &close, &keep_alive, &head->connection_upgrade);
                else if (h->id == HTTP_HEADER_UPGRADE)
                        head->upgrade = h->value;
                else if (h->id == HTTP_HEADER_CONTENT_LENGTH && !lint_content_length(l, h))
                        return false;
                else if (h->id == HTTP_HEADER_TRANSFER_ENCODING && !lint_transfer_encoding(l, h))
                        return false;
                else if (h->id == HTTP_HEADER_HOST && l->is_request && !lint_host(l, h))
                        return false;
                else if (h->id == HTTP_HEADER_EXPECT && l->is_request)
                        lint_expect(head, h);
        }
        head->connection_close = close || (head->minor == 0 && !keep_alive);
        return true;
}

/* Headers of which a second line could be read in another way than the first. */
static bool lint_repeats(Lint *l) {
        const uint16_t *n_of = l->head->n_of;

        if (n_of[HTTP_HEADER_CONTENT_LENGTH] + n_of[HTTP_HEADER_TRANSFER_ENCODING] > 1)
                return fail(l->error, 400, "framing",
                            "Content-Length and Transfer-Encoding: one of them, once");
        if (n_of[HTTP_HEADER_UPGRADE] > 1)
                return fail(l->error, 400, "header-repeated", "there are two lines of Upgrade");
        if (!l->is_request)
                return true;
        if (n_of[HTTP_HEADER_CONTENT_TYPE] > 1)
                return fail(l->error, 400, "header-repeated",
                            "there are two lines of Content-Type");
        if (n_of[HTTP_HEADER_HOST] > 1 || (n_of[HTTP_HEADER_HOST] == 0 && l->head->minor > 0))
                return fail(l->error, 400, "host", "there must be one line of Host");
        if (n_of[HTTP_HEADER_EXPECT] > 1)
                l->head->expects_other = true;
        return true;
}

static HttpFraming lint_framing(const HttpHead *head, HttpFraming without) {
        if (head->n_of[HTTP_HEADER_TRANSFER_ENCODING] > 0)
                return HTTP_FRAMING_CHUNKED;
        if (!head->has_content_length)
                return without;
        return head->content_length > 0 ? HTTP_FRAMING_LENGTH : HTTP_FRAMING_NONE;
}

bool http_lint_request(Bytes raw, const HttpLimits *limits, HttpHead *ret, HttpError *ret_error) {
        Lint l = { .limits = limits, .head = ret, .error = ret_error, .is_request = true };

        assert(limits);
        assert(ret);
        assert(ret_error);

        if (!lint_start(&l, raw) || !lint_request_line(&l) || !lint_headers(&l) ||
            !lint_meaning(&l) || !lint_repeats(&l))
                return false;
        ret->framing = lint_framing(ret, HTTP_FRAMING_NONE);
        *ret_error = (HttpError){};
        return true;
}

static bool status_has_body(unsigned status) {
        return status >= 200 && status != 204 && status != 304;
}

bool http_lint_response(Bytes raw, const HttpLimits *limits, HttpMethod request_method,
                        HttpHead *ret, HttpError *ret_error) {
        Lint l = { .limits = limits, .head = ret, .error = ret_error };

        assert(limits);
        assert(ret);
        assert(ret_error);

        if (!lint_start(&l, raw) || !lint_status_line(&l) || !lint_headers(&l) ||
            !lint_meaning(&l) || !lint_repeats(&l)) {
                ret_error->status = 502;
                return false;
        }
        if (request_method != HTTP_METHOD_HEAD && status_has_body(ret->status))
                ret->framing = lint_framing(ret, HTTP_FRAMING_CLOSE);
        *ret_error = (HttpError){};
        return true;
}
