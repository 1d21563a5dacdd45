/* The inside of a space: arrays of everything, each allocated once, and texts
 * in place in a copy of the message. */
#ifndef PJRT_EXT_XSPACE_INSIDE_H_
#define PJRT_EXT_XSPACE_INSIDE_H_

#include "pjrt/ext/xspace.h"

typedef struct pjrt_xtext {
  char *data; /* NULL for an empty one */
  size_t size;
} pjrt_xtext;

/* How a plane's metadata is found. */
typedef struct pjrt_xmeta_key {
  int64_t id;
  size_t order; /* of two with one id the later counts */
} pjrt_xmeta_key;

/* What a number stands for in a plane: the name of a stat, or a text. */
typedef struct pjrt_xstat_meta {
  pjrt_xmeta_key key;
  pjrt_xtext name;
} pjrt_xstat_meta;

struct pjrt_xstat {
  const pjrt_xstat_meta *meta; /* NULL: nobody says what it is */
  pjrt_xstat_kind kind;
  union {
    double as_double;
    uint64_t as_uint64;
    int64_t as_int64;
    pjrt_xtext as_text;
  } value;
};

/* A kind of event. */
typedef struct pjrt_xevent_meta {
  pjrt_xmeta_key key;
  pjrt_xtext name;
  pjrt_xtext display_name;
  pjrt_xstat *stats;
  size_t num_stats;
} pjrt_xevent_meta;

struct pjrt_xevent {
  const pjrt_xevent_meta *meta; /* NULL: nobody says what it is */
  int64_t offset_ps;
  int64_t duration_ps;
  int64_t num_occurrences;
  pjrt_xstat *stats;
  size_t num_stats;
};

struct pjrt_xline {
  int64_t id;
  int64_t timestamp_ns;
  pjrt_xtext name;
  pjrt_xtext display_name;
  pjrt_xevent *events;
  size_t num_events;
};

struct pjrt_xplane {
  int64_t id;
  pjrt_xtext name;
  pjrt_xline *lines;
  size_t num_lines;
  pjrt_xstat *stats;
  size_t num_stats;
  pjrt_xevent_meta *event_metas; /* by key */
  size_t num_event_metas;
  pjrt_xstat_meta *stat_metas; /* by key */
  size_t num_stat_metas;
};

enum { PJRT_XSPACE_NUM_NOTES = PJRT_XSPACE_HOSTNAME + 1 };

struct pjrt_xspace {
  char *message;
  pjrt_xplane *planes;
  size_t num_planes;
  pjrt_xtext *notes[PJRT_XSPACE_NUM_NOTES];
  size_t num_notes[PJRT_XSPACE_NUM_NOTES];
  /* All of them, of which the pointers above are parts. */
  pjrt_xtext *all_notes;
  pjrt_xline *all_lines;
  size_t num_all_lines;
  pjrt_xevent *all_events;
  size_t num_all_events;
  pjrt_xstat *all_stats;
  size_t num_all_stats;
  pjrt_xevent_meta *all_event_metas;
  size_t num_all_event_metas;
  pjrt_xstat_meta *all_stat_metas;
  size_t num_all_stat_metas;
};

/* What an XSpace consists of. */
typedef enum pjrt_xkind {
  PJRT_XKIND_NOTHING,
  PJRT_XKIND_SPACE,
  PJRT_XKIND_PLANE,
  PJRT_XKIND_LINE,
  PJRT_XKIND_EVENT,
  PJRT_XKIND_STAT,
  PJRT_XKIND_EVENT_ENTRY,
  PJRT_XKIND_EVENT_META,
  PJRT_XKIND_STAT_ENTRY,
  PJRT_XKIND_STAT_META,
  PJRT_XKIND_ERROR_NOTE, /* and on, as pjrt_xspace_note */
  PJRT_XKIND_WARNING_NOTE,
  PJRT_XKIND_HOSTNAME_NOTE,
  PJRT_NUM_XKINDS
} pjrt_xkind;

/* Adds to `counts` what is in a serialized XSpace; INVALID_ARGUMENT as
 * pjrt_xspace_parse. */
pjrt_error *pjrt_xspace_count(const void *data, size_t size,
                              size_t counts[PJRT_NUM_XKINDS])
    __attribute__((warn_unused_result));

/* When the event begins, in whole nanoseconds and the picoseconds that are
 * left; false when 64 bits cannot tell. */
static inline bool pjrt_xevent_start(const pjrt_xline *line,
                                     const pjrt_xevent *event, int64_t *out_ns,
                                     int *out_ps) {
  int64_t ns = event->offset_ps / 1000;
  *out_ps = (int)(event->offset_ps % 1000);
  if (*out_ps < 0) {
    *out_ps += 1000;
    ns--;
  }
  return !__builtin_add_overflow(line->timestamp_ns, ns, out_ns);
}

#endif /* PJRT_EXT_XSPACE_INSIDE_H_ */
