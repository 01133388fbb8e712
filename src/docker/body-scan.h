/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pre-scan of a JSON body: one pass over the bytes, nothing allocated, that refuses whatever
 * two parsers could read in two ways or that would cost more memory than the limits say.
 */
#pragma once

#include "docker/body.h"

#define BODY_SCAN_DEPTH_ROOM 64 /* most that BodyLimits.depth_max may be */

/*
 * BODY_OK: raw is exactly one JSON object by RFC 8259, in valid UTF-8, within the limits. Never
 * says BODY_DUPLICATE_KEY or BODY_NO_MEMORY: those are the parser's to find.
 */
BodyError body_scan(Bytes raw, const BodyLimits *limits);
