/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judges of queries: image.pull, push, tag, remove (with the name in the path),
 * container.archive, build.image, and the filters of a prune, whose keys only a section of the
 * policy can allow (POLICY 2 "query", 10).
 */
#pragma once

#include "policy/policy.h"

/*
 * Judges the query of an operation whose judge is on. ALLOW, or DENY with the key in field
 * ("?fromImage") and one of the reasons "image-grammar", "image-ambiguous", "image-not-allowed",
 * "image-id", "image-short", "path-missing", "path-grammar", "path-not-allowed",
 * "network-mode-not-allowed", "remote-not-allowed", "build-key-not-allowed", "query-json". ALLOW
 * for operations without a judge of queries.
 */
Decision policy_judge_query(const Policy *p, const Request *req, const PolicyFacts *facts);
