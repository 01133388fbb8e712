/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judges requests as the daemon does, without a daemon: judge-stdin CONFIG reads requests from
 * standard input and writes one line for each. What the line says of an allowed request is what
 * tests/differential/oracle.go holds against Go's reading of the same bytes.
 *
 * A request: three times a length (32 bit, little endian) and so many bytes: method, target, body.
 * A line: verdict, reason, field, endpoint, slot, the target as it would be forwarded, the pairs of
 * the query as they were judged; parted by tabs, the last three in hex.
 */
#include "config/config.h"
#include "docker/request.h"
#include "http/lint.h"
#include "policy/policy.h"
#include "util/buffer.h"
#include "util/macros.h"

#include <stdio.h>

#define FILE_MAX  (64 * 1024)
#define FRAME_MAX (16 * 1024 * 1024)

/* What one request needs; the target is too large for a stack. */
typedef struct Case {
        Buffer method, path, body, head;
        HttpHead parsed;
        Target target;
        Request request;
        JudgeNotes notes;
} Case;

static void die(const char *text, const char *subject) {
        (void) fprintf(stderr, "judge-stdin: %s: %s\n", text, subject);
        exit(2);
}

static void must(int r) {
        if (r < 0)
                die("failed", "out of memory");
}

/* false: the end of the input, or the end of a frame is missing. */
static bool frame_read(Buffer *ret) {
        unsigned char len[4];
        char *room;
        size_t n;

        if (fread(len, 1, sizeof(len), stdin) != sizeof(len))
                return false;
        n = (size_t) len[0] | (size_t) len[1] << 8 | (size_t) len[2] << 16 | (size_t) len[3] << 24;
        if (n > FRAME_MAX)
                die("bad input", "a frame is too long");
        buffer_clear(ret);
        must(buffer_reserve(ret, n + 1, &room));
        if (fread(room, 1, n, stdin) != n)
                die("bad input", "a frame is cut");
        buffer_commit(ret, n);
        return true;
}

static Policy *policy_read(const char *path) {
        const ConfigOptions options = { .instance = "web", .runtime_dir = "/run" };
        static char text[FILE_MAX];
        ConfigFile file = { .path = path };
        ConfigError error;
        Policy *p = NULL;
        FILE *f;

        f = fopen(path, "r");
        if (!f)
                die("can't open", path);
        file.text = (Bytes){ text, fread(text, 1, sizeof(text), f) };
        if (file.text.len == sizeof(text) || ferror(f))
                die("can't read", path);
        (void) fclose(f);
        if (config_parse(&file, 1, &options, &p, &error) < 0)
                die(path, error.text);
        return p;
}

static void put_hex(Bytes bytes) {
        for (size_t i = 0; i < bytes.len; i++)
                (void) printf("%02x", (unsigned char) bytes.data[i]);
}

/* Fields of a line hold no tab and no line end. */
static void put_text(Bytes text) {
        for (size_t i = 0; i < text.len; i++)
                (void) putchar(text.data[i] > ' ' && text.data[i] < 0x7F ? text.data[i] : '?');
}

static void put_pairs(const Target *target) {
        bool is_first = true;

        for (unsigned i = 0; i < target->n_pairs; i++) {
                if (target->pairs[i].dropped)
                        continue;
                if (!is_first)
                        (void) putchar(',');
                is_first = false;
                put_hex(target->pairs[i].key);
                (void) putchar('=');
                put_hex(target->pairs[i].value);
        }
}

/* The target that the engine would read. */
static void put_forwarded(const Request *req) {
        _cleanup_(buffer_done) Buffer room = { 0 };
        Bytes query = BYTES_NONE;

        must(request_query(req, &room, &query));
        put_hex(req->target->full_path);
        if (query.len > 0)
                put_hex(BYTES("?"));
        put_hex(query);
}

static void put_line(const char *verdict, const char *reason, Bytes field, const Request *req) {
        (void) printf("%s\t%s\t", verdict, reason ? reason : "");
        put_text(field);
        (void) putchar('\t');
        if (req && req->endpoint) {
                (void) printf("%s\t", req->endpoint->name);
                put_hex(req->match.slot);
                (void) putchar('\t');
                put_forwarded(req);
                (void) putchar('\t');
                put_pairs(req->target);
        } else {
                (void) fputs("\t\t\t", stdout);
        }
        (void) putchar('\n');
}

static bool case_lint(Case *c, HttpError *ret_error) {
        Bytes method = buffer_bytes(&c->method), path = buffer_bytes(&c->path);
        size_t n = buffer_len(&c->body);
        bool has_body = n > 0 || bytes_eq_str(method, "POST") || bytes_eq_str(method, "PUT");

        buffer_clear(&c->head);
        must(buffer_append(&c->head, method));
        must(buffer_append_str(&c->head, " "));
        must(buffer_append(&c->head, path));
        must(buffer_append_str(&c->head, " HTTP/1.1\r\nHost: docker\r\n"));
        if (n > 0)
                must(buffer_append_str(&c->head, "Content-Type: application/json\r\n"));
        if (has_body)
                must(buffer_printf(&c->head, "Content-Length: %zu\r\n", n));
        must(buffer_append_str(&c->head, "\r\n"));
        return http_lint_request(buffer_bytes(&c->head), &http_request_limits, &c->parsed,
                                 ret_error);
}

static const char *verdict_name(const Decision *d) {
        switch (d->verdict) {
        case VERDICT_ALLOW:
                return "allow";
        case VERDICT_RESOLVE:
                return "resolve";
        case VERDICT_INSPECT:
                return "inspect";
        case VERDICT_DENY:
                return d->is_malformed ? "reject" : "deny";
        }
        return "deny";
}

static void case_judge(Case *c, const Policy *p) {
        static const Peer peer = { .uid = 1000, .gid = 1000, .pid = 1 };
        const RequestRules rules = { .target = { .api_min = p->api_min,
                                                 .is_podman = p->is_podman } };
        PolicyFacts facts = { .peer = &peer, .notes = &c->notes };
        HttpError error = { 0 };
        Decision d;

        if (!case_lint(c, &error) ||
            !request_build(&c->request, &c->parsed, &c->target, &rules, &error)) {
                put_line("bad", error.reason, BYTES_NONE, NULL);
                return;
        }

        d = policy_decide(p, &c->request, &facts);
        if (d.verdict == VERDICT_INSPECT)
                d = policy_inspect(p, &c->request, &facts, buffer_bytes(&c->body));
        put_line(verdict_name(&d), d.reason, d.field, &c->request);
}

int main(int argc, char *argv[]) {
        static Case c;
        Policy *p;

        if (argc != 2)
                die("usage", "judge-stdin CONFIG");
        p = policy_read(argv[1]);
        while (frame_read(&c.method)) {
                if (!frame_read(&c.path) || !frame_read(&c.body))
                        die("bad input", "a request is cut");
                case_judge(&c, p);
        }
        if (fflush(stdout) != 0 || ferror(stdout))
                die("can't write", "standard output");

        buffer_done(&c.method);
        buffer_done(&c.path);
        buffer_done(&c.body);
        buffer_done(&c.head);
        policy_unref(p);
        return 0;
}
