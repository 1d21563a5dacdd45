#include "ext/answer.h"

#include "abi/counts.h"
#include "base/error.h"
#include "base/text.h"
#include "pjrt/array.h"

pjrt_error *pjrt_ext_check_object(const pjrt_plugin *plugin, const char *call,
                                  const char *what, const void *object) {
  if (object) return NULL;
  return pjrt_error_about(
      pjrt_error_format(PJRT_INTERNAL,
                        "the plugin reports success and gives no %s", what),
      plugin, call);
}

pjrt_error *pjrt_ext_copy_bytes(const pjrt_plugin *plugin, const char *call,
                                const char *bytes, size_t size, void **out,
                                size_t *out_size) {
  *out = NULL;
  *out_size = 0;
  pjrt_error *error = pjrt_bytes_check("a number of bytes", size, bytes);
  if (error) return pjrt_error_about(error, plugin, call);
  PJRT_TRY(pjrt_host_alloc(size, out));
  if (size > 0) memcpy(*out, bytes, size);
  *out_size = size;
  return NULL;
}

pjrt_error *pjrt_ext_copy_text(const pjrt_plugin *plugin, const char *call,
                               const char *text, size_t size, char **out,
                               size_t *out_size) {
  *out = NULL;
  if (out_size) *out_size = 0;
  pjrt_error *error = pjrt_bytes_check("a text's size", size, text);
  if (error) return pjrt_error_about(error, plugin, call);
  PJRT_TRY(pjrt_text_copy(text ? text : "", size, out));
  if (out_size) *out_size = size;
  return NULL;
}
