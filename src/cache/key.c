#include "cache/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "core/artifact.h"
#include "core/client.h"
#include "core/compile_options.h"
#include "core/plugin.h"

/* As much as XLA reads of a file of flags, and more. */
#define MAX_FLAGS_SIZE ((size_t)1 << 20)

/* ---- fields -------------------------------------------------------------- */

static void add_text(pjrt_sha256 *hash, const char *text) {
  pjrt_sha256_update_part(hash, text, strlen(text));
}

static void add_fact(pjrt_sha256 *hash, const pjrt_text_fact *fact) {
  pjrt_sha256_update_part(hash, fact->data, fact->size);
}

static void add_number(pjrt_sha256 *hash, uint64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%llu", (unsigned long long)number);
  add_text(hash, text);
}

static void hash_program(const pjrt_program *program, pjrt_sha256 *hash) {
  size_t size;
  const void *code = pjrt_program_code(program, &size);
  add_number(hash, pjrt_program_format_of(program));
  pjrt_sha256_update_part(hash, code, size);
}

static void hash_plugin(const pjrt_plugin *plugin, const char *identity,
                        pjrt_sha256 *hash) {
  add_number(hash, (uint64_t)plugin->major);
  add_number(hash, (uint64_t)plugin->minor);
  add_text(hash, identity);
}

/* A plugin that tells no fingerprint still tells its devices. */
static void hash_devices(pjrt_client *client, pjrt_sha256 *hash) {
  pjrt_topology *topology;
  uint64_t fingerprint = 0;
  pjrt_error *error = pjrt_client_topology(client, &topology);
  if (!error) error = pjrt_topology_fingerprint(topology, &fingerprint);
  pjrt_error_free(error);
  add_number(hash, fingerprint);
  add_number(hash, (uint64_t)client->process_index);
  add_number(hash, client->num_addressable_devices);
  add_number(hash, client->num_devices);
  for (size_t i = 0; i < client->num_devices; i++) {
    const pjrt_device_description *it = &client->devices[i].description;
    add_number(hash, (uint64_t)it->id);
    add_number(hash, (uint64_t)it->process_index);
    add_fact(hash, &it->kind);
    add_fact(hash, &it->to_string);
  }
}

/* XLA takes what does not begin with a dash for the name of a file of flags. */
static void hash_flags_file(const char *value, pjrt_sha256 *hash) {
  char *text = NULL;
  size_t size = 0;
  const char *first = value + strspn(value, " \t\r\n");
  if (*first && *first != '-') {
    pjrt_error_free(
        pjrt_file_read("flags", value, MAX_FLAGS_SIZE, &text, &size));
  }
  pjrt_sha256_update_part(hash, text, size);
  free(text);
}

/* Plugins read these, and compile accordingly. */
static void hash_environment(pjrt_sha256 *hash) {
  static const char *const names[] = {"XLA_FLAGS", "LIBTPU_INIT_ARGS"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    add_text(hash, value ? value : "");
    hash_flags_file(value ? value : "", hash);
  }
}

static void hash_field(pjrt_client *client, const pjrt_program *program,
                       const char *identity, pjrt_cache_field field,
                       const pjrt_cache_key *key, pjrt_sha256 *hash) {
  switch (field) {
    case PJRT_CACHE_PROGRAM:
      hash_program(program, hash);
      return;
    case PJRT_CACHE_OPTIONS:
      pjrt_sha256_update_part(hash, key->options, key->options_size);
      return;
    case PJRT_CACHE_PLUGIN:
      hash_plugin(client->plugin, identity, hash);
      return;
    case PJRT_CACHE_PLATFORM:
      add_fact(hash, &client->platform_name);
      add_fact(hash, &client->platform_version);
      return;
    case PJRT_CACHE_DEVICES:
      hash_devices(client, hash);
      return;
    case PJRT_CACHE_MACHINE:
      pjrt_cache_hash_machine(hash);
      return;
    case PJRT_CACHE_ENVIRONMENT:
      hash_environment(hash);
      return;
    case PJRT_CACHE_NUM_FIELDS:
      return;
  }
}

/* ---- names --------------------------------------------------------------- */

static void name_entry(pjrt_cache_key *key) {
  pjrt_sha256 hash;
  unsigned char digest[PJRT_SHA256_SIZE];
  char program[PJRT_SHA256_TEXT_SIZE], all[PJRT_SHA256_TEXT_SIZE];
  pjrt_sha256_init(&hash);
  add_number(&hash, PJRT_ARTIFACT_VERSION);
  pjrt_sha256_update(&hash, key->fields, sizeof key->fields);
  pjrt_sha256_finish(&hash, digest);
  pjrt_sha256_print(digest, all);
  pjrt_sha256_print(key->fields[PJRT_CACHE_PROGRAM], program);
  snprintf(key->name, sizeof key->name, "%.*s-%s.pjrt",
           PJRT_CACHE_PROGRAM_DIGITS, program, all);
}

static bool are_digits(const char *text, size_t num) {
  return strspn(text, "0123456789abcdef") == num;
}

bool pjrt_cache_is_entry_name(const char *name) {
  return strlen(name) == PJRT_CACHE_NAME_SIZE - 1 &&
         are_digits(name, PJRT_CACHE_PROGRAM_DIGITS) &&
         name[PJRT_CACHE_PROGRAM_DIGITS] == '-' &&
         are_digits(name + PJRT_CACHE_PROGRAM_DIGITS + 1,
                    PJRT_CACHE_KEY_DIGITS) &&
         strcmp(name + PJRT_CACHE_NAME_SIZE - sizeof ".pjrt", ".pjrt") == 0;
}

/* ---- making -------------------------------------------------------------- */

pjrt_error *pjrt_cache_key_make(pjrt_client *client,
                                const pjrt_program *program,
                                const pjrt_compile_opts *opts,
                                pjrt_cache_key *out) {
  pjrt_compile_opts known;
  const char *identity;
  *out = (pjrt_cache_key){.options = NULL};
  PJRT_TRY(pjrt_compile_opts_read(opts, &known));
  PJRT_TRY(pjrt_compile_opts_serialize(&known, known.device_ids,
                                       known.num_device_ids, &out->options,
                                       &out->options_size));
  PJRT_TRY(pjrt_plugin_identity(client->plugin, &identity));
  for (int i = 0; i < PJRT_CACHE_NUM_FIELDS; i++) {
    pjrt_sha256 hash;
    pjrt_sha256_init(&hash);
    hash_field(client, program, identity, (pjrt_cache_field)i, out, &hash);
    pjrt_sha256_finish(&hash, out->fields[i]);
  }
  name_entry(out);
  return NULL;
}

void pjrt_cache_key_clear(pjrt_cache_key *key) {
  free(key->options);
  key->options = NULL;
}
