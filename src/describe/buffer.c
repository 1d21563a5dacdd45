/* Buffers, and what is promised of them. */
#include "core/buffer.h"

#include "core/pledge.h"
#include "describe/describe.h"

/* ---- buffers ------------------------------------------------------------- */

typedef enum readiness {
  READINESS_UNKNOWN = 0, /* the plugin cannot tell */
  READINESS_PENDING = 1,
  READINESS_READY = 2,
  READINESS_FAILED = 3
} readiness;

/* Without waiting. Another thread may end the buffer meanwhile. */
static readiness look_at(pjrt_buffer *buffer, pjrt_error **out_error) {
  pjrt_event *event;
  bool ready = false;
  readiness found = READINESS_UNKNOWN;
  *out_error = NULL;
  if (pjrt_error_consume(pjrt_buffer_ready_event(buffer, &event))) return found;
  if (!pjrt_error_consume(pjrt_event_is_ready(event, &ready))) {
    found = READINESS_PENDING;
  }
  if (ready) {
    *out_error = pjrt_event_error(event);
    found = *out_error ? READINESS_FAILED : READINESS_READY;
  }
  pjrt_event_free(event);
  return found;
}

static readiness append_readiness(pjrt_builder *text, pjrt_buffer *buffer) {
  static const char *const words[] = {[READINESS_UNKNOWN] = "readiness unknown",
                                      [READINESS_PENDING] = "pending",
                                      [READINESS_READY] = "ready",
                                      [READINESS_FAILED] = "failed, "};
  pjrt_error *error;
  const readiness found = look_at(buffer, &error);
  pjrt_builder_appendf(text, ", %s", words[found]);
  if (error) pjrt_describe_error(text, error);
  pjrt_error_free(error);
  return found;
}

static readiness append_state(pjrt_builder *text, pjrt_buffer *buffer) {
  const unsigned state = atomic_load(&buffer->state);
  const unsigned num_mappings = state / PJRT_BUFFER_ONE_MAPPING;
  if (state & PJRT_BUFFER_ADOPTED) {
    pjrt_builder_appendf(text, ", in memory that was lent");
  }
  if (num_mappings == 1) pjrt_builder_appendf(text, ", mapped");
  if (num_mappings > 1) {
    pjrt_builder_appendf(text, ", mapped %u times", num_mappings);
  }
  switch (state & PJRT_BUFFER_KIND_MASK) {
    case PJRT_BUFFER_CLAIMED:
      pjrt_builder_appendf(text, ", being donated");
      return READINESS_UNKNOWN;
    case PJRT_BUFFER_DONATED:
      pjrt_builder_appendf(text, ", donated");
      return READINESS_UNKNOWN;
    case PJRT_BUFFER_DELETED:
      pjrt_builder_appendf(text, ", deleted");
      return READINESS_UNKNOWN;
    default:
      break;
  }
  if (!pjrt_client_is_forked(buffer->client)) {
    return append_readiness(text, buffer);
  }
  pjrt_builder_appendf(text, ", made before this process was forked");
  return READINESS_UNKNOWN;
}

/* How much the device needs is asked of ready buffers alone: a promised one may
 * have no memory yet. */
static void append_buffer_rest(pjrt_builder *text, pjrt_buffer *buffer,
                               readiness found) {
  pjrt_memory *memory;
  size_t size;
  pjrt_describe_line(text);
  pjrt_builder_appendf(text, "of the client");
  pjrt_describe_plugin(text, buffer->client->plugin);
  if (found == READINESS_UNKNOWN) return;
  if (!pjrt_error_consume(pjrt_buffer_memory(buffer, &memory))) {
    pjrt_describe_line(text);
    pjrt_describe_memory(text, memory);
  }
  if (found == READINESS_READY &&
      !pjrt_error_consume(pjrt_buffer_on_device_size(buffer, &size))) {
    pjrt_describe_line(text);
    pjrt_describe_count(text, size, "byte");
    pjrt_builder_appendf(text, " on the device");
  }
}

pjrt_error *pjrt_buffer_describe(pjrt_buffer *buffer, pjrt_detail detail,
                                 char **out, size_t *out_size) {
  pjrt_builder text;
  if (pjrt_describe_begin(&text, buffer, "buffer")) {
    char shape[PJRT_SPEC_TEXT_SIZE];
    pjrt_spec_print(buffer->spec, shape);
    pjrt_builder_appendf(&text, "buffer %s on ", shape);
    pjrt_describe_device(&text, buffer->spec->device);
    pjrt_builder_appendf(&text, ", ");
    pjrt_describe_count(&text, buffer->spec->host_size, "byte");
    const readiness found = append_state(&text, buffer);
    if (detail == PJRT_ALL_LINES) append_buffer_rest(&text, buffer, found);
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- promises ------------------------------------------------------------ */

pjrt_error *pjrt_raw_copy_describe(const pjrt_raw_copy *copy,
                                   pjrt_detail detail, char **out,
                                   size_t *out_size) {
  pjrt_builder text;
  (void)detail;
  if (pjrt_describe_begin(&text, copy, "raw copy")) {
    pjrt_builder_appendf(&text, "raw copy of ");
    pjrt_describe_count(&text, copy->size, "byte");
    pjrt_describe_client(&text, copy->pledge.client);
    pjrt_builder_appendf(&text, atomic_load(&copy->pledge.is_kept)
                                    ? ", answered"
                                    : ", without a destination yet");
  }
  return pjrt_builder_finish(&text, out, out_size);
}

pjrt_error *pjrt_alias_describe(const pjrt_alias *alias, pjrt_detail detail,
                                char **out, size_t *out_size) {
  pjrt_builder text;
  (void)detail;
  if (pjrt_describe_begin(&text, alias, "alias")) {
    char shape[PJRT_SPEC_TEXT_SIZE];
    pjrt_spec_print(alias->spec, shape);
    pjrt_builder_appendf(&text, "alias of %s", shape);
    pjrt_describe_client(&text, alias->pledge.client);
    pjrt_builder_appendf(&text, atomic_load(&alias->pledge.is_kept)
                                    ? ", answered"
                                    : ", without a buffer yet");
  }
  return pjrt_builder_finish(&text, out, out_size);
}

/* ---- mapped host memory -------------------------------------------------- */

pjrt_error *pjrt_dma_mapping_describe(const pjrt_dma_mapping *mapping,
                                      pjrt_detail detail, char **out,
                                      size_t *out_size) {
  pjrt_builder text;
  (void)detail;
  if (pjrt_describe_begin(&text, mapping, "mapping")) {
    pjrt_builder_appendf(&text, "mapping of ");
    pjrt_describe_count(&text, mapping->size, "byte");
    pjrt_builder_appendf(&text, " at %p", (void *)mapping->begin);
    pjrt_describe_client(&text, mapping->client);
  }
  return pjrt_builder_finish(&text, out, out_size);
}
