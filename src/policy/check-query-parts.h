/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judges of queries share. The declarations of check-query.h are for everybody, these for
 * check-query*.c.
 */
#pragma once

#include "policy/policy.h"

extern const Decision query_allow;

/*
 * A denial of a value of a key, with the line that would allow it: word, when it is one of that
 * key. With an empty key the value is in the path. Nothing is copied but into facts->notes.
 */
Decision query_deny(const PolicyFacts *facts, Bytes key, RuleKey rule, const char *reason,
                    const char *text, Bytes value, Bytes word);

/* image.pull: fromImage and tag. */
Decision query_judge_image_pull(const Policy *p, const Request *req, const PolicyFacts *facts);

/* image.push, image.tag, image.remove: the image of the path, and the name that a tag gives. */
Decision query_judge_image_name(const Policy *p, const Request *req, const PolicyFacts *facts);
