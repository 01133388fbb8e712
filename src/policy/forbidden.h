/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bind roots that nobody may give away (POLICY 6 "Bind roots"): whoever has the engine's socket,
 * its data, our configuration or another instance's socket in a container has the host. The
 * configuration refuses such a root, and a refused bind is not told of a line that could not stand
 * there. Lexical: links on the way are the tool's to find.
 */
#pragma once

#include "policy/policy.h"

/* What a bind root of that path would be, hold or lie in: "the engine's socket"; NULL: nothing of
 * the kind. The path is absolute and plain. Asks upstream, name, runtime_dir, is_user and files. */
const char *forbidden_root(const Policy *p, Bytes path);
