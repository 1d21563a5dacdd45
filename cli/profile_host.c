#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "board.h"
#include "profile.h"

static const char *const step_names[NUM_HOST_STEPS] = {
    [HOST_COMPILE] = "compile",   [HOST_UPLOAD] = "upload",
    [HOST_LAUNCH] = "launch",     [HOST_AWAIT] = "await",
    [HOST_DOWNLOAD] = "download",
};

void host_record_add(struct host_record *record, host_step step,
                     int64_t begin_ns) {
  const int64_t end_ns = now_ns();
  if (record->num == record->capacity) {
    const size_t capacity = record->capacity ? 2 * record->capacity : 64;
    void *grown = realloc(record->events, capacity * sizeof *record->events);
    record->is_short_of_memory = record->is_short_of_memory || !grown;
    if (!grown) return;
    record->events = grown;
    record->capacity = capacity;
  }
  record->events[record->num++] =
      (struct host_event){step, begin_ns, end_ns - begin_ns};
}

void host_record_free(struct host_record *record) { free(record->events); }

/* ---- as an XSpace -------------------------------------------------------- */

/* Into a stream in memory, which remembers a failure. */
static void put_varint(FILE *out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) fputc((int)(value & 0x7f) | 0x80, out);
  fputc((int)value, out);
}

static void put_number(FILE *out, unsigned field, uint64_t value) {
  put_varint(out, field << 3);
  put_varint(out, value);
}

static void put_bytes(FILE *out, unsigned field, const void *data,
                      size_t size) {
  put_varint(out, field << 3 | 2);
  put_varint(out, size);
  fwrite(data, 1, size, out);
}

static void put_text(FILE *out, unsigned field, const char *text) {
  put_bytes(out, field, text, strlen(text));
}

/* A message inside another is written on its own first. */
struct message {
  FILE *out;
  char *data;
  size_t size;
};

static bool message_open(struct message *message) {
  *message = (struct message){NULL, NULL, 0};
  message->out = open_memstream(&message->data, &message->size);
  return message->out != NULL;
}

static bool message_put(struct message *message, FILE *out, unsigned field) {
  bool is_whole = message->out && !ferror(message->out);
  if (message->out) is_whole = fclose(message->out) == 0 && is_whole;
  if (is_whole) put_bytes(out, field, message->data, message->size);
  free(message->data);
  return is_whole;
}

/* XPlane.event_metadata = 4: key = 1, value = 2 of {id = 1, name = 2}. */
static bool put_names(FILE *plane) {
  for (unsigned i = 0; i < NUM_HOST_STEPS; i++) {
    struct message entry, meta;
    if (!message_open(&entry)) return false;
    bool is_whole = message_open(&meta);
    if (is_whole) {
      put_number(entry.out, 1, i + 1);
      put_number(meta.out, 1, i + 1);
      put_text(meta.out, 2, step_names[i]);
    }
    is_whole = message_put(&meta, entry.out, 2) && is_whole;
    if (!message_put(&entry, plane, 4) || !is_whole) return false;
  }
  return true;
}

/* XLine.events = 4: metadata_id = 1, offset_ps = 2, duration_ps = 3. */
static bool put_events(FILE *line, const struct host_record *record) {
  for (size_t i = 0; i < record->num; i++) {
    const struct host_event *event = &record->events[i];
    const int64_t offset_ns = event->begin_ns - record->events[0].begin_ns;
    struct message message;
    if (!message_open(&message)) return false;
    put_number(message.out, 1, (uint64_t)event->step + 1);
    put_number(message.out, 2, (uint64_t)offset_ns * 1000);
    put_number(message.out, 3, (uint64_t)event->duration_ns * 1000);
    if (!message_put(&message, line, 4)) return false;
  }
  return true;
}

/* Where a moment of now_ns() lies on the calendar's clock, which plugins
 * record by. */
static int64_t calendar_ns(int64_t moment_ns) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  const int64_t since = now_ns() - moment_ns;
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - since;
}

/* XPlane.lines = 3: id = 1, name = 2, timestamp_ns = 3. */
static bool put_line(FILE *plane, const struct host_record *record) {
  struct message line;
  if (!record->num) return true;
  if (!message_open(&line)) return false;
  put_number(line.out, 1, 1);
  put_text(line.out, 2, "steps");
  put_number(line.out, 3, (uint64_t)calendar_ns(record->events[0].begin_ns));
  const bool is_whole = put_events(line.out, record);
  return message_put(&line, plane, 3) && is_whole;
}

/* XSpace.planes = 1: name = 2. */
static bool put_plane(FILE *space, const struct host_record *record) {
  struct message plane;
  if (!message_open(&plane)) return false;
  put_text(plane.out, 2, "/host:pjrt");
  const bool is_whole = put_line(plane.out, record) && put_names(plane.out);
  return message_put(&plane, space, 1) && is_whole;
}

void *host_record_pack(const struct host_record *record, size_t *out_size) {
  struct message space;
  if (record->is_short_of_memory || !message_open(&space)) return NULL;
  bool is_whole = put_plane(space.out, record) && !ferror(space.out);
  is_whole = fclose(space.out) == 0 && is_whole;
  if (!is_whole) {
    free(space.data);
    return NULL;
  }
  *out_size = space.size;
  return space.data;
}
