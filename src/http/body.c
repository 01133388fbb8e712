/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Follows the framing of a body. Long runs of payload are taken as a whole, only the few bytes of
 * chunk framing are read one by one. Refuses extensions, trailers, blanks, bare LF and sizes beyond
 * 32 bits: two readers may disagree about each of them (DOCKERD 3).
 */
#include "http/body.h"

#include "util/macros.h"
#include "util/parse.h"

#define CHUNK_ZEROS_MAX  8 /* leading zeros before the first other digit */
#define CHUNK_DIGITS_MAX 8 /* digits that count: a chunk is smaller than 4 GiB */

enum {
        CHUNK_PHASE_SIZE = 0,
        CHUNK_PHASE_SIZE_LF,
        CHUNK_PHASE_DATA,
        CHUNK_PHASE_DATA_CR,
        CHUNK_PHASE_DATA_LF,
        CHUNK_PHASE_END_CR,
        CHUNK_PHASE_END_LF,
};

void http_body_init(HttpBody *b, HttpFraming framing, uint64_t length) {
        assert(b);

        *b = (HttpBody){
                .framing = framing,
                .state = HTTP_BODY_MORE,
                .left = framing == HTTP_FRAMING_LENGTH ? length : 0,
        };
        if (framing == HTTP_FRAMING_NONE || (framing == HTTP_FRAMING_LENGTH && length == 0))
                b->state = HTTP_BODY_DONE;
}

/* Takes a run of payload. */
static int http_body_take(HttpBody *b, Bytes run, Buffer *payload) {
        int r;

        if (payload) {
                r = buffer_append(payload, run);
                if (r < 0)
                        return r;
        }
        b->n_payload += run.len;
        return 0;
}

/* One digit of a chunk's size. */
static HttpBodyState http_body_size_digit(HttpBody *b, int digit) {
        if (digit == 0 && b->n_digits == 0) {
                /* The last zero of a chunk of size 0 is its one digit, and no leading zero. */
                if (b->n_zeros > CHUNK_ZEROS_MAX)
                        return HTTP_BODY_BAD;
                b->n_zeros++;
                return HTTP_BODY_MORE;
        }
        if (b->n_zeros > CHUNK_ZEROS_MAX || b->n_digits >= CHUNK_DIGITS_MAX)
                return HTTP_BODY_BAD;
        b->n_digits++;
        b->left = b->left << 4 | (uint64_t) digit;
        return HTTP_BODY_MORE;
}

static HttpBodyState http_body_expect(HttpBody *b, char c, char expected, uint8_t next_phase) {
        if (c != expected)
                return HTTP_BODY_BAD;
        b->phase = next_phase;
        return HTTP_BODY_MORE;
}

/* One byte of chunk framing. */
static HttpBodyState http_body_step(HttpBody *b, char c) {
        switch (b->phase) {
        case CHUNK_PHASE_SIZE:
                if (parse_hex_digit(c) >= 0)
                        return http_body_size_digit(b, parse_hex_digit(c));
                if (b->n_digits == 0 && b->n_zeros == 0)
                        return HTTP_BODY_BAD;
                return http_body_expect(b, c, '\r', CHUNK_PHASE_SIZE_LF);
        case CHUNK_PHASE_SIZE_LF:
                b->n_zeros = b->n_digits = 0;
                return http_body_expect(b, c, '\n',
                                        b->left > 0 ? CHUNK_PHASE_DATA : CHUNK_PHASE_END_CR);
        case CHUNK_PHASE_DATA_CR:
                return http_body_expect(b, c, '\r', CHUNK_PHASE_DATA_LF);
        case CHUNK_PHASE_DATA_LF:
                return http_body_expect(b, c, '\n', CHUNK_PHASE_SIZE);
        case CHUNK_PHASE_END_CR:
                return http_body_expect(b, c, '\r', CHUNK_PHASE_END_LF);
        case CHUNK_PHASE_END_LF:
                return c == '\n' ? HTTP_BODY_DONE : HTTP_BODY_BAD;
        default:
                assert(!"a phase that takes single bytes");
                return HTTP_BODY_BAD;
        }
}

static int http_body_feed_chunked(HttpBody *b, Bytes input, size_t *ret_taken, Buffer *payload) {
        size_t i = 0;
        int r = 0;

        while (i < input.len && b->state == HTTP_BODY_MORE) {
                Bytes run;

                if (b->phase != CHUNK_PHASE_DATA) {
                        b->state = http_body_step(b, input.data[i]);
                        if (b->state != HTTP_BODY_BAD)
                                i++;
                        continue;
                }

                run = bytes_slice(input, i, MIN(b->left, input.len - i));
                r = http_body_take(b, run, payload);
                if (r < 0)
                        break;
                i += run.len;
                b->left -= run.len;
                if (b->left == 0)
                        b->phase = CHUNK_PHASE_DATA_CR;
        }
        *ret_taken = i;
        return r;
}

int http_body_feed(HttpBody *b, Bytes input, size_t *ret_taken, Buffer *payload) {
        Bytes run = input;
        int r;

        assert(b);
        assert(ret_taken);

        *ret_taken = 0;
        if (b->state != HTTP_BODY_MORE)
                return 0;
        if (b->framing == HTTP_FRAMING_CHUNKED)
                return http_body_feed_chunked(b, input, ret_taken, payload);

        if (b->framing == HTTP_FRAMING_LENGTH)
                run = bytes_slice(input, 0, MIN(b->left, input.len));
        r = http_body_take(b, run, payload);
        if (r < 0)
                return r;
        *ret_taken = run.len;
        if (b->framing == HTTP_FRAMING_LENGTH) {
                b->left -= run.len;
                if (b->left == 0)
                        b->state = HTTP_BODY_DONE;
        }
        return 0;
}

uint64_t http_body_unread(const HttpBody *b) {
        bool is_length = b->framing == HTTP_FRAMING_LENGTH;
        bool is_chunk = b->framing == HTTP_FRAMING_CHUNKED && b->phase == CHUNK_PHASE_DATA;

        return b->state == HTTP_BODY_MORE && (is_length || is_chunk) ? b->left : 0;
}

void http_body_pass(HttpBody *b, uint64_t n) {
        assert(n <= http_body_unread(b));

        b->n_payload += n;
        b->left -= n;
        if (b->left > 0)
                return;
        if (b->framing == HTTP_FRAMING_CHUNKED)
                b->phase = CHUNK_PHASE_DATA_CR;
        else
                b->state = HTTP_BODY_DONE;
}
