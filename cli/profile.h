/* The parts of `pjrt profile`. */
#ifndef CLI_PROFILE_H_
#define CLI_PROFILE_H_

#include <pjrt/ext/profiler.h>
#include <pjrt/ext/xspace.h>

#include "launch.h"
#include "model.h"
#include "session.h"

typedef struct profile_options {
  common_options common;
  session_options session;
  compile_options compile;
  texts inputs;
  const char *out;   /* a log directory; NULL: none */
  const char *trace; /* a file; NULL: none */
  int64_t runs;
  int64_t warmup;
  int64_t top;
  bool host;
  bool with_compile;
} profile_options;

/* ---- the command's own record -------------------------------------------- */

/* What the command did, each with its begin and duration. */
typedef enum host_step {
  HOST_COMPILE,
  HOST_UPLOAD,
  HOST_LAUNCH,
  HOST_AWAIT,
  HOST_DOWNLOAD,
  NUM_HOST_STEPS
} host_step;

struct host_event {
  host_step step;
  int64_t begin_ns;
  int64_t duration_ns;
};

struct host_record {
  struct host_event *events;
  size_t num;
  size_t capacity;
  bool is_short_of_memory;
};

/* A step that began at `begin_ns` and ended now, both of now_ns(). */
void host_record_add(struct host_record *record, host_step step,
                     int64_t begin_ns);
void host_record_free(struct host_record *record);

/* The record as an XSpace of one plane [owned: free]; NULL when memory is
 * short. Spaces behind one another are one space. */
void *host_record_pack(const struct host_record *record, size_t *out_size);

/* ---- recording ----------------------------------------------------------- */

/* A serialized XSpace. */
struct profile {
  void *data; /* [owned: free] */
  size_t size;
};

/* Compiles and runs the model, and records that. */
status profile_record(struct cli *cli, const profile_options *options,
                      const struct model *model, struct given_arrays *inputs,
                      struct profile *out);

/* ---- telling ------------------------------------------------------------- */

/* Writes the files that were asked for, and prints the longest events. */
status profile_deliver(const struct cli *cli, const profile_options *options,
                       const struct profile *profile);

#endif /* CLI_PROFILE_H_ */
