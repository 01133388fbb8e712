/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request put together and checked for what does not depend on the policy: Host and Origin, the
 * route and its slots, the query, the header rules and whether a body may be there. Trusts that
 * http/lint read the head. Refuses at the first thing that is wrong, in the order of POLICY 1,
 * before a body byte is read.
 */
#include "docker/request.h"

#include "docker/query.h"
#include "util/macros.h"

static bool request_fail(HttpError *ret_error, unsigned status, const char *reason,
                         const char *text) {
        *ret_error = (HttpError){ status, reason, text };
        return false;
}

/* The name of "name:2375", "[::1]:2375" and the like; none when something else is about it. */
static Bytes request_host_name(Bytes host) {
        bool is_bracketed = host.len > 0 && host.data[0] == '[';
        size_t end = bytes_find(host, is_bracketed ? ']' : ':');
        Bytes name = bytes_slice(host, is_bracketed, end - is_bracketed);
        Bytes port = bytes_skip(host, end + is_bracketed);

        if (port.len == 0)
                return is_bracketed && end == host.len ? BYTES_NONE : name;
        if (port.data[0] != ':')
                return BYTES_NONE;
        for (size_t i = 1; i < port.len; i++)
                if (port.data[i] < '0' || port.data[i] > '9')
                        return BYTES_NONE;
        return name;
}

/* Against DNS rebinding: a browser sends the name that its user typed, which is none of these. */
static bool request_host_is_known(Bytes host, const RequestRules *rules) {
        static const char *const known[] = {
                "localhost",          "127.0.0.1", "::1", "host.docker.internal",
                "api.moby.localhost", "docker",
        };
        Bytes name = request_host_name(host);

        if (name.len == 0)
                return false;
        for (size_t i = 0; i < ARRAY_SIZE(known); i++)
                if (bytes_ieq_ascii(name, bytes_of(known[i])))
                        return true;
        if (bytes_ieq_ascii(name, rules->local_address))
                return true;
        for (size_t i = 0; i < rules->n_hosts; i++)
                if (bytes_ieq_ascii(name, rules->hosts[i]))
                        return true;
        return false;
}

/* Old clients and BuildKit send an empty Host; no browser does. HTTP/1.0 may have none. */
static bool request_check_host(const HttpHead *head, const RequestRules *rules,
                               HttpError *ret_error) {
        const HttpHeader *h;

        if (!rules->is_tcp)
                return true;

        h = http_head_find(head, HTTP_HEADER_HOST);
        if (!h || h->value.len == 0 || request_host_is_known(h->value, rules))
                return true;
        return request_fail(ret_error, 403, "host-not-allowed",
                            "the Host is not one of those served here");
}

static bool request_origin_is_allowed(Bytes origin, const RequestRules *rules) {
        for (size_t i = 0; i < rules->n_origins; i++)
                if (bytes_ieq_ascii(origin, rules->origins[i]))
                        return true;
        return false;
}

/* Every line counts: which one a browser's page could add is not ours to guess. */
static bool request_check_origin(const HttpHead *head, const RequestRules *rules,
                                 HttpError *ret_error) {
        if (!rules->is_tcp ||
            head->n_of[HTTP_HEADER_ORIGIN] + head->n_of[HTTP_HEADER_SEC_FETCH_SITE] == 0)
                return true;

        for (unsigned i = 0; i < head->n_headers; i++) {
                const HttpHeader *h = &head->headers[i];

                if (h->id == HTTP_HEADER_ORIGIN && !request_origin_is_allowed(h->value, rules))
                        return request_fail(ret_error, 403, "origin-not-allowed",
                                            "web pages of this Origin are not served here");
                if (h->id == HTTP_HEADER_SEC_FETCH_SITE &&
                    !bytes_ieq_ascii(h->value, BYTES("none")) &&
                    !bytes_ieq_ascii(h->value, BYTES("same-origin")))
                        return request_fail(ret_error, 403, "origin-not-allowed",
                                            "requests of other web sites are not served here");
        }
        return true;
}

/* Is every escaped segment inside the slot, and may the slot have escapes at all? */
static bool request_escapes_fit(const Request *req) {
        const Target *t = req->target;
        const char *slot = req->match.slot.data, *slot_end;

        if (!req->endpoint || req->match.slot_kind != ENDPOINT_SLOT_IMAGE)
                return false;

        slot_end = slot + req->match.slot.len;
        for (unsigned i = 0; i < t->n_segments; i++)
                if (t->segment_escaped[i] && (t->segments[i].data < slot ||
                                              t->segments[i].data + t->segments[i].len > slot_end))
                        return false;
        return true;
}

static bool request_check_route(Request *req, HttpError *ret_error) {
        endpoint_find(req->head->method, req->target, &req->match);
        req->endpoint = req->match.endpoint;

        if (req->target->has_escapes && !request_escapes_fit(req))
                return request_fail(ret_error, 400, "path-escape",
                                    "the path is percent-encoded where it must not be");
        if (!req->endpoint)
                return request_fail(ret_error, 403, "unknown-endpoint",
                                    "the API has no such endpoint, or none that is known here");
        if (req->match.slot_is_bad)
                return request_fail(ret_error, 400, "slot-malformed",
                                    "the path names an object in a way that no object is named");
        if (!req->match.cannot_exist)
                return true;

        switch (req->match.slot_kind) {
        case ENDPOINT_SLOT_NETWORK:
                return request_fail(ret_error, 404, "name-cannot-exist", "No such network");
        case ENDPOINT_SLOT_VOLUME:
                return request_fail(ret_error, 404, "name-cannot-exist", "No such volume");
        case ENDPOINT_SLOT_NONE:
        case ENDPOINT_SLOT_CONTAINER:
        case ENDPOINT_SLOT_IMAGE:
        case ENDPOINT_SLOT_EXEC:
        case ENDPOINT_SLOT_OTHER:
                break;
        }
        return request_fail(ret_error, 404, "name-cannot-exist", "No such container");
}

static bool request_has_body(const Request *req) {
        return req->head->framing != HTTP_FRAMING_NONE;
}

/* Podman decodes keys in any case, so its unknown keys could be known ones of later versions. */
static bool request_check_query(Request *req, const RequestRules *rules, HttpError *ret_error) {
        const Endpoint *e = req->endpoint;
        QueryUnknown unknown = QUERY_UNKNOWN_REFUSED;
        QueryResult result;
        bool ok;

        if (e->level == ENDPOINT_LEVEL_READ && !rules->target.is_podman)
                unknown = QUERY_UNKNOWN_FORWARDED;
        else if (e->body == ENDPOINT_BODY_JSON && request_has_body(req))
                unknown = QUERY_UNKNOWN_ECHO;

        ok = query_check(req->target, e, unknown, &result, ret_error);
        req->has_unknown_keys = result.has_unknown_keys;
        req->has_judged_keys = result.has_judged_keys;
        req->has_session_keys = result.has_session_keys;
        req->bad_pair = result.bad_pair;
        return ok;
}

static bool request_check_upgrade(Request *req, HttpError *ret_error) {
        const HttpHead *head = req->head;
        Bytes token = BYTES("tcp");

        if (req->endpoint->hijack == ENDPOINT_HIJACK_NONE)
                return true;
        if (req->endpoint->hijack == ENDPOINT_HIJACK_H2C)
                token = BYTES("h2c");

        req->wants_upgrade = head->connection_upgrade && head->upgrade.len > 0;
        if (req->wants_upgrade && !bytes_ieq_ascii(head->upgrade, token))
                return request_fail(ret_error, 400, "upgrade-token",
                                    "this endpoint upgrades to another protocol only");
        if (req->endpoint->kind == ENDPOINT_KIND_H2C && !req->wants_upgrade)
                return request_fail(ret_error, 400, "upgrade-missing",
                                    "this endpoint is only reached by Upgrade: h2c");
        return true;
}

/* Media types before their parameters. */
static const char *const request_tar_types[] = {
        "application/x-tar", "application/tar",    "application/octet-stream",
        "application/gzip",  "application/x-gzip", "application/x-bzip2",
        "application/x-xz",  "application/zstd",   "text/plain",
};

static const char *const request_yaml_types[] = {
        "application/json",
        "application/yaml",
        "application/x-yaml",
        "text/yaml",
};

static bool request_type_is_in(Bytes type, const char *const *list, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (bytes_ieq_ascii(type, bytes_of(list[i])))
                        return true;
        return false;
}

/* application/json with whatever parameters, as long as the charset is UTF-8. */
static bool request_type_is_json(Bytes value) {
        Bytes piece;

        if (!bytes_split(&value, ';', &piece) ||
            !bytes_ieq_ascii(bytes_trim(piece), BYTES("application/json")))
                return false;

        while (bytes_split(&value, ';', &piece)) {
                size_t equals = bytes_find(piece, '=');
                Bytes name = bytes_trim(bytes_slice(piece, 0, equals));
                Bytes text = bytes_trim(bytes_skip(piece, equals + 1));

                if (!bytes_ieq_ascii(name, BYTES("charset")))
                        continue;
                if (!bytes_ieq_ascii(text, BYTES("utf-8")) &&
                    !bytes_ieq_ascii(text, BYTES("\"utf-8\"")))
                        return false;
        }
        return true;
}

/* The two that some handlers of the engine read parameters from, over those of the query. */
static bool request_type_is_form(Bytes type) {
        const Bytes urlencoded = BYTES("application/x-www-form-urlencoded");
        const Bytes multipart = BYTES("multipart/");

        return bytes_ieq_ascii(bytes_slice(type, 0, urlencoded.len), urlencoded) ||
               bytes_ieq_ascii(bytes_slice(type, 0, multipart.len), multipart);
}

static bool request_fail_type(HttpError *ret_error) {
        return request_fail(ret_error, 415, "content-type",
                            "this Content-Type is not accepted here");
}

static bool request_check_coding(const HttpHead *head, HttpError *ret_error) {
        if (head->n_of[HTTP_HEADER_CONTENT_ENCODING] > 0)
                return request_fail(ret_error, 415, "content-encoding",
                                    "a body with a Content-Encoding is not accepted here");
        return true;
}

/*
 * A body where none belongs: JSON that repeats the query is read, compared and dropped
 * (policy_inspect); container.start takes an empty object. All else is refused here.
 */
static bool request_check_echo(Request *req, Bytes type, HttpError *ret_error) {
        bool is_start = bytes_eq_str(bytes_of(req->endpoint->name), "container.start");
        size_t cap = is_start ? strlen("{}") : REQUEST_ECHO_MAX;

        if (type.len > 0 && !request_type_is_json(type)) {
                if (request_type_is_form(type))
                        return request_fail_type(ret_error);
                return request_fail(ret_error, 400, "body-not-expected",
                                    "this endpoint takes no body");
        }
        if (type.len == 0 && !is_start)
                return request_fail(ret_error, 400, "body-not-expected",
                                    "this endpoint takes no body");
        if (!request_check_coding(req->head, ret_error))
                return false;
        if (req->head->framing == HTTP_FRAMING_LENGTH && req->head->content_length > cap)
                return request_fail(ret_error, 413, "body-too-large",
                                    "the body is larger than this endpoint takes");

        req->body = REQUEST_BODY_COLLECT;
        req->echo_cap = cap;
        return true;
}

static bool request_check_json(Request *req, Bytes type, HttpError *ret_error) {
        bool may_lack_type = req->endpoint->is_libpod;

        if (!request_check_coding(req->head, ret_error))
                return false;
        if (type.len == 0 ? !may_lack_type : !request_type_is_json(type))
                return request_fail_type(ret_error);

        req->body = req->has_unknown_keys ? REQUEST_BODY_COLLECT : REQUEST_BODY_STREAM;
        if (type.len > 0)
                req->content_type = BYTES("application/json");
        return true;
}

/*
 * Bytes that the engine sniffs. One type is sent on, so that no engine reads a form in them; Podman
 * tells a tar from YAML by the type, so there only a tar keeps one.
 */
static bool request_check_tar(Request *req, Bytes type, HttpError *ret_error) {
        const Endpoint *e = req->endpoint;
        Bytes media = bytes_trim(bytes_slice(type, 0, bytes_find(type, ';')));
        bool is_podman_raw = e->is_libpod && e->body == ENDPOINT_BODY_RAW;
        bool is_tar = type.len == 0 ||
                      request_type_is_in(media, request_tar_types, ARRAY_SIZE(request_tar_types));
        bool is_yaml = is_podman_raw && request_type_is_in(media, request_yaml_types,
                                                           ARRAY_SIZE(request_yaml_types));

        if (!is_tar && !is_yaml)
                return request_fail_type(ret_error);

        req->body = REQUEST_BODY_STREAM;
        if (is_podman_raw) {
                if (bytes_ends_with(media, BYTES("tar")))
                        req->content_type = BYTES("application/x-tar");
        } else if (e->method != HTTP_METHOD_PUT)
                req->content_type = BYTES("application/x-tar");
        return true;
}

static bool request_check_body(Request *req, HttpError *ret_error) {
        const HttpHead *head = req->head;
        const HttpHeader *h = http_head_find(head, HTTP_HEADER_CONTENT_TYPE);
        Bytes type = h ? h->value : BYTES_NONE;

        if (head->expects_other)
                return request_fail(ret_error, 417, "expect",
                                    "only Expect: 100-continue is understood");
        if (!request_check_upgrade(req, ret_error))
                return false;

        if (!request_has_body(req)) {
                req->body = REQUEST_BODY_NONE;
                return true;
        }

        switch (req->endpoint->body) {
        case ENDPOINT_BODY_NONE:
                return request_check_echo(req, type, ret_error);
        case ENDPOINT_BODY_JSON:
                return request_check_json(req, type, ret_error);
        case ENDPOINT_BODY_TAR:
        case ENDPOINT_BODY_RAW:
                return request_check_tar(req, type, ret_error);
        }
        return request_fail(ret_error, 400, "body-not-expected", "this endpoint takes no body");
}

bool request_build(Request *ret, const HttpHead *head, Target *target, const RequestRules *rules,
                   HttpError *ret_error) {
        *ret = (Request){ .head = head, .target = target };

        if (head->method == HTTP_METHOD_OTHER)
                return request_fail(ret_error, 403, "method-not-allowed",
                                    "the API has no such method");

        return target_parse(target, head->target, &rules->target, ret_error) &&
               request_check_host(head, rules, ret_error) &&
               request_check_origin(head, rules, ret_error) &&
               request_check_route(ret, ret_error) && request_check_query(ret, rules, ret_error) &&
               request_check_body(ret, ret_error);
}

int request_query(const Request *req, Buffer *out, Bytes *ret_query) {
        const Target *t = req->target;
        unsigned n_dropped = 0, n_written = 0;
        int r;

        for (unsigned i = 0; i < t->n_pairs; i++)
                n_dropped += t->pairs[i].dropped;
        if (n_dropped == 0) {
                *ret_query = t->query;
                return 0;
        }

        buffer_clear(out);
        for (unsigned i = 0; i < t->n_pairs; i++) {
                const QueryPair *pair = &t->pairs[i];

                if (pair->dropped)
                        continue;
                if (n_written++ > 0) {
                        r = buffer_append_str(out, "&");
                        if (r < 0)
                                return r;
                }
                r = buffer_append(out, (Bytes){ pair->key.data, pair->key.len + 1 });
                if (r < 0)
                        return r;
                r = buffer_append(out, pair->raw);
                if (r < 0)
                        return r;
        }

        *ret_query = buffer_bytes(out);
        return 0;
}
