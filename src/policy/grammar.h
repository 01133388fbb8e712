/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small languages that values of bodies are written in, and the words of the configuration that
 * speak of them: binds, ports, users, images. Pure: bytes in, pieces out; who may what is for the
 * checks.
 */
#pragma once

#include "util/bytes.h"

#define GRAMMAR_IMAGE_MAX 768 /* a reference of 512 bytes, and what is added to it */

/* Absolute, no empty, "." or ".." segment, so no slash at its end either. "/" is one. */
bool grammar_is_plain_path(Bytes path);

/* A word of bind-mounts: "exact:/path:ro". */
typedef struct BindRoot {
        Bytes path;
        bool is_exact;     /* that path alone, not what lies below it */
        bool is_read_only; /* read-only binds alone */
} BindRoot;

BindRoot grammar_bind_root(Bytes word);

/* Is the plain path the root, or below it at the border of a segment? */
bool grammar_root_covers(const BindRoot *root, Bytes path);

/* A string of HostConfig.Binds, cut as the engine cuts it: "source:target:options",
 * "source:target", "target". */
typedef struct BindString {
        Bytes source; /* empty: a volume without a name */
        Bytes target; /* an absolute path */
        bool is_read_only;
} BindString;

typedef enum BindError {
        BIND_OK = 0,
        BIND_NOT_A_BIND, /* more or fewer pieces, an empty one, a target that is not absolute */
        BIND_BAD_OPTION, /* none of ro rw rprivate private nocopy, or one against another */
} BindError;

BindError grammar_bind(Bytes text, BindString *ret);

/* Only options of that list, separated by commas; empty is none. "size=" stands for any value of
 * it. */
bool grammar_is_options(Bytes text, const char *const *known, size_t n_known);

/* The name of an object: as endpoint_is_id(), and no hex digits alone (which would be an id). */
bool grammar_is_name(Bytes text);

/* An address as Go and we read it alike; IPv4 is mapped. Brackets, zones and names are none. */
bool grammar_address(Bytes text, uint8_t ret[16]);

/* "80", "8000-8010": from 1 to 65535, the lower one first. */
bool grammar_port_range(Bytes text, unsigned *ret_low, unsigned *ret_high);

/* A key of PortBindings: "80", "80/tcp", "8000-8010/udp". */
bool grammar_container_port(Bytes text, Bytes *ret_protocol);

/* A word of ports: "[address:]port[-port][/protocol]", checked by the configuration already. */
typedef struct PortWord {
        bool has_address;
        uint8_t address[16];
        unsigned low, high;
        Bytes protocol; /* empty: any */
} PortWord;

bool grammar_port_word(Bytes word, PortWord *ret);

/* A name of capabilities(7), or ALL, in upper case; CAP_ may stand before it. */
bool grammar_is_capability(Bytes text);

/* [1-9][0-9]{0,8}: a user or group that is not root, and the same everywhere. */
bool grammar_is_plain_number(Bytes text);

/* plain number, or two with a colon. */
bool grammar_is_non_root(Bytes user);

/* An image reference in full: "alpine" is docker.io/library/alpine. */
typedef struct ImageName {
        char name[GRAMMAR_IMAGE_MAX]; /* registry and path */
        size_t name_len;
        Bytes tag;    /* empty: none; borrowed from the text */
        Bytes digest; /* "sha256:..." */
} ImageName;

/* Does the engine take it for an id, or could it? Hex digits alone, sha256:... */
bool grammar_is_image_id(Bytes text);

/* Does the name say no registry? The engine completes it. */
bool grammar_image_is_short(Bytes text);

/* false: no reference of an image (an id is none). */
bool grammar_image(Bytes text, ImageName *ret);

/* Does a word of images match? `*` does not cross `/`, `**` does; "*" alone is any. A word without
 * tag and digest means all of them, one with a tag alone means no digests but "*" does. */
bool grammar_image_matches(Bytes word, const ImageName *image);
