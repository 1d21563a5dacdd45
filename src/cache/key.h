/* What an entry of a compile cache is found by: a digest of everything that
 * the machine code depends on, field by field, so that a miss can be told. */
#ifndef PJRT_CACHE_KEY_H_
#define PJRT_CACHE_KEY_H_

#include "base/sha256.h"
#include "base/text.h"
#include "pjrt/compile.h"

typedef enum pjrt_cache_field {
  PJRT_CACHE_PROGRAM,
  PJRT_CACHE_OPTIONS,
  PJRT_CACHE_PLUGIN,
  PJRT_CACHE_PLATFORM,
  PJRT_CACHE_DEVICES,
  PJRT_CACHE_MACHINE,
  PJRT_CACHE_ENVIRONMENT,
  PJRT_CACHE_NUM_FIELDS
} pjrt_cache_field;

/* Sixteen digits of the program's digest and all of the key's, so that entries
 * of one program stand side by side: "0123456789abcdef-<64 digits>.pjrt". */
enum {
  PJRT_CACHE_PROGRAM_DIGITS = 16,
  PJRT_CACHE_KEY_DIGITS = 64,
  PJRT_CACHE_NAME_SIZE =
      PJRT_CACHE_PROGRAM_DIGITS + 1 + PJRT_CACHE_KEY_DIGITS + sizeof ".pjrt"
};

typedef struct pjrt_cache_key {
  unsigned char fields[PJRT_CACHE_NUM_FIELDS][PJRT_SHA256_SIZE];
  char name[PJRT_CACHE_NAME_SIZE]; /* of the entry's file */
  void *options;                   /* serialized */
  size_t options_size;
} pjrt_cache_key;

/* Clear it, also when this fails. */
pjrt_error *pjrt_cache_key_make(pjrt_client *client,
                                const pjrt_program *program,
                                const pjrt_compile_opts *opts,
                                pjrt_cache_key *out)
    __attribute__((warn_unused_result));
void pjrt_cache_key_clear(pjrt_cache_key *key);

/* Whether a file's name is that of an entry. */
bool pjrt_cache_is_entry_name(const char *name);

/* Adds what tells processors apart that do not run each other's code: XLA's
 * CPU plugin compiles for the one that it runs on, and every plugin may have
 * code for the host in its executables. */
void pjrt_cache_hash_machine(pjrt_sha256 *hash);

/* Appends the paths of the fields in which two serialized CompileOptionsProtos
 * differ, with commas between them. */
void pjrt_cache_compare_options(const void *a, size_t a_size, const void *b,
                                size_t b_size, pjrt_builder *out);

#endif /* PJRT_CACHE_KEY_H_ */
