/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 as FIPS 180-4 section 6.2 writes it. Takes any bytes in any pieces; the length is limited
 * to 2^61 bytes, more than any body that can be held.
 */
#include "util/sha256.h"

#include "util/macros.h"

static const uint32_t sha256_k[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
        0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
        0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
        0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
        0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
        0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
        0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
        0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
        0xc67178f2,
};

static uint32_t rotate_right(uint32_t x, unsigned n) {
        return x >> n | x << (32 - n);
}

static void sha256_schedule(const uint8_t block[static 64], uint32_t w[static 64]) {
        for (size_t i = 0; i < 16; i++)
                w[i] = (uint32_t) block[i * 4] << 24 | (uint32_t) block[i * 4 + 1] << 16 |
                       (uint32_t) block[i * 4 + 2] << 8 | (uint32_t) block[i * 4 + 3];
        for (size_t i = 16; i < 64; i++) {
                uint32_t a = w[i - 15], b = w[i - 2];

                w[i] = w[i - 16] + w[i - 7] + (rotate_right(a, 7) ^ rotate_right(a, 18) ^ a >> 3) +
                       (rotate_right(b, 17) ^ rotate_right(b, 19) ^ b >> 10);
        }
}

/* One round. The words are not shifted, as the standard writes it: their names are. */
static inline void sha256_round(uint32_t v[static 8], size_t n, uint32_t input) {
        uint32_t a = v[(0 - n) % 8], b = v[(1 - n) % 8], c = v[(2 - n) % 8];
        uint32_t e = v[(4 - n) % 8], f = v[(5 - n) % 8], g = v[(6 - n) % 8], *h = &v[(7 - n) % 8];
        uint32_t s0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
        uint32_t s1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
        uint32_t choice = (e & f) ^ (~e & g), majority = (a & b) ^ (a & c) ^ (b & c);

        input += *h + s1 + choice;
        v[(3 - n) % 8] += input;
        *h = input + s0 + majority;
}

static void sha256_block(uint32_t state[static 8], const uint8_t block[static 64]) {
        uint32_t w[64], v[8];

        sha256_schedule(block, w);
        memcpy(v, state, sizeof(v));
        for (size_t i = 0; i < 64; i += 8) {
#pragma GCC unroll 8
                for (size_t k = 0; k < 8; k++) /* with k known v is eight registers */
                        sha256_round(v, k, sha256_k[i + k] + w[i + k]);
        }
        for (size_t i = 0; i < 8; i++)
                state[i] += v[i];
}

void sha256_init(Sha256 *s) {
        assert(s);

        *s = (Sha256){
                .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                           0x1f83d9ab, 0x5be0cd19 },
        };
}

void sha256_update(Sha256 *s, Bytes bytes) {
        assert(s);

        while (bytes.len > 0) {
                size_t used = (size_t) (s->n_bytes % 64);
                size_t n = MIN(64 - used, bytes.len);

                memcpy(s->block + used, bytes.data, n);
                s->n_bytes += n;
                if (used + n == 64)
                        sha256_block(s->state, s->block);
                bytes = bytes_skip(bytes, n);
        }
}

void sha256_final(Sha256 *s, uint8_t ret_digest[static SHA256_SIZE]) {
        uint64_t n_bits = s->n_bytes * 8;
        size_t used = (size_t) (s->n_bytes % 64);

        s->block[used++] = 0x80;
        if (used > 56) {
                memset(s->block + used, 0, 64 - used);
                sha256_block(s->state, s->block);
                used = 0;
        }
        memset(s->block + used, 0, 56 - used);
        for (size_t i = 0; i < 8; i++)
                s->block[56 + i] = (uint8_t) (n_bits >> (56 - 8 * i));
        sha256_block(s->state, s->block);

        for (size_t i = 0; i < SHA256_SIZE; i++)
                ret_digest[i] = (uint8_t) (s->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256_format(const uint8_t digest[static SHA256_SIZE], char ret_text[static 65]) {
        for (size_t i = 0; i < SHA256_SIZE; i++) {
                ret_text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
                ret_text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
        }
        ret_text[64] = '\0';
}
