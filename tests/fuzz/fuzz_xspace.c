/* Any bytes as an XSpace: what is accepted can be looked at wholly, and becomes
 * a trace without control characters in it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pjrt/ext/xspace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, size_t size) {
  if (text[size] != '\0') abort();
}

static void check_stat(const pjrt_xstat *stat) {
  size_t size;
  const char *text = pjrt_xstat_name(stat, &size);
  check_text(text, size);
  text = pjrt_xstat_text(stat, &size);
  check_text(text, size);
}

static void check_line(const pjrt_xline *line) {
  size_t size;
  const char *text = pjrt_xline_name(line, &size);
  check_text(text, size);
  for (size_t i = 0; i < pjrt_xline_num_events(line); i++) {
    const pjrt_xevent *event = pjrt_xline_event(line, i);
    text = pjrt_xevent_name(event, &size);
    check_text(text, size);
    text = pjrt_xevent_display_name(event, &size);
    check_text(text, size);
    /* Those of a kind can be many, and are the same for all its events. */
    const size_t num = pjrt_xevent_num_stats(event);
    for (size_t s = 0; s < num && s < 16; s++) {
      check_stat(pjrt_xevent_stat(event, s));
    }
    if (pjrt_xevent_stat(event, num)) abort();
  }
}

/* JSON has no control characters but the ends of lines. */
static pjrt_error *look_at(const void *data, size_t size, void *user) {
  const unsigned char *text = data;
  size_t *total = user;
  for (size_t i = 0; i < size; i++) {
    if (text[i] < 0x20 && text[i] != '\n') abort();
  }
  *total += size;
  /* An input can name what is long in each of its events. */
  return *total < 1 << 22 ? NULL : pjrt_error_create(PJRT_CANCELLED, "", 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t total = 0;
  pjrt_xspace *space;
  pjrt_error *error = pjrt_xspace_parse(data, size, &space);
  if (error) {
    if (space || pjrt_error_code(error) != PJRT_INVALID_ARGUMENT) abort();
    pjrt_error_free(error);
    return 0;
  }
  for (size_t i = 0; i < pjrt_xspace_num_planes(space); i++) {
    const pjrt_xplane *plane = pjrt_xspace_plane(space, i);
    for (size_t l = 0; l < pjrt_xplane_num_lines(plane); l++) {
      check_line(pjrt_xplane_line(plane, l));
    }
  }
  const pjrt_code code =
      pjrt_error_consume(pjrt_xspace_write_trace(space, look_at, &total));
  if (code != PJRT_OK && code != PJRT_CANCELLED) abort();
  if (total < 50) abort();
  pjrt_xspace_free(space);
  return 0;
}
