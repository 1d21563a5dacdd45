/* The second walk over an XSpace: fills arrays of just the size that the first
 * has counted, in a message that it has judged. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/little_endian.h"
#include "core/wire.h"
#include "ext/xspace.h"

/* ---- memory -------------------------------------------------------------- */

static pjrt_error *allocate(pjrt_xspace *space, const void *data, size_t size,
                            const size_t counts[PJRT_NUM_XKINDS]) {
  size_t num_notes = 0, message_size;
  for (int i = 0; i < PJRT_XSPACE_NUM_NOTES; i++) {
    num_notes += counts[PJRT_XKIND_ERROR_NOTE + i];
  }
  if (!pjrt_size_add(size, 1, &message_size)) message_size = SIZE_MAX;
  const struct {
    size_t num;
    size_t size;
    void *to;
  } arrays[] = {
      {message_size, 1, &space->message},
      {counts[PJRT_XKIND_PLANE], sizeof *space->planes, &space->planes},
      {num_notes, sizeof *space->all_notes, &space->all_notes},
      {counts[PJRT_XKIND_LINE], sizeof *space->all_lines, &space->all_lines},
      {counts[PJRT_XKIND_EVENT], sizeof *space->all_events, &space->all_events},
      {counts[PJRT_XKIND_STAT], sizeof *space->all_stats, &space->all_stats},
      {counts[PJRT_XKIND_EVENT_ENTRY], sizeof *space->all_event_metas,
       &space->all_event_metas},
      {counts[PJRT_XKIND_STAT_ENTRY], sizeof *space->all_stat_metas,
       &space->all_stat_metas},
  };
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
    void *memory;
    PJRT_TRY(pjrt_alloc(arrays[i].num, arrays[i].size, &memory));
    memcpy(arrays[i].to, &memory, sizeof memory);
  }
  if (size) memcpy(space->message, data, size);
  pjrt_xtext *notes = space->all_notes;
  for (int i = 0; i < PJRT_XSPACE_NUM_NOTES; i++) {
    space->notes[i] = notes;
    notes += counts[PJRT_XKIND_ERROR_NOTE + i];
  }
  return NULL;
}

/* ---- metadata ------------------------------------------------------------ */

/* Orders structs that begin with a key. */
static int compare_keys(const void *a, const void *b) {
  const pjrt_xmeta_key *one = a, *other = b;
  if (one->id != other->id) return one->id < other->id ? -1 : 1;
  return one->order < other->order ? -1 : one->order > other->order;
}

/* The last one of this id in a sorted array; NULL when there is none. */
static const void *find(const void *metas, size_t num, size_t size,
                        uint64_t id) {
  const pjrt_xmeta_key wanted = {(int64_t)id, SIZE_MAX};
  size_t first = 0, end = num;
  while (first < end) {
    const size_t middle = first + (end - first) / 2;
    if (compare_keys((const char *)metas + middle * size, &wanted) <= 0) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  if (first == 0) return NULL;
  const pjrt_xmeta_key *last =
      (const void *)((const char *)metas + (first - 1) * size);
  return last->id == wanted.id ? last : NULL;
}

static const pjrt_xstat_meta *find_stat_meta(const pjrt_xplane *plane,
                                             uint64_t id) {
  return find(plane->stat_metas, plane->num_stat_metas,
              sizeof *plane->stat_metas, id);
}

/* ---- filling ------------------------------------------------------------- */

static pjrt_wire inside(const pjrt_wire_field *field) {
  return pjrt_wire_start(field->data, field->size);
}

/* In our copy, which may be written to. */
static pjrt_xtext text_of(const pjrt_xspace *space,
                          const pjrt_wire_field *field) {
  if (!field->size) return (pjrt_xtext){NULL, 0};
  const ptrdiff_t at = (const char *)field->data - space->message;
  return (pjrt_xtext){space->message + at, field->size};
}

static double double_of(const pjrt_wire_field *field) {
  double value;
  const uint64_t bits = pjrt_get_u64(field->data);
  memcpy(&value, &bits, sizeof value);
  return value;
}

static void set_value(const pjrt_xspace *space, const pjrt_xplane *plane,
                      const pjrt_wire_field *field, pjrt_xstat *stat) {
  const pjrt_xstat_meta *meta;
  switch (field->number) {
    case 2:
      stat->kind = PJRT_XSTAT_DOUBLE;
      stat->value.as_double = double_of(field);
      break;
    case 3:
      stat->kind = PJRT_XSTAT_UINT64;
      stat->value.as_uint64 = field->value;
      break;
    case 4:
      stat->kind = PJRT_XSTAT_INT64;
      stat->value.as_int64 = (int64_t)field->value;
      break;
    case 5:
    case 6:
      stat->kind = field->number == 5 ? PJRT_XSTAT_TEXT : PJRT_XSTAT_BYTES;
      stat->value.as_text = text_of(space, field);
      break;
    case 7:
      meta = find_stat_meta(plane, field->value);
      stat->kind = PJRT_XSTAT_TEXT;
      stat->value.as_text = meta ? meta->name : (pjrt_xtext){NULL, 0};
      break;
    default:
      break;
  }
}

/* Appends to `*stats`, whose stats are the last so far. */
static void read_stat(pjrt_xspace *space, const pjrt_xplane *plane,
                      const pjrt_wire_field *from, pjrt_xstat **stats,
                      size_t *num_stats) {
  pjrt_wire_field field;
  pjrt_wire wire = inside(from);
  pjrt_xstat *stat = &space->all_stats[space->num_all_stats++];
  if (!*stats) *stats = stat;
  (*num_stats)++;
  /* Zero, which is not written, is an id like any other. */
  uint64_t id = 0;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == 1) id = field.value;
    set_value(space, plane, &field, stat);
  }
  stat->meta = find_stat_meta(plane, id);
}

static void read_stat_meta(pjrt_xspace *space, pjrt_xplane *plane,
                           const pjrt_wire_field *from) {
  pjrt_wire_field field, part;
  pjrt_wire wire = inside(from);
  pjrt_xstat_meta *meta = &space->all_stat_metas[space->num_all_stat_metas++];
  meta->key.order = plane->num_stat_metas++;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == 1) meta->key.id = (int64_t)field.value;
    if (field.number != 2) continue;
    pjrt_wire value = inside(&field);
    while (pjrt_wire_next(&value, &part)) {
      if (part.number == 2) meta->name = text_of(space, &part);
    }
  }
}

static void read_event_meta(pjrt_xspace *space, pjrt_xplane *plane,
                            const pjrt_wire_field *from) {
  pjrt_wire_field field, part;
  pjrt_wire wire = inside(from);
  pjrt_xevent_meta *meta =
      &space->all_event_metas[space->num_all_event_metas++];
  meta->key.order = plane->num_event_metas++;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == 1) meta->key.id = (int64_t)field.value;
    if (field.number != 2) continue;
    pjrt_wire value = inside(&field);
    while (pjrt_wire_next(&value, &part)) {
      if (part.number == 2) meta->name = text_of(space, &part);
      if (part.number == 4) meta->display_name = text_of(space, &part);
      if (part.number != 5) continue;
      read_stat(space, plane, &part, &meta->stats, &meta->num_stats);
    }
  }
}

static void read_event(pjrt_xspace *space, const pjrt_xplane *plane,
                       const pjrt_wire_field *from, pjrt_xevent *event) {
  uint64_t id = 0;
  pjrt_wire_field field;
  pjrt_wire wire = inside(from);
  event->num_occurrences = 1;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == 1) id = field.value;
    if (field.number == 3) event->duration_ps = (int64_t)field.value;
    if (field.number == 2 || field.number == 5) { /* one of them */
      const bool is_sum = field.number == 5;
      event->offset_ps = is_sum ? 0 : (int64_t)field.value;
      event->num_occurrences = is_sum ? (int64_t)field.value : 1;
    }
    if (field.number != 4) continue;
    read_stat(space, plane, &field, &event->stats, &event->num_stats);
  }
  event->meta = find(plane->event_metas, plane->num_event_metas,
                     sizeof *plane->event_metas, id);
}

static pjrt_error *check_times(const pjrt_xline *line) {
  int64_t ns;
  int ps;
  for (size_t i = 0; i < line->num_events; i++) {
    if (pjrt_xevent_start(line, &line->events[i], &ns, &ps)) continue;
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "not an XSpace: an event begins %lld ps after "
                             "%lld ns",
                             (long long)line->events[i].offset_ps,
                             (long long)line->timestamp_ns);
  }
  return NULL;
}

static pjrt_error *read_line(pjrt_xspace *space, const pjrt_xplane *plane,
                             const pjrt_wire_field *from, pjrt_xline *line) {
  pjrt_wire_field field;
  pjrt_wire wire = inside(from);
  line->events = space->all_events + space->num_all_events;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == 1) line->id = (int64_t)field.value;
    if (field.number == 2) line->name = text_of(space, &field);
    if (field.number == 3) line->timestamp_ns = (int64_t)field.value;
    if (field.number == 11) line->display_name = text_of(space, &field);
    if (field.number != 4) continue;
    read_event(space, plane, &field, &line->events[line->num_events++]);
  }
  space->num_all_events += line->num_events;
  return check_times(line);
}

/* Metadata, to which the rest refers, comes last in the message. */
static void read_metadata(pjrt_xspace *space, pjrt_xplane *plane,
                          const pjrt_wire_field *from) {
  pjrt_wire_field field;
  pjrt_wire wire = inside(from);
  plane->stat_metas = space->all_stat_metas + space->num_all_stat_metas;
  plane->event_metas = space->all_event_metas + space->num_all_event_metas;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == 5) read_stat_meta(space, plane, &field);
  }
  qsort(plane->stat_metas, plane->num_stat_metas, sizeof *plane->stat_metas,
        compare_keys);
  wire = inside(from);
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == 4) read_event_meta(space, plane, &field);
  }
  qsort(plane->event_metas, plane->num_event_metas, sizeof *plane->event_metas,
        compare_keys);
  wire = inside(from);
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number != 6) continue;
    read_stat(space, plane, &field, &plane->stats, &plane->num_stats);
  }
}

static pjrt_error *read_plane(pjrt_xspace *space, const pjrt_wire_field *from,
                              pjrt_xplane *plane) {
  pjrt_wire_field field;
  pjrt_wire wire = inside(from);
  read_metadata(space, plane, from);
  plane->lines = space->all_lines + space->num_all_lines;
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == 1) plane->id = (int64_t)field.value;
    if (field.number == 2) plane->name = text_of(space, &field);
    if (field.number != 3) continue;
    space->num_all_lines++;
    PJRT_TRY(
        read_line(space, plane, &field, &plane->lines[plane->num_lines++]));
  }
  return NULL;
}

static pjrt_error *read_space(pjrt_xspace *space, size_t size) {
  pjrt_wire_field field;
  pjrt_wire wire = pjrt_wire_start(space->message, size);
  while (pjrt_wire_next(&wire, &field)) {
    if (field.number == 1) {
      PJRT_TRY(read_plane(space, &field, &space->planes[space->num_planes++]));
    } else if (field.number >= 2 && field.number <= 4) {
      const unsigned i = field.number - 2;
      space->notes[i][space->num_notes[i]++] = text_of(space, &field);
    }
  }
  return NULL;
}

/* ---- texts --------------------------------------------------------------- */

/* What follows a text is read by now: it is the tag of another field. */
static void end_text(const pjrt_xtext *text) {
  if (text->size) text->data[text->size] = '\0';
}

static void end_texts(const pjrt_xspace *space) {
  for (size_t i = 0; i < space->num_planes; i++) {
    end_text(&space->planes[i].name);
  }
  for (size_t i = 0; i < space->num_all_lines; i++) {
    end_text(&space->all_lines[i].name);
    end_text(&space->all_lines[i].display_name);
  }
  for (size_t i = 0; i < space->num_all_event_metas; i++) {
    end_text(&space->all_event_metas[i].name);
    end_text(&space->all_event_metas[i].display_name);
  }
  for (size_t i = 0; i < space->num_all_stat_metas; i++) {
    end_text(&space->all_stat_metas[i].name);
  }
  for (size_t i = 0; i < space->num_all_stats; i++) {
    const pjrt_xstat *stat = &space->all_stats[i];
    if (stat->kind >= PJRT_XSTAT_TEXT) end_text(&stat->value.as_text);
  }
  for (int note = 0; note < PJRT_XSPACE_NUM_NOTES; note++) {
    for (size_t i = 0; i < space->num_notes[note]; i++) {
      end_text(&space->notes[note][i]);
    }
  }
}

/* ---- the whole ----------------------------------------------------------- */

pjrt_error *pjrt_xspace_parse(const void *data, size_t size,
                              pjrt_xspace **out) {
  size_t counts[PJRT_NUM_XKINDS] = {0};
  void *memory;
  *out = NULL;
  if (size && !data) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "data is NULL for %zu bytes", size);
  }
  PJRT_TRY(pjrt_xspace_count(data, size, counts));
  PJRT_TRY(pjrt_alloc(1, sizeof **out, &memory));
  pjrt_xspace *space = memory;
  pjrt_error *error = allocate(space, data, size, counts);
  if (!error) error = read_space(space, size);
  if (error) {
    pjrt_xspace_free(space);
    return error;
  }
  end_texts(space);
  *out = space;
  return NULL;
}
