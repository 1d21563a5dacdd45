/* Any bytes as serialized compile options: no crash, what is accepted has
 * counts on which no plugin ends the process, and can be told as JSON, read
 * back and changed. And as JSON, and as the path of a field. */
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/compile_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_facts(const uint8_t *data, size_t size) {
  pjrt_compile_facts facts;
  pjrt_error *error = pjrt_compile_facts_read(data, size, &facts);
  if (!error && (facts.num_replicas < 1 || facts.num_partitions < 1 ||
                 facts.num_replicas > INT_MAX / facts.num_partitions)) {
    abort();
  }
  pjrt_error_free(error);
}

/* The first line is a path, the rest JSON for it. */
static void check_text(const char *text, size_t size) {
  const char *end = size ? memchr(text, '\n', size) : NULL;
  const size_t path_size = end ? (size_t)(end - text) : size;
  pjrt_compile_options *options;
  pjrt_error_free(pjrt_compile_options_from_json(text, size, &options));
  pjrt_compile_options_free(options);
  pjrt_error_free(pjrt_compile_options_create(NULL, &options));
  if (!options) abort();
  pjrt_error_free(pjrt_compile_options_set_json(
      options, text, path_size, text + path_size, size - path_size));
  pjrt_error_free(pjrt_compile_options_set_int64(options, text, path_size, 1));
  pjrt_error_free(pjrt_compile_options_clear(options, text, path_size));
  pjrt_compile_options_free(options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  check_facts(data, size);
  check_text((const char *)data, size);
  pjrt_compile_options *options;
  pjrt_error *error = pjrt_compile_options_parse(data, size, &options);
  if (error) {
    pjrt_error_free(error);
    return 0;
  }
  char *json;
  size_t json_size;
  pjrt_error_free(pjrt_compile_options_to_json(options, &json, &json_size));
  if (!json || strlen(json) != json_size) abort();
  pjrt_compile_options *again;
  pjrt_error_free(pjrt_compile_options_from_json(json, json_size, &again));
  free(json);
  pjrt_compile_options_free(again);
  pjrt_error_free(pjrt_compile_options_clear(
      options, "executable_build_options.num_replicas", PJRT_NUL_ENDED));
  pjrt_compile_options_free(options);
  return 0;
}
