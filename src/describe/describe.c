#include "describe/describe.h"

#include <inttypes.h>
#include <string.h>

bool pjrt_describe_begin(pjrt_builder *text, const void *object,
                         const char *noun) {
  *text = (pjrt_builder){0};
  if (!object) pjrt_builder_appendf(text, "no %s", noun);
  return object;
}

void pjrt_describe_line(pjrt_builder *text) {
  pjrt_builder_append(text, "\n  ", 3);
}

void pjrt_describe_text(pjrt_builder *text, const char *data, size_t size) {
  for (size_t i = 0; i < size; i++) {
    const unsigned char c = (unsigned char)data[i];
    pjrt_builder_append(text, c < ' ' || c == 0x7f ? " " : data + i, 1);
  }
}

void pjrt_describe_fact(pjrt_builder *text, const pjrt_text_fact *fact) {
  pjrt_describe_text(text, fact->data, fact->size);
}

void pjrt_describe_list(pjrt_builder *text, const char *brackets,
                        const int64_t *list, size_t num) {
  pjrt_builder_append(text, brackets, 1);
  for (size_t i = 0; i < num; i++) {
    pjrt_builder_appendf(text, "%s%" PRId64, i ? "," : "", list[i]);
  }
  pjrt_builder_append(text, brackets + 1, 1);
}

void pjrt_describe_shape(pjrt_builder *text, pjrt_dtype dtype,
                         const int64_t *dims, size_t num_dims) {
  pjrt_builder_appendf(text, "%s", pjrt_dtype_name(dtype));
  pjrt_describe_list(text, "[]", dims, num_dims);
}

void pjrt_describe_count(pjrt_builder *text, size_t num, const char *noun) {
  pjrt_builder_appendf(text, "%zu %s%s", num, noun, num == 1 ? "" : "s");
}

void pjrt_describe_plugin(pjrt_builder *text, const pjrt_plugin *plugin) {
  pjrt_builder_appendf(text, " on ");
  pjrt_describe_text(text, plugin->label, strlen(plugin->label));
}

void pjrt_describe_client(pjrt_builder *text, const pjrt_client *client) {
  pjrt_describe_plugin(text, client->plugin);
  if (pjrt_client_is_forked(client)) {
    pjrt_builder_appendf(text, ", made before this process was forked");
  }
}

/* The shorter of a device's two names; either may be missing. */
static const pjrt_text_fact *short_name(const pjrt_device_description *known) {
  const pjrt_text_fact *one = &known->debug_string, *other = &known->to_string;
  if (!one->size || !other->size) return one->size ? one : other;
  return one->size <= other->size ? one : other;
}

void pjrt_describe_device(pjrt_builder *text, const pjrt_device *device) {
  const pjrt_text_fact *name = short_name(&device->description);
  pjrt_builder_appendf(text, "device %d", device->description.id);
  if (!name->size) return;
  pjrt_builder_appendf(text, " (");
  pjrt_describe_fact(text, name);
  pjrt_builder_appendf(text, ")");
}
