/* The first walk over an XSpace: judges the whole message, and counts what is
 * in it. */
#include "base/error.h"
#include "core/wire.h"
#include "ext/xspace.h"

static const char *const kind_names[PJRT_NUM_XKINDS] = {
    [PJRT_XKIND_SPACE] = "XSpace",
    [PJRT_XKIND_PLANE] = "XPlane",
    [PJRT_XKIND_LINE] = "XLine",
    [PJRT_XKIND_EVENT] = "XEvent",
    [PJRT_XKIND_STAT] = "XStat",
    [PJRT_XKIND_EVENT_ENTRY] = "XPlane.EventMetadataEntry",
    [PJRT_XKIND_EVENT_META] = "XEventMetadata",
    [PJRT_XKIND_STAT_ENTRY] = "XPlane.StatMetadataEntry",
    [PJRT_XKIND_STAT_META] = "XStatMetadata",
};

/* The fields that are read, and what those with something inside hold. */
enum { NUM_FIELDS = 12 };
static const struct {
  bool is_read;
  pjrt_wire_type type;
  pjrt_xkind child;
} schema[PJRT_NUM_XKINDS][NUM_FIELDS] = {
#define NUMBER {true, PJRT_WIRE_VARINT, PJRT_XKIND_NOTHING}
#define TEXT {true, PJRT_WIRE_BYTES, PJRT_XKIND_NOTHING}
#define EACH(child) {true, PJRT_WIRE_BYTES, child}
    [PJRT_XKIND_SPACE] = {[1] = EACH(PJRT_XKIND_PLANE),
                          [2] = EACH(PJRT_XKIND_ERROR_NOTE),
                          [3] = EACH(PJRT_XKIND_WARNING_NOTE),
                          [4] = EACH(PJRT_XKIND_HOSTNAME_NOTE)},
    [PJRT_XKIND_PLANE] = {[1] = NUMBER,
                          [2] = TEXT,
                          [3] = EACH(PJRT_XKIND_LINE),
                          [4] = EACH(PJRT_XKIND_EVENT_ENTRY),
                          [5] = EACH(PJRT_XKIND_STAT_ENTRY),
                          [6] = EACH(PJRT_XKIND_STAT)},
    [PJRT_XKIND_LINE] = {[1] = NUMBER,
                         [2] = TEXT,
                         [3] = NUMBER,
                         [4] = EACH(PJRT_XKIND_EVENT),
                         [11] = TEXT},
    [PJRT_XKIND_EVENT] = {[1] = NUMBER,
                          [2] = NUMBER,
                          [3] = NUMBER,
                          [4] = EACH(PJRT_XKIND_STAT),
                          [5] = NUMBER},
    [PJRT_XKIND_STAT] = {[1] = NUMBER,
                         [2] = {true, PJRT_WIRE_FIXED64, PJRT_XKIND_NOTHING},
                         [3] = NUMBER,
                         [4] = NUMBER,
                         [5] = TEXT,
                         [6] = TEXT,
                         [7] = NUMBER},
    [PJRT_XKIND_EVENT_ENTRY] =
        {[1] = NUMBER, [2] = EACH(PJRT_XKIND_EVENT_META)},
    [PJRT_XKIND_EVENT_META] =
        {[2] = TEXT, [4] = TEXT, [5] = EACH(PJRT_XKIND_STAT)},
    [PJRT_XKIND_STAT_ENTRY] = {[1] = NUMBER, [2] = EACH(PJRT_XKIND_STAT_META)},
    [PJRT_XKIND_STAT_META] = {[2] = TEXT},
#undef NUMBER
#undef TEXT
#undef EACH
};

/* As deep as the schema. */
static pjrt_error *count(pjrt_xkind what, const void *data, size_t size,
                         size_t counts[PJRT_NUM_XKINDS]) {
  pjrt_wire_field field;
  pjrt_wire wire = pjrt_wire_start(data, size);
  if (!kind_names[what]) return NULL;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number >= NUM_FIELDS || !schema[what][field.number].is_read) {
      continue;
    }
    if (field.type != schema[what][field.number].type) {
      return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                               "not an XSpace: field %u of a message %s has "
                               "wire type %d",
                               field.number, kind_names[what], field.type);
    }
    const pjrt_xkind child = schema[what][field.number].child;
    if (!child) continue;
    counts[child]++;
    PJRT_TRY(count(child, field.data, field.size, counts));
  }
  if (!wire.malformed) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "not an XSpace: a message %s of %zu bytes breaks "
                           "off at byte %zu",
                           kind_names[what], size,
                           (size_t)(wire.at - (const unsigned char *)data));
}

pjrt_error *pjrt_xspace_count(const void *data, size_t size,
                              size_t counts[PJRT_NUM_XKINDS]) {
  return count(PJRT_XKIND_SPACE, data, size, counts);
}
