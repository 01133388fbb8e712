/* SPDX-License-Identifier: Apache-2.0 */
/* Set up and torn down once; ids are unique in a process by count and between processes by chance.
 */
#include "proxy/context.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

int context_init(Context *ctx) {
        int r;

        assert(ctx->loop && ctx->sink);

        ctx->parser = http_parser_new();
        ctx->known = known_new();
        if (!ctx->parser || !ctx->known)
                return -ENOMEM;
        if (getrandom(&ctx->id_random, sizeof(ctx->id_random), 0) != sizeof(ctx->id_random))
                return -errno;
        r = pipe_cache_init(&ctx->pipes, ctx->loop);
        return r < 0 ? r : 0;
}

void context_done(Context *ctx) {
        pipe_cache_done(&ctx->pipes);
        ctx->parser = http_parser_free(ctx->parser);
        ctx->known = known_free(ctx->known);
        ctx->policy = policy_unref(ctx->policy);
}

void context_set_policy(Context *ctx, Policy *policy) {
        policy_unref(ctx->policy);
        ctx->policy = policy;
        ctx->generation++;
}

static void id_put(char *room, size_t n, uint64_t value) {
        static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

        while (n > 0) {
                room[--n] = digits[value & 31];
                value >>= 5;
        }
}

void context_make_id(Context *ctx, char ret_id[CONTEXT_ID_SIZE]) {
        struct timespec now;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        id_put(ret_id, 10, (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000);
        id_put(ret_id + 10, 8, ctx->id_random);
        id_put(ret_id + 18, 8, ++ctx->n_ids);
        ret_id[CONTEXT_ID_SIZE - 1] = 0;
}
