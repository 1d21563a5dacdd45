#include "ext/xspace.h"

#include <stdlib.h>

static const char *text_of(const pjrt_xtext *text, size_t *out_size) {
  const size_t size = text ? text->size : 0;
  if (out_size) *out_size = size;
  return size ? text->data : "";
}

void pjrt_xspace_free(pjrt_xspace *space) {
  if (!space) return;
  free(space->message);
  free(space->planes);
  free(space->all_notes);
  free(space->all_lines);
  free(space->all_events);
  free(space->all_stats);
  free(space->all_event_metas);
  free(space->all_stat_metas);
  free(space);
}

/* ---- the space ----------------------------------------------------------- */

size_t pjrt_xspace_num_planes(const pjrt_xspace *space) {
  return space ? space->num_planes : 0;
}

const pjrt_xplane *pjrt_xspace_plane(const pjrt_xspace *space, size_t i) {
  return i < pjrt_xspace_num_planes(space) ? &space->planes[i] : NULL;
}

size_t pjrt_xspace_num_notes(const pjrt_xspace *space, pjrt_xspace_note kind) {
  return space && (unsigned)kind < PJRT_XSPACE_NUM_NOTES
             ? space->num_notes[kind]
             : 0;
}

const char *pjrt_xspace_note_text(const pjrt_xspace *space,
                                  pjrt_xspace_note kind, size_t i,
                                  size_t *out_size) {
  const bool exists = i < pjrt_xspace_num_notes(space, kind);
  const char *text = text_of(exists ? &space->notes[kind][i] : NULL, out_size);
  return exists ? text : NULL;
}

/* ---- planes -------------------------------------------------------------- */

const char *pjrt_xplane_name(const pjrt_xplane *plane, size_t *out_size) {
  return text_of(plane ? &plane->name : NULL, out_size);
}

int64_t pjrt_xplane_id(const pjrt_xplane *plane) {
  return plane ? plane->id : 0;
}

size_t pjrt_xplane_num_lines(const pjrt_xplane *plane) {
  return plane ? plane->num_lines : 0;
}

const pjrt_xline *pjrt_xplane_line(const pjrt_xplane *plane, size_t i) {
  return i < pjrt_xplane_num_lines(plane) ? &plane->lines[i] : NULL;
}

size_t pjrt_xplane_num_stats(const pjrt_xplane *plane) {
  return plane ? plane->num_stats : 0;
}

const pjrt_xstat *pjrt_xplane_stat(const pjrt_xplane *plane, size_t i) {
  return i < pjrt_xplane_num_stats(plane) ? &plane->stats[i] : NULL;
}

/* ---- lines --------------------------------------------------------------- */

const char *pjrt_xline_name(const pjrt_xline *line, size_t *out_size) {
  if (!line) return text_of(NULL, out_size);
  return text_of(line->display_name.size ? &line->display_name : &line->name,
                 out_size);
}

int64_t pjrt_xline_id(const pjrt_xline *line) { return line ? line->id : 0; }

int64_t pjrt_xline_timestamp_ns(const pjrt_xline *line) {
  return line ? line->timestamp_ns : 0;
}

size_t pjrt_xline_num_events(const pjrt_xline *line) {
  return line ? line->num_events : 0;
}

const pjrt_xevent *pjrt_xline_event(const pjrt_xline *line, size_t i) {
  return i < pjrt_xline_num_events(line) ? &line->events[i] : NULL;
}

/* ---- events -------------------------------------------------------------- */

static const pjrt_xevent_meta *meta_of(const pjrt_xevent *event) {
  return event ? event->meta : NULL;
}

const char *pjrt_xevent_name(const pjrt_xevent *event, size_t *out_size) {
  const pjrt_xevent_meta *meta = meta_of(event);
  return text_of(meta ? &meta->name : NULL, out_size);
}

const char *pjrt_xevent_display_name(const pjrt_xevent *event,
                                     size_t *out_size) {
  const pjrt_xevent_meta *meta = meta_of(event);
  return text_of(meta ? &meta->display_name : NULL, out_size);
}

int64_t pjrt_xevent_offset_ps(const pjrt_xevent *event) {
  return event ? event->offset_ps : 0;
}

int64_t pjrt_xevent_duration_ps(const pjrt_xevent *event) {
  return event ? event->duration_ps : 0;
}

int64_t pjrt_xevent_num_occurrences(const pjrt_xevent *event) {
  return event ? event->num_occurrences : 0;
}

size_t pjrt_xevent_num_stats(const pjrt_xevent *event) {
  const pjrt_xevent_meta *meta = meta_of(event);
  return event ? event->num_stats + (meta ? meta->num_stats : 0) : 0;
}

const pjrt_xstat *pjrt_xevent_stat(const pjrt_xevent *event, size_t i) {
  if (i >= pjrt_xevent_num_stats(event)) return NULL;
  return i < event->num_stats ? &event->stats[i]
                              : &event->meta->stats[i - event->num_stats];
}

/* ---- stats --------------------------------------------------------------- */

const char *pjrt_xstat_name(const pjrt_xstat *stat, size_t *out_size) {
  return text_of(stat && stat->meta ? &stat->meta->name : NULL, out_size);
}

pjrt_xstat_kind pjrt_xstat_kind_of(const pjrt_xstat *stat) {
  return stat ? stat->kind : PJRT_XSTAT_NONE;
}

double pjrt_xstat_double(const pjrt_xstat *stat) {
  return pjrt_xstat_kind_of(stat) == PJRT_XSTAT_DOUBLE ? stat->value.as_double
                                                       : 0;
}

uint64_t pjrt_xstat_uint64(const pjrt_xstat *stat) {
  return pjrt_xstat_kind_of(stat) == PJRT_XSTAT_UINT64 ? stat->value.as_uint64
                                                       : 0;
}

int64_t pjrt_xstat_int64(const pjrt_xstat *stat) {
  return pjrt_xstat_kind_of(stat) == PJRT_XSTAT_INT64 ? stat->value.as_int64
                                                      : 0;
}

const char *pjrt_xstat_text(const pjrt_xstat *stat, size_t *out_size) {
  const pjrt_xstat_kind kind = pjrt_xstat_kind_of(stat);
  const bool is_text = kind == PJRT_XSTAT_TEXT || kind == PJRT_XSTAT_BYTES;
  return text_of(is_text ? &stat->value.as_text : NULL, out_size);
}
