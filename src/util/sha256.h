/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4), for the audit's digests of bodies and of the configuration. Our own since
 * the smallest library that has it costs more memory than the whole daemon.
 */
#pragma once

#include "util/bytes.h"

#define SHA256_SIZE 32

typedef struct Sha256 {
        uint32_t state[8];
        uint64_t n_bytes;
        uint8_t block[64];
} Sha256;

void sha256_init(Sha256 *s);
void sha256_update(Sha256 *s, Bytes bytes);
void sha256_final(Sha256 *s, uint8_t ret_digest[static SHA256_SIZE]);

/* 64 hex digits and a NUL. */
void sha256_format(const uint8_t digest[static SHA256_SIZE], char ret_text[static 65]);
