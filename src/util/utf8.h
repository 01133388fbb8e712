/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include "util/bytes.h"

/* Length (1 to 4) of the valid character at the start of b, or 0 when there is none. */
size_t utf8_char_len(Bytes b);

bool utf8_is_valid(Bytes b);
