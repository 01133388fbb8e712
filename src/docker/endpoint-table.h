/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two tables of endpoints are written in: short words for the columns of a row and for the
 * rules of query keys. Only the tables and endpoint.c include it.
 */
#pragma once

#include "docker/endpoint.h"

/* The rows whose first segment (after "libpod") is this one; "" takes all others. */
typedef struct EndpointGroup {
        const char *segment; /* NULL ends the list */
        size_t segment_len;
        const Endpoint *rows;
        size_t n_rows;
} EndpointGroup;

extern const EndpointGroup endpoint_docker_groups[];
extern const EndpointGroup endpoint_libpod_groups[];

#define GROUP(segment, rows)                                                                       \
        { segment, sizeof(segment) - 1, rows, sizeof(rows) / sizeof(rows[0]) }

/* Columns: name, level, method, pattern, section. */
#define P(path) sizeof(path) - 1, false, path
#define L(path) sizeof("/libpod" path) - 1, true, "/libpod" path

#define NEVER ENDPOINT_LEVEL_NEVER
#define READ  ENDPOINT_LEVEL_READ
#define WRITE ENDPOINT_LEVEL_WRITE
#define FULL  ENDPOINT_LEVEL_FULL

#define OTHER  HTTP_METHOD_OTHER
#define GET    HTTP_METHOD_GET
#define HEAD   HTTP_METHOD_HEAD
#define POST   HTTP_METHOD_POST
#define PUT    HTTP_METHOD_PUT
#define DELETE HTTP_METHOD_DELETE

#define STREAM ENDPOINT_KIND_STREAM
#define HIJACK ENDPOINT_KIND_HIJACK
#define H2C    ENDPOINT_KIND_H2C

#define JSON ENDPOINT_BODY_JSON
#define TAR  ENDPOINT_BODY_TAR
#define RAW  ENDPOINT_BODY_RAW

#define ATTACH     ENDPOINT_HIJACK_ATTACH
#define EXEC_START ENDPOINT_HIJACK_EXEC_START
#define HIJACK_H2C ENDPOINT_HIJACK_H2C

#define JUDGE_CONTAINER_CREATE ENDPOINT_JUDGE_CONTAINER_CREATE
#define JUDGE_CONTAINER_UPDATE ENDPOINT_JUDGE_CONTAINER_UPDATE
#define JUDGE_EXEC_CREATE      ENDPOINT_JUDGE_EXEC_CREATE
#define JUDGE_EXEC_SESSION     ENDPOINT_JUDGE_EXEC_SESSION
#define JUDGE_IMAGE_PULL       ENDPOINT_JUDGE_IMAGE_PULL
#define JUDGE_IMAGE_NAME       ENDPOINT_JUDGE_IMAGE_NAME
#define JUDGE_VOLUME_CREATE    ENDPOINT_JUDGE_VOLUME_CREATE
#define JUDGE_NETWORK_CREATE   ENDPOINT_JUDGE_NETWORK_CREATE
#define JUDGE_NETWORK_CONNECT  ENDPOINT_JUDGE_NETWORK_CONNECT
#define JUDGE_ARCHIVE          ENDPOINT_JUDGE_CONTAINER_ARCHIVE
#define JUDGE_BUILD            ENDPOINT_JUDGE_BUILD
#define JUDGE_SERVICE_CREATE   ENDPOINT_JUDGE_SERVICE_CREATE

/* Query keys: one rule a key; ..._LIST may come several times. There are 1,500 of them, and each
 * byte of a row counts: so words stand behind their key. */
#define KEYS(...)                                                                                  \
        (const QueryKey[]) {                                                                       \
                __VA_ARGS__, END                                                                   \
        }
#define END                                                                                        \
        { 0 }

#define ANY(key)                                                                                   \
        { key, .rule = QUERY_ANY }
#define LIST(key)                                                                                  \
        { key, true, QUERY_ANY }
#define ZERO(key)                                                                                  \
        { key, .rule = QUERY_ZERO }
#define ZERO_LIST(key)                                                                             \
        { key, true, QUERY_ZERO }
#define INT(key, min, max)                                                                         \
        { key, false, QUERY_INT, false, min, max }
#define WORDS(key, list)                                                                           \
        { key "\0" list, .rule = QUERY_WORDS, .has_words = true }
#define NAME(key)                                                                                  \
        { key, .rule = QUERY_NAME }
#define ID(key)                                                                                    \
        { key, .rule = QUERY_ID }
#define PS_ARGS(key)                                                                               \
        { key, .rule = QUERY_PS_ARGS }
#define PS_ARGS_LIST(key)                                                                          \
        { key, true, QUERY_PS_ARGS }
#define FILE_BELOW(key)                                                                            \
        { key, .rule = QUERY_FILE }
#define JUDGED(key)                                                                                \
        { key, .rule = QUERY_JUDGED }
#define JUDGED_LIST(key)                                                                           \
        { key, true, QUERY_JUDGED }
#define JUDGED_BUT(key, list)                                                                      \
        { key "\0" list, .rule = QUERY_JUDGED, .has_words = true }
#define SESSION(key)                                                                               \
        { key, .rule = QUERY_SESSION }
#define SESSION_BUT(key, list)                                                                     \
        { key "\0" list, .rule = QUERY_SESSION, .has_words = true }
