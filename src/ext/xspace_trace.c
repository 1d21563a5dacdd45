/* Spaces as JSON in the form of chrome://tracing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/number.h"
#include "base/text.h"
#include "ext/xspace.h"

/* What is gathered before it is handed on. */
enum { PIECE = 1 << 16 };

typedef struct writer {
  pjrt_write_fn write;
  void *user;
  pjrt_builder piece;
  int64_t base_ns; /* where the trace begins */
  bool has_events; /* of the file's list, for commas */
} writer;

static pjrt_error *flush(writer *w) {
  char *text;
  size_t size;
  PJRT_TRY(pjrt_builder_finish(&w->piece, &text, &size));
  pjrt_error *error = size ? w->write(text, size, w->user) : NULL;
  free(text);
  return error;
}

static pjrt_error *flush_when_full(writer *w) {
  return w->piece.size < PIECE && !w->piece.out_of_memory ? NULL : flush(w);
}

/* ---- values -------------------------------------------------------------- */

static void put(writer *w, const char *text) {
  pjrt_builder_append(&w->piece, text, strlen(text));
}

static void put_character(writer *w, const unsigned char *at, size_t size) {
  if (size == 0) {
    put(w, "\\ufffd");
  } else if (*at == '"' || *at == '\\') {
    pjrt_builder_appendf(&w->piece, "\\%c", *at);
  } else if (*at < 0x20 || *at == 0x7f) {
    pjrt_builder_appendf(&w->piece, "\\u%04x", *at);
  } else {
    pjrt_builder_append(&w->piece, (const char *)at, size);
  }
}

static void put_text(writer *w, const char *text, size_t size) {
  put(w, "\"");
  for (size_t i = 0; i < size;) {
    const unsigned char *at = (const unsigned char *)text + i;
    const size_t step = pjrt_text_utf8_size(at, size - i);
    put_character(w, at, step);
    i += step ? step : 1;
  }
  put(w, "\"");
}

/* What a double cannot hold becomes a text, or readers would round it. */
static void put_integer(writer *w, bool is_negative, uint64_t magnitude) {
  const char *quote = magnitude > (uint64_t)1 << 53 ? "\"" : "";
  pjrt_builder_appendf(&w->piece, "%s%s%llu%s", quote, is_negative ? "-" : "",
                       (unsigned long long)magnitude, quote);
}

static void put_int64(writer *w, int64_t value) {
  const uint64_t bits = (uint64_t)value;
  put_integer(w, value < 0, value < 0 ? -bits : bits);
}

static void put_double(writer *w, double value) {
  char text[PJRT_NUMBER_SIZE];
  const char *quote = isfinite(value) ? "" : "\"";
  pjrt_number_write_double(value, 17, text);
  pjrt_builder_appendf(&w->piece, "%s%s%s", quote, text, quote);
}

/* ---- stats --------------------------------------------------------------- */

static void put_value(writer *w, const pjrt_xstat *stat) {
  size_t size;
  const char *text = pjrt_xstat_text(stat, &size);
  switch (stat->kind) {
    case PJRT_XSTAT_DOUBLE:
      put_double(w, stat->value.as_double);
      break;
    case PJRT_XSTAT_UINT64:
      put_integer(w, false, stat->value.as_uint64);
      break;
    case PJRT_XSTAT_INT64:
      put_int64(w, stat->value.as_int64);
      break;
    case PJRT_XSTAT_TEXT:
      put_text(w, text, size);
      break;
    case PJRT_XSTAT_BYTES:
      pjrt_builder_appendf(&w->piece, "\"%zu bytes\"", size);
      break;
    case PJRT_XSTAT_NONE:
      put(w, "null");
      break;
  }
}

/* The members of "args". A name comes once: `seen` has for each name of the
 * plane the last event that had it. */
typedef struct members {
  const pjrt_xplane *plane;
  size_t *seen;
  size_t event; /* from 1 */
  bool has_any;
} members;

static void put_name(writer *w, members *m, const char *name, size_t size) {
  put(w, m->has_any ? "," : "");
  m->has_any = true;
  put_text(w, name, size);
  put(w, ":");
}

static pjrt_error *put_stat(writer *w, members *m, const pjrt_xstat *stat) {
  if (!stat->meta || !stat->meta->name.size) return NULL;
  size_t *seen = &m->seen[stat->meta - m->plane->stat_metas];
  if (*seen == m->event) return NULL;
  *seen = m->event;
  put_name(w, m, stat->meta->name.data, stat->meta->name.size);
  put_value(w, stat);
  return flush_when_full(w);
}

static pjrt_error *put_stats(writer *w, members *m, const pjrt_xevent *event) {
  size_t name_size, shown_size;
  const char *name = pjrt_xevent_name(event, &name_size);
  pjrt_xevent_display_name(event, &shown_size);
  m->has_any = false;
  m->event++;
  if (shown_size && name_size) {
    put_name(w, m, "long_name", 9);
    put_text(w, name, name_size);
  }
  if (event->num_occurrences != 1) {
    put_name(w, m, "num_occurrences", 15);
    put_int64(w, event->num_occurrences);
  }
  for (size_t i = 0; i < pjrt_xevent_num_stats(event); i++) {
    PJRT_TRY(put_stat(w, m, pjrt_xevent_stat(event, i)));
  }
  return NULL;
}

/* ---- events -------------------------------------------------------------- */

static void begin_event(writer *w, char phase, size_t pid) {
  put(w, w->has_events ? ",\n" : "\n");
  w->has_events = true;
  pjrt_builder_appendf(&w->piece, "{\"ph\":\"%c\",\"pid\":%zu", phase, pid);
}

/* The name of a process or thread, and its place among the others; tid 0 is
 * the process itself. */
static void put_metadata(writer *w, size_t pid, size_t tid, const char *name,
                         size_t size) {
  const char *what = tid ? "thread" : "process";
  for (int i = 0; i < 2; i++) {
    begin_event(w, 'M', pid);
    if (tid) pjrt_builder_appendf(&w->piece, ",\"tid\":%zu", tid);
    pjrt_builder_appendf(&w->piece,
                         ",\"name\":\"%s_%s\",\"args\":{\"%s\":", what,
                         i ? "sort_index" : "name", i ? "sort_index" : "name");
    if (i) {
      pjrt_builder_appendf(&w->piece, "%zu}}", tid ? tid : pid);
    } else {
      put_text(w, name, size);
      put(w, "}}");
    }
  }
}

static void put_times(writer *w, const pjrt_xline *line,
                      const pjrt_xevent *event) {
  int64_t ns = 0;
  int ps = 0;
  (void)pjrt_xevent_start(line, event, &ns, &ps); /* judged when it was read */
  const uint64_t since = (uint64_t)ns - (uint64_t)w->base_ns;
  const uint64_t length =
      event->duration_ps > 0 ? (uint64_t)event->duration_ps : 0;
  pjrt_builder_appendf(&w->piece, ",\"ts\":%llu.%06u,\"dur\":%llu.%06u",
                       (unsigned long long)(since / 1000),
                       (unsigned)(since % 1000) * 1000 + (unsigned)ps,
                       (unsigned long long)(length / 1000000),
                       (unsigned)(length % 1000000));
}

static pjrt_error *put_event(writer *w, members *m, size_t pid, size_t tid,
                             const pjrt_xline *line, const pjrt_xevent *event) {
  size_t size;
  const char *name = pjrt_xevent_display_name(event, &size);
  if (!size) name = pjrt_xevent_name(event, &size);
  begin_event(w, 'X', pid);
  pjrt_builder_appendf(&w->piece, ",\"tid\":%zu,\"name\":", tid);
  put_text(w, size ? name : "(unnamed)", size ? size : 9);
  put_times(w, line, event);
  put(w, ",\"args\":{");
  PJRT_TRY(put_stats(w, m, event));
  put(w, "}}");
  return flush_when_full(w);
}

static int compare_events(const void *a, const void *b) {
  const pjrt_xevent *one = *(const pjrt_xevent *const *)a;
  const pjrt_xevent *other = *(const pjrt_xevent *const *)b;
  if (one->offset_ps != other->offset_ps) {
    return one->offset_ps < other->offset_ps ? -1 : 1;
  }
  if (one->duration_ps != other->duration_ps) {
    return one->duration_ps > other->duration_ps ? -1 : 1;
  }
  return one < other ? -1 : one > other;
}

static pjrt_error *put_line(writer *w, members *m, size_t pid, size_t tid,
                            const pjrt_xline *line) {
  void *memory;
  size_t size;
  const char *name = pjrt_xline_name(line, &size);
  put_metadata(w, pid, tid, name, size);
  PJRT_TRY(pjrt_alloc(line->num_events, sizeof(pjrt_xevent *), &memory));
  const pjrt_xevent **events = memory;
  for (size_t i = 0; i < line->num_events; i++) events[i] = &line->events[i];
  qsort(events, line->num_events, sizeof *events, compare_events);
  pjrt_error *error = NULL;
  for (size_t i = 0; i < line->num_events && !error; i++) {
    error = put_event(w, m, pid, tid, line, events[i]);
  }
  free(events);
  return error;
}

static pjrt_error *put_plane(writer *w, size_t pid, const pjrt_xplane *plane) {
  void *seen;
  pjrt_error *error = NULL;
  put_metadata(w, pid, 0, plane->name.data, plane->name.size);
  PJRT_TRY(pjrt_alloc(plane->num_stat_metas, sizeof(size_t), &seen));
  members m = {.plane = plane, .seen = seen};
  for (size_t i = 0; i < plane->num_lines && !error; i++) {
    error = put_line(w, &m, pid, i + 1, &plane->lines[i]);
    if (!error) error = flush_when_full(w);
  }
  free(seen);
  return error;
}

/* ---- the whole ----------------------------------------------------------- */

/* When the first event begins; 0 without events. */
static int64_t find_base(const pjrt_xspace *space) {
  int64_t base = INT64_MAX, ns;
  int ps;
  for (size_t i = 0; i < space->num_all_lines; i++) {
    const pjrt_xline *line = &space->all_lines[i];
    for (size_t e = 0; e < line->num_events; e++) {
      if (pjrt_xevent_start(line, &line->events[e], &ns, &ps) && ns < base) {
        base = ns;
      }
    }
  }
  return space->num_all_events ? base : 0;
}

static pjrt_error *put_space(writer *w, const pjrt_xspace *space) {
  pjrt_builder_appendf(&w->piece,
                       "{\"displayTimeUnit\":\"ns\",\"otherData\":"
                       "{\"start_timestamp_ns\":\"%lld\"},\"traceEvents\":[",
                       (long long)w->base_ns);
  for (size_t i = 0; i < space->num_planes; i++) {
    PJRT_TRY(put_plane(w, i + 1, &space->planes[i]));
    PJRT_TRY(flush_when_full(w));
  }
  put(w, "\n]}\n");
  return flush(w);
}

pjrt_error *pjrt_xspace_write_trace(const pjrt_xspace *space,
                                    pjrt_write_fn write, void *user) {
  if (!space || !write) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT, "%s is NULL",
                             space ? "write" : "space");
  }
  writer w = {.write = write, .user = user, .base_ns = find_base(space)};
  pjrt_error *error = put_space(&w, space);
  pjrt_builder_clear(&w.piece);
  return error;
}
