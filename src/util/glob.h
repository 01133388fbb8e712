/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Globs of the configuration (CONFIG.md "Globs"): `*` is any run of bytes, all other bytes stand
 * for themselves. Linear in practice and bounded by |pattern| * |text| at worst: no recursion.
 */
#pragma once

#include "util/bytes.h"

bool glob_match(Bytes pattern, Bytes text);
