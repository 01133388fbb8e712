/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pre-scan of a JSON body: one pass over the bytes, nothing allocated, that refuses whatever
 * two parsers could read in two ways or that would cost more memory than the limits say.
 */
#pragma once

#include "docker/body.h"

#define BODY_SCAN_DEPTH_ROOM 64 /* most that BodyLimits.depth_max may be */

/* What a tree of the body takes. */
typedef struct BodyCounts {
        size_t n_values; /* the object itself and all below it */
        size_t n_text;   /* bytes of all keys and strings, unescaped */
} BodyCounts;

/*
 * BODY_OK: raw is exactly one JSON object by RFC 8259, in valid UTF-8, within the limits. Never
 * says BODY_DUPLICATE_KEY or BODY_NO_MEMORY: those are the parser's to find.
 * ret may be NULL; it is set on BODY_OK only.
 */
BodyError body_scan(Bytes raw, const BodyLimits *limits, BodyCounts *ret);
