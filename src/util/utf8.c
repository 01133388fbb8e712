/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UTF-8 after the table of RFC 3629 section 4. Refuses overlong forms, surrogates, characters above
 * U+10FFFF and cut characters: two readers could disagree about them.
 */
#include "util/utf8.h"

/* Length by the first byte, and the range of the second, which is where overlong forms, surrogates
 * and too large characters show. */
static size_t utf8_lead(unsigned char lead, unsigned char *ret_low, unsigned char *ret_high) {
        *ret_low = 0x80;
        *ret_high = 0xbf;

        if (lead >= 0xc2 && lead <= 0xdf)
                return 2;
        if (lead >= 0xe0 && lead <= 0xef) {
                if (lead == 0xe0)
                        *ret_low = 0xa0;
                else if (lead == 0xed)
                        *ret_high = 0x9f;
                return 3;
        }
        if (lead >= 0xf0 && lead <= 0xf4) {
                if (lead == 0xf0)
                        *ret_low = 0x90;
                else if (lead == 0xf4)
                        *ret_high = 0x8f;
                return 4;
        }
        return 0;
}

size_t utf8_char_len(Bytes b) {
        unsigned char low, high;
        size_t len;

        if (b.len == 0)
                return 0;
        if ((unsigned char) b.data[0] < 0x80)
                return 1;

        len = utf8_lead((unsigned char) b.data[0], &low, &high);
        if (len == 0 || len > b.len)
                return 0;
        if ((unsigned char) b.data[1] < low || (unsigned char) b.data[1] > high)
                return 0;
        for (size_t i = 2; i < len; i++)
                if (((unsigned char) b.data[i] & 0xc0) != 0x80)
                        return 0;
        return len;
}

bool utf8_is_valid(Bytes b) {
        while (b.len > 0) {
                size_t len = utf8_char_len(b);

                if (len == 0)
                        return false;
                b = bytes_skip(b, len);
        }
        return true;
}
