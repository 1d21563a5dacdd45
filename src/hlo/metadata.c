/* Where instructions come from: names and places in the source. */
#include "hlo/hlo.h"

enum {
  METADATA_OP_TYPE = 1,
  METADATA_OP_NAME = 2,
  METADATA_SOURCE_FILE = 3,
  METADATA_SOURCE_LINE = 4,
  METADATA_PROFILE_TYPE = 5,
  METADATA_DEDUPLICATED_NAME = 12,
  METADATA_STACK_FRAME_ID = 15,
  METADATA_SCHEDULING_NAME = 16,
  METADATA_SOURCE_END_LINE = 17,
  METADATA_SOURCE_COLUMN = 18,
  METADATA_SOURCE_END_COLUMN = 19,
  METADATA_PAYLOAD = 20,
  FRAME_FILE_LOCATION_ID = 1,
  FRAME_PARENT_FRAME_ID = 2,
  LOCATION_FILE_NAME_ID = 1,
  LOCATION_FUNCTION_NAME_ID = 2,
  LOCATION_LINE = 3,
  LOCATION_COLUMN = 4,
  LOCATION_END_LINE = 5,
  LOCATION_END_COLUMN = 6
};

bool pjrt_hlo_has_metadata(hlo_printer *p, hlo_bytes metadata) {
  return pjrt_hlo_bytes(p, metadata, METADATA_OP_TYPE).size ||
         pjrt_hlo_bytes(p, metadata, METADATA_OP_NAME).size ||
         pjrt_hlo_bytes(p, metadata, METADATA_SOURCE_FILE).size ||
         pjrt_hlo_bytes(p, metadata, METADATA_SCHEDULING_NAME).size ||
         pjrt_hlo_varint(p, metadata, METADATA_STACK_FRAME_ID);
}

/* Between what is there stands a blank. */
static void put_text(hlo_printer *p, const char **before, const char *name,
                     hlo_bytes text) {
  if (text.size == 0) return;
  pjrt_hlo_put(p, *before);
  pjrt_hlo_put(p, name);
  pjrt_hlo_put_quoted(p, text);
  *before = " ";
}

static void put_number(hlo_printer *p, const char **before, const char *name,
                       int64_t value) {
  if (value == 0) return;
  pjrt_hlo_put(p, *before);
  pjrt_hlo_put(p, name);
  pjrt_hlo_put_int(p, value);
  *before = " ";
}

void pjrt_hlo_put_metadata(hlo_printer *p, hlo_bytes metadata) {
  const uint64_t frame = pjrt_hlo_varint(p, metadata, METADATA_STACK_FRAME_ID);
  const char *before = "";
  put_text(p, &before,
           "op_type=", pjrt_hlo_bytes(p, metadata, METADATA_OP_TYPE));
  put_text(p, &before,
           "op_name=", pjrt_hlo_bytes(p, metadata, METADATA_OP_NAME));
  put_text(p, &before,
           "source_file=", pjrt_hlo_bytes(p, metadata, METADATA_SOURCE_FILE));
  put_number(p, &before,
             "source_line=", pjrt_hlo_int(p, metadata, METADATA_SOURCE_LINE));
  put_number(p, &before, "source_end_line=",
             pjrt_hlo_int(p, metadata, METADATA_SOURCE_END_LINE));
  put_number(p, &before, "source_column=",
             pjrt_hlo_int(p, metadata, METADATA_SOURCE_COLUMN));
  put_number(p, &before, "source_end_column=",
             pjrt_hlo_int(p, metadata, METADATA_SOURCE_END_COLUMN));
  if (!pjrt_hlo_is_empty(p, metadata, METADATA_PROFILE_TYPE)) {
    pjrt_hlo_put(p, before);
    pjrt_hlo_put(p, "profile_type={");
    pjrt_hlo_put_ints(p, metadata, METADATA_PROFILE_TYPE, ",");
    pjrt_hlo_put(p, "}");
    before = " ";
  }
  put_text(p, &before, "deduplicated_name=",
           pjrt_hlo_bytes(p, metadata, METADATA_DEDUPLICATED_NAME));
  /* Counted from 1; one that is not there is passed over. */
  if (frame <= p->num_stack_frames) {
    put_number(p, &before, "stack_frame_id=", (int64_t)frame);
  }
  put_text(p, &before, "scheduling_name=",
           pjrt_hlo_bytes(p, metadata, METADATA_SCHEDULING_NAME));
  const hlo_bytes payload = pjrt_hlo_bytes(p, metadata, METADATA_PAYLOAD);
  put_text(p, &before, "metadata_payload=", pjrt_hlo_payload(p, payload));
}

hlo_bytes pjrt_hlo_payload(hlo_printer *p, hlo_bytes payload) {
  enum { VALUE = 1, ID = 2 };
  const hlo_bytes value = pjrt_hlo_bytes(p, payload, VALUE);
  if (value.data || !payload.data) return value;
  const uint64_t id = pjrt_hlo_varint(p, payload, ID);
  if (id < p->num_payloads) return p->payloads[id];
  pjrt_hlo_fail_here(p, "payload %llu of %zu", (unsigned long long)id,
                     p->num_payloads);
  return (hlo_bytes){0};
}

/* ---- stack frames -------------------------------------------------------- */

static void put_names(hlo_printer *p, const char *title, const hlo_bytes *names,
                      size_t num) {
  pjrt_hlo_put(p, title);
  for (size_t i = 0; i < num; i++) {
    pjrt_hlo_putf(p, "%zu ", i + 1);
    pjrt_hlo_put_quoted(p, names[i]);
    pjrt_hlo_put(p, "\n");
  }
}

static void put_location(hlo_printer *p, size_t i) {
  const hlo_bytes at = p->file_locations[i];
  pjrt_hlo_putf(p,
                "%zu {file_name_id=%lld function_name_id=%lld line=%lld "
                "end_line=%lld column=%lld end_column=%lld}\n",
                i + 1, (long long)pjrt_hlo_int(p, at, LOCATION_FILE_NAME_ID),
                (long long)pjrt_hlo_int(p, at, LOCATION_FUNCTION_NAME_ID),
                (long long)pjrt_hlo_int(p, at, LOCATION_LINE),
                (long long)pjrt_hlo_int(p, at, LOCATION_END_LINE),
                (long long)pjrt_hlo_int(p, at, LOCATION_COLUMN),
                (long long)pjrt_hlo_int(p, at, LOCATION_END_COLUMN));
}

static void put_frame(hlo_printer *p, size_t i) {
  const hlo_bytes frame = p->stack_frames[i];
  pjrt_hlo_putf(p, "%zu {file_location_id=%lld parent_frame_id=%lld}\n", i + 1,
                (long long)pjrt_hlo_int(p, frame, FRAME_FILE_LOCATION_ID),
                (long long)pjrt_hlo_int(p, frame, FRAME_PARENT_FRAME_ID) + 1);
}

void pjrt_hlo_put_stack_frames(hlo_printer *p) {
  if (p->num_stack_frames == 0 || !p->opts.print_metadata) return;
  put_names(p, "\n\nFileNames\n", p->file_names, p->num_file_names);
  put_names(p, "\nFunctionNames\n", p->function_names, p->num_function_names);
  pjrt_hlo_put(p, "\nFileLocations\n");
  for (size_t i = 0; i < p->num_file_locations; i++) put_location(p, i);
  pjrt_hlo_put(p, "\nStackFrames\n");
  for (size_t i = 0; i < p->num_stack_frames; i++) put_frame(p, i);
}
