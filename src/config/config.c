/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the files of an instance in order, each after the presets that it names, and hands their
 * lines to the table of keys. Trusts nothing in the files; refuses the whole configuration at the
 * first fault, since half a policy is another policy.
 */
#include "config/config.h"

#include "config/builder.h"
#include "config/lines.h"
#include "util/buffer.h"
#include "util/sha256.h"

#include <errno.h>
#include <ini.h>

/* One file on its way through inih. */
typedef struct Reading {
        Builder *builder;
        Lines lines;
        const char *file;
        bool is_preset;
        bool wants_presets; /* the first pass: only [policy] preset counts */
} Reading;

static Place reading_place(const Reading *r) {
        return (Place){ .file = r->file, .line = r->lines.number };
}

static int reading_refuse_section(Reading *r, Bytes section) {
        Nearest near;

        nearest_init(&near, section);
        key_nearest_section(&near);
        return builder_fail(r->builder, reading_place(r), "unknown section [%.*s]%s%s%s",
                            (int) section.len, section.data, NEAREST_ARGS(near));
}

static int reading_refuse_key(Reading *r, Bytes section, Bytes name) {
        Nearest near;

        nearest_init(&near, name);
        key_nearest_name(&near, section);
        return builder_fail(r->builder, reading_place(r), "unknown key '%.*s' in [%.*s]%s%s%s",
                            (int) name.len, name.data, (int) section.len, section.data,
                            NEAREST_ARGS(near));
}

static int reading_set(Reading *r, Bytes section, Bytes name, Bytes value) {
        const Key *key = key_find(section, name);
        bool is_preset_key;

        if (!key)
                return reading_refuse_key(r, section, name);

        is_preset_key = key == key_find(BYTES("policy"), BYTES("preset"));
        if (is_preset_key && r->is_preset)
                return builder_fail(
                        r->builder, reading_place(r),
                        "a preset can't name presets: name both in the instance's file");
        if (is_preset_key)
                return 0; /* the first pass took it */
        return builder_set(r->builder, key, value, reading_place(r), r->is_preset);
}

/* inih's handler; 1 tells it that all is well. */
static int reading_on_key(void *userdata, const char *section, const char *name,
                          const char *value) {
        Reading *r = userdata;
        Bytes s = bytes_of(section), n = bytes_of(name), v = bytes_of(value);

        if (r->builder->r < 0)
                return 1;

        if (r->wants_presets) {
                const Key *key = key_find(s, n);

                if (key && key == key_find(BYTES("policy"), BYTES("preset")))
                        (void) builder_set(r->builder, key, v, reading_place(r), false);
        } else if (bytes_ieq_ascii(s, BYTES("allow"))) {
                (void) grants_allow(r->builder, n, v, reading_place(r));
        } else if (bytes_ieq_ascii(s, BYTES("deny"))) {
                (void) grants_deny(r->builder, n, v, reading_place(r));
        } else {
                (void) reading_set(r, s, n, v);
        }
        return 1;
}

/* inih's reader. A section without keys reaches no handler, so its name is checked here. */
static char *reading_on_line(char *room, int size, void *userdata) {
        Reading *r = userdata;
        Bytes section;
        char *line;

        if (r->builder->r < 0)
                return NULL;
        line = lines_read(room, size, &r->lines);
        if (!line || line[0] != '[')
                return line;

        section = bytes_slice(bytes_of(line), 1, strlen(line) - strlen("[]\n"));
        if (bytes_ieq_ascii(section, BYTES("allow")) || bytes_ieq_ascii(section, BYTES("deny")) ||
            key_section_exists(section))
                return line;
        (void) reading_refuse_section(r, section);
        return NULL;
}

static int reading_run(Reading *r, Bytes text) {
        int result;

        lines_init(&r->lines, text);
        result = ini_parse_stream(reading_on_line, r, reading_on_key, r);
        if (r->builder->r < 0)
                return r->builder->r;
        if (r->lines.problem)
                return builder_fail(r->builder, reading_place(r), "%s", r->lines.problem);
        if (result < 0)
                return builder_fail_oom(r->builder);
        if (result > 0)
                return builder_fail(r->builder, (Place){ r->file, (unsigned) result },
                                    "the line is neither a [section] nor key = value");
        return 0;
}

/* The preset's name out of ".../NAME.conf". */
static Bytes preset_name(const ConfigFile *file) {
        Bytes name = bytes_of(file->path);
        size_t n = name.len;

        while (n > 0 && name.data[n - 1] != '/')
                n--;
        name = bytes_skip(name, n);
        if (bytes_ends_with(name, BYTES(".conf")))
                name.len -= strlen(".conf");
        return name;
}

static const ConfigFile *preset_find(const ConfigOptions *options, Bytes name) {
        for (size_t i = 0; i < options->n_presets; i++)
                if (bytes_eq(preset_name(&options->presets[i]), name))
                        return &options->presets[i];
        return NULL;
}

static int config_refuse_preset(Builder *b, const Word *word) {
        _cleanup_(buffer_done) Buffer known = { 0 };
        Bytes list;

        for (size_t i = 0; i < b->options->n_presets; i++) {
                Bytes name = preset_name(&b->options->presets[i]);

                if (buffer_printf(&known, " %.*s", (int) name.len, name.data) < 0)
                        return builder_fail_oom(b);
        }
        list = buffer_bytes(&known);
        return builder_fail(b, word->place, "unknown preset '%.*s'; known:%.*s",
                            (int) word->text.len, word->text.data, (int) list.len,
                            list.len > 0 ? list.data : "");
}

static int config_read(Builder *b, const char *name, const ConfigFile *file, bool is_preset,
                       Sha256 *sha) {
        Reading r = { .builder = b, .file = name, .is_preset = is_preset };

        sha256_update(sha, file->text);
        return reading_run(&r, file->text);
}

/* Was the preset named by an earlier word? */
static bool preset_is_again(const Words *words, size_t index) {
        for (size_t i = 0; i < index; i++)
                if (bytes_eq(words->items[i].text, words->items[index].text))
                        return true;
        return false;
}

/* The presets that this file names, before it. */
static int config_read_presets(Builder *b, const char *file, Sha256 *sha) {
        const Words *words = &builder_setting(b, "policy", "preset")->words;

        for (size_t i = 0; i < words->n; i++) {
                const ConfigFile *preset;
                const char *name;

                if (words->items[i].place.file != file || preset_is_again(words, i))
                        continue;
                preset = preset_find(b->options, words->items[i].text);
                if (!preset)
                        return config_refuse_preset(b, &words->items[i]);
                if (!preset->text.data)
                        return builder_fail(b, words->items[i].place, "the preset was not read");
                name = builder_add_file(b, preset->path);
                if (!name)
                        return b->r;
                if (config_read(b, name, preset, true, sha) < 0)
                        return b->r;
        }
        return 0;
}

static int config_read_all(Builder *b, const ConfigFile *files, size_t n_files, Sha256 *sha) {
        for (size_t i = 0; i < n_files; i++) {
                Reading r = { .builder = b, .wants_presets = true };

                r.file = builder_add_file(b, files[i].path);
                if (!r.file || reading_run(&r, files[i].text) < 0)
                        return b->r;
        }
        for (size_t i = 0; i < n_files; i++) {
                const char *name = b->policy->files[i];

                if (config_read_presets(b, name, sha) < 0)
                        return b->r;
                if (config_read(b, name, &files[i], files[i].is_preset, sha) < 0)
                        return b->r;
        }
        return 0;
}

int config_parse(const ConfigFile *files, size_t n_files, const ConfigOptions *options,
                 Policy **ret, ConfigError *ret_error) {
        _cleanup_(builder_done) Builder b = { 0 };
        uint8_t digest[SHA256_SIZE];
        Sha256 sha;

        assert(files || n_files == 0);
        assert(options && options->instance && options->runtime_dir);
        assert(ret);
        assert(ret_error);

        sha256_init(&sha);
        if (builder_init(&b, options, ret_error) < 0 ||
            config_read_all(&b, files, n_files, &sha) < 0 || compile_policy(&b) < 0 ||
            grants_resolve(&b) < 0 || compile_check_images(&b) < 0)
                return b.r;

        sha256_final(&sha, digest);
        sha256_format(digest, b.policy->sha256);
        *ret = TAKE_PTR(b.policy);
        return 0;
}
