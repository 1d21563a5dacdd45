#include "abi/counts.h"

#include <inttypes.h>

#include "abi/call.h"
#include "base/error.h"

/* Far beyond the largest machines, and far below what a wild number is. A
 * plugin's executable may have gigabytes. */
#define MAX_ITEMS ((uint64_t)1 << 24)
#define MAX_BYTES ((uint64_t)1 << 40)

typedef struct out_count {
  pjrt_call_id call;
  const char *name;
  size_t offset;         /* of a size_t in the args */
  size_t pointer_offset; /* of what it counts; 0: nothing of the args */
  uint64_t most;
} out_count;

#define ITEMS MAX_ITEMS
#define BYTES MAX_BYTES
static const out_count out_counts[] = {
#define PJRT_OUT_COUNT_ROW(fn, field, pointer, unit)   \
  {PJRT_CALL_##fn, #field, offsetof(fn##_Args, field), \
   offsetof(fn##_Args, pointer), unit},
#define PJRT_OUT_COUNT_ROW_PLAIN(fn, field, unit) \
  {PJRT_CALL_##fn, #field, offsetof(fn##_Args, field), 0, unit},
#include "abi/generated/out_counts.inc"
};

enum { NUM_OUT_COUNTS = sizeof out_counts / sizeof *out_counts };

static pjrt_error *check(const char *name, size_t count, bool is_null,
                         uint64_t most) {
  if (count > most) {
    return pjrt_error_format(PJRT_INTERNAL,
                             "the plugin answered with %s %zu; more than "
                             "%" PRIu64 " is taken for garbage",
                             name, count, most);
  }
  if (count && is_null) {
    return pjrt_error_format(PJRT_INTERNAL,
                             "the plugin answered with %s %zu and a NULL "
                             "pointer to them",
                             name, count);
  }
  return NULL;
}

static pjrt_error *check_row(const out_count *row, const char *args) {
  size_t count;
  const void *pointer = args;
  memcpy(&count, args + row->offset, sizeof count);
  if (row->pointer_offset) {
    memcpy(&pointer, args + row->pointer_offset, sizeof pointer);
  }
  return check(row->name, count, !pointer, row->most);
}

pjrt_error *pjrt_counts_check(const pjrt_plugin *plugin, int first,
                              const void *args) {
  const out_count *row = &out_counts[first];
  const pjrt_call_id call = row->call;
  for (; row < out_counts + NUM_OUT_COUNTS && row->call == call; row++) {
    pjrt_error *error = check_row(row, args);
    if (!error) continue;
    pjrt_error_set_call(error, pjrt_call_name(call));
    pjrt_error_set_plugin(error, plugin->label);
    return error;
  }
  return NULL;
}

pjrt_error *pjrt_count_check(const char *name, size_t count,
                             const void *items) {
  return check(name, count, !items, MAX_ITEMS);
}

pjrt_error *pjrt_bytes_check(const char *name, size_t size, const void *bytes) {
  return check(name, size, !bytes, MAX_BYTES);
}
