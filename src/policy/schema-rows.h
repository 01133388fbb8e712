/* SPDX-License-Identifier: Apache-2.0 */
/* How rows are written, one a line, and the schemas that several files share. For schema-*.c. */
#pragma once

#include "policy/checks.h"
#include "policy/schema.h"
#include "util/macros.h"

#define ROW(n, t, ...)                                                                             \
        { .name = (n), .type = FIELD_##t, __VA_ARGS__ }
#define FIELDS(f) .fields = (f), .n_fields = ARRAY_SIZE(f)

/* What is harmless. */
#define ZERO          .harmless = HARMLESS_ZERO
#define ANY           .harmless = HARMLESS_ANY
#define NONE          .harmless = HARMLESS_NONE
#define NULL_ONLY     .harmless = HARMLESS_NULL
#define ROWS(s)       .harmless = HARMLESS_ROWS, .rows = &(s)
#define WORDS(w)      .harmless = HARMLESS_WORDS, .words = (w)
#define FROM(a)       .harmless = HARMLESS_RANGE, .min = (a), .max = FIELD_NO_END
#define FROM_TO(a, b) .harmless = HARMLESS_RANGE, .min = (a), .max = (b)

/* What else is known of it: width, rows of its elements, and what allows more. */
#define U16        .width = WIDTH_U16
#define U32        .width = WIDTH_U32
#define U64        .width = WIDTH_U64
#define OF(s)      .rows = &(s)
#define KEY(k)     .key = RULE_##k
#define BY(c)      .check = (c)
#define ASKS(k, c) .key = RULE_##k, .check = (c)

extern const Schema schema_healthcheck;
extern const Schema schema_ulimit;
extern const Schema schema_device;
extern const Schema schema_device_request;
extern const Schema schema_mount;
extern const Schema schema_endpoint;
extern const Schema schema_weight_device;
extern const Schema schema_throttle_device;
