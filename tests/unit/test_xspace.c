/* Spaces that are made byte by byte: what is read, what is refused, and the
 * trace that is written. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Needs the headers above. */
#include <cmocka.h>

#include "base/error.h"
#include "base/text.h"
#include "expect.h"
#include "pjrt/ext/xspace.h"
#include "wire_writer.h"

/* ---- making -------------------------------------------------------------- */

static void put_text(wire_writer *to, unsigned field, const char *text) {
  wire_field(to, field, text, strlen(text));
}

static void put_double(wire_writer *to, unsigned field, double value) {
  unsigned char bytes[8];
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(bits >> 8 * i);
  wire_varint(to, field << 3 | 1);
  wire_bytes(to, bytes, sizeof bytes);
}

/* An entry of a plane's map of metadata. */
static void put_meta(wire_writer *plane, unsigned map, uint64_t id,
                     const wire_writer *meta) {
  wire_writer entry = {.size = 0};
  wire_number(&entry, 1, id);
  wire_message(&entry, 2, meta);
  wire_message(plane, map, &entry);
}

static void put_stat_meta(wire_writer *plane, uint64_t id, const char *name) {
  wire_writer meta = {.size = 0};
  wire_number(&meta, 1, id);
  put_text(&meta, 2, name);
  put_meta(plane, 5, id, &meta);
}

static void put_number_stat(wire_writer *to, unsigned field, uint64_t id,
                            unsigned kind, uint64_t value) {
  wire_writer stat = {.size = 0};
  wire_number(&stat, 1, id);
  wire_number(&stat, kind, value);
  wire_message(to, field, &stat);
}

static void put_event(wire_writer *line, uint64_t id, uint64_t offset_ps,
                      uint64_t duration_ps, const wire_writer *rest) {
  wire_writer event = {.size = 0};
  wire_number(&event, 1, id);
  wire_number(&event, 2, offset_ps);
  wire_number(&event, 3, duration_ps);
  if (rest) wire_bytes(&event, rest->data, rest->size);
  wire_message(line, 4, &event);
}

/* Each kind of stat once; metadata stands behind what refers to it. */
static void put_stats(wire_writer *to) {
  wire_writer stat = {.size = 0};
  wire_number(&stat, 1, 1);
  put_double(&stat, 2, 2.5);
  wire_message(to, 4, &stat);
  put_number_stat(to, 4, 2, 3, UINT64_MAX);
  put_number_stat(to, 4, 3, 4, (uint64_t)-7);
  stat.size = 0;
  wire_number(&stat, 1, 4);
  put_text(&stat, 5, "a \"b\"\n\xff\xc3\xbc");
  wire_message(to, 4, &stat);
  stat.size = 0;
  wire_number(&stat, 1, 5);
  wire_field(&stat, 6, "\0\1\2", 3);
  wire_message(to, 4, &stat);
  put_number_stat(to, 4, 6, 7, 1);  /* the text "double" */
  put_number_stat(to, 4, 6, 7, 99); /* no such text, and its name was there */
  put_number_stat(to, 4, 99, 4, 1); /* nobody says what it is */
  wire_number(&stat, 15, 1);
}

static void make_plane(wire_writer *plane) {
  wire_writer line = {.size = 0}, rest = {.size = 0}, meta = {.size = 0};
  put_stats(&rest);
  wire_number(plane, 1, 7);
  put_text(plane, 2, "/device:X:0");
  wire_number(&line, 1, 70);
  put_text(&line, 2, "line");
  put_event(&line, 1, 2000500, 1000001, NULL); /* later, comes first */
  put_event(&line, 2, 500, 3, &rest);
  put_event(&line, 98, 500, 4, NULL);
  wire_number(&line, 3, 1000);
  wire_message(plane, 3, &line);
  put_text(&meta, 2, "one");
  put_meta(plane, 4, 1, &meta);
  put_text(&meta, 4, "shown");
  put_number_stat(&meta, 5, 3, 4, 8); /* the event's own -7 counts for more */
  put_number_stat(&meta, 5, 7, 4, 9);
  put_meta(plane, 4, 2, &meta);
  put_stat_meta(plane, 6, "ref");
  put_stat_meta(plane, 1, "replaced");
  put_stat_meta(plane, 1, "double");
  put_stat_meta(plane, 2, "uint64");
  put_stat_meta(plane, 3, "int64");
  put_stat_meta(plane, 4, "text");
  put_stat_meta(plane, 5, "bytes");
  put_stat_meta(plane, 7, "of the kind");
  put_number_stat(plane, 6, 3, 4, 42);
}

static void make_space(wire_writer *space) {
  wire_writer plane = {.size = 0};
  make_plane(&plane);
  wire_message(space, 1, &plane);
  put_text(space, 2, "lost");
  put_text(space, 3, "slow");
  put_text(space, 4, "here");
  put_text(space, 4, "there");
}

static pjrt_xspace *parse(const wire_writer *from) {
  pjrt_xspace *space;
  expect_ok(pjrt_xspace_parse(from->data, from->size, &space));
  return space;
}

/* ---- reading ------------------------------------------------------------- */

static void test_everything_is_read(void **state) {
  (void)state;
  wire_writer bytes = {.size = 0};
  make_space(&bytes);
  pjrt_xspace *space = parse(&bytes);
  assert_int_equal(pjrt_xspace_num_planes(space), 1);
  const pjrt_xplane *plane = pjrt_xspace_plane(space, 0);
  assert_string_equal(pjrt_xplane_name(plane, NULL), "/device:X:0");
  assert_int_equal(pjrt_xplane_id(plane), 7);
  assert_int_equal(pjrt_xplane_num_stats(plane), 1);
  const pjrt_xstat *fact = pjrt_xplane_stat(plane, 0);
  assert_string_equal(pjrt_xstat_name(fact, NULL), "int64");
  assert_int_equal(pjrt_xstat_int64(fact), 42);
  assert_int_equal(pjrt_xplane_num_lines(plane), 1);
  const pjrt_xline *line = pjrt_xplane_line(plane, 0);
  assert_string_equal(pjrt_xline_name(line, NULL), "line");
  assert_int_equal(pjrt_xline_id(line), 70);
  assert_int_equal(pjrt_xline_timestamp_ns(line), 1000);
  assert_int_equal(pjrt_xline_num_events(line), 3);
  const pjrt_xevent *event = pjrt_xline_event(line, 0);
  assert_string_equal(pjrt_xevent_name(event, NULL), "one");
  assert_string_equal(pjrt_xevent_display_name(event, NULL), "");
  assert_int_equal(pjrt_xevent_offset_ps(event), 2000500);
  assert_int_equal(pjrt_xevent_duration_ps(event), 1000001);
  assert_int_equal(pjrt_xevent_num_occurrences(event), 1);
  assert_int_equal(pjrt_xevent_num_stats(event), 0);
  event = pjrt_xline_event(line, 1);
  assert_string_equal(pjrt_xevent_display_name(event, NULL), "shown");
  assert_string_equal(pjrt_xevent_name(pjrt_xline_event(line, 2), NULL), "");
  pjrt_xspace_free(space);
}

static void test_stats(void **state) {
  (void)state;
  size_t size;
  wire_writer bytes = {.size = 0};
  make_space(&bytes);
  pjrt_xspace *space = parse(&bytes);
  const pjrt_xline *line = pjrt_xplane_line(pjrt_xspace_plane(space, 0), 0);
  const pjrt_xevent *event = pjrt_xline_event(line, 1);
  const pjrt_xstat *stats[10];
  assert_int_equal(pjrt_xevent_num_stats(event), 10);
  for (size_t i = 0; i < 10; i++) stats[i] = pjrt_xevent_stat(event, i);
  assert_string_equal(pjrt_xstat_name(stats[0], NULL), "double");
  assert_true(pjrt_xstat_double(stats[0]) == 2.5);
  assert_true(pjrt_xstat_uint64(stats[1]) == UINT64_MAX);
  assert_int_equal(pjrt_xstat_int64(stats[2]), -7);
  assert_string_equal(pjrt_xstat_text(stats[3], &size),
                      "a \"b\"\n\xff\xc3\xbc");
  assert_int_equal(size, 9);
  assert_int_equal(pjrt_xstat_kind_of(stats[4]), PJRT_XSTAT_BYTES);
  assert_memory_equal(pjrt_xstat_text(stats[4], &size), "\0\1\2", 3);
  assert_int_equal(size, 3);
  assert_int_equal(pjrt_xstat_kind_of(stats[5]), PJRT_XSTAT_TEXT);
  assert_string_equal(pjrt_xstat_text(stats[5], NULL), "double");
  assert_string_equal(pjrt_xstat_text(stats[6], NULL), "");
  assert_string_equal(pjrt_xstat_name(stats[7], NULL), "");
  assert_int_equal(pjrt_xstat_int64(stats[8]), 8);
  assert_string_equal(pjrt_xstat_name(stats[9], NULL), "of the kind");
  /* Readers of other kinds. */
  assert_int_equal(pjrt_xstat_int64(stats[0]), 0);
  assert_int_equal(pjrt_xstat_uint64(stats[2]), 0);
  assert_true(pjrt_xstat_double(stats[1]) == 0);
  assert_string_equal(pjrt_xstat_text(stats[1], &size), "");
  pjrt_xspace_free(space);
}

static void test_notes(void **state) {
  (void)state;
  size_t size;
  wire_writer bytes = {.size = 0};
  make_space(&bytes);
  pjrt_xspace *space = parse(&bytes);
  assert_int_equal(pjrt_xspace_num_notes(space, PJRT_XSPACE_ERROR), 1);
  assert_int_equal(pjrt_xspace_num_notes(space, PJRT_XSPACE_HOSTNAME), 2);
  assert_int_equal(pjrt_xspace_num_notes(space, (pjrt_xspace_note)3), 0);
  const char *text = pjrt_xspace_note_text(space, PJRT_XSPACE_ERROR, 0, &size);
  assert_string_equal(text, "lost");
  assert_int_equal(size, 4);
  text = pjrt_xspace_note_text(space, PJRT_XSPACE_WARNING, 0, NULL);
  assert_string_equal(text, "slow");
  text = pjrt_xspace_note_text(space, PJRT_XSPACE_HOSTNAME, 1, NULL);
  assert_string_equal(text, "there");
  assert_null(pjrt_xspace_note_text(space, PJRT_XSPACE_WARNING, 1, NULL));
  pjrt_xspace_free(space);
}

static void test_nothing(void **state) {
  (void)state;
  size_t size = 9;
  pjrt_xspace *space;
  expect_ok(pjrt_xspace_parse(NULL, 0, &space));
  assert_int_equal(pjrt_xspace_num_planes(space), 0);
  assert_null(pjrt_xspace_plane(space, 0));
  pjrt_xspace_free(space);
  pjrt_xspace_free(NULL);
  assert_int_equal(pjrt_xspace_num_planes(NULL), 0);
  assert_int_equal(pjrt_xspace_num_notes(NULL, PJRT_XSPACE_ERROR), 0);
  assert_string_equal(pjrt_xplane_name(NULL, &size), "");
  assert_int_equal(size, 0);
  assert_int_equal(pjrt_xplane_id(NULL), 0);
  assert_null(pjrt_xplane_line(NULL, 0));
  assert_null(pjrt_xplane_stat(NULL, 0));
  assert_string_equal(pjrt_xline_name(NULL, NULL), "");
  assert_int_equal(pjrt_xline_id(NULL) + pjrt_xline_timestamp_ns(NULL), 0);
  assert_null(pjrt_xline_event(NULL, 0));
  assert_string_equal(pjrt_xevent_name(NULL, NULL), "");
  assert_string_equal(pjrt_xevent_display_name(NULL, NULL), "");
  assert_int_equal(pjrt_xevent_offset_ps(NULL), 0);
  assert_int_equal(pjrt_xevent_duration_ps(NULL), 0);
  assert_int_equal(pjrt_xevent_num_occurrences(NULL), 0);
  assert_null(pjrt_xevent_stat(NULL, 0));
  assert_string_equal(pjrt_xstat_name(NULL, NULL), "");
  assert_int_equal(pjrt_xstat_kind_of(NULL), PJRT_XSTAT_NONE);
}

/* ---- what is refused ----------------------------------------------------- */

static void expect_refused(const wire_writer *bytes, const char *part) {
  pjrt_xspace *space = (pjrt_xspace *)1;
  expect_error(pjrt_xspace_parse(bytes->data, bytes->size, &space),
               PJRT_INVALID_ARGUMENT, part);
  assert_null(space);
}

static void test_damage(void **state) {
  (void)state;
  pjrt_xspace *space;
  wire_writer plane = {.size = 0}, bytes = {.size = 0};
  expect_error(pjrt_xspace_parse(NULL, 1, &space), PJRT_INVALID_ARGUMENT,
               "data is NULL for 1 bytes");
  wire_number(&bytes, 1, 5);
  expect_refused(&bytes, "field 1 of a message XSpace has wire type 0");
  wire_number(&plane, 3, 5);
  bytes.size = 0;
  wire_message(&bytes, 1, &plane);
  expect_refused(&bytes, "field 3 of a message XPlane has wire type 0");
  plane.size = 0;
  wire_field(&plane, 3, "\x0a\x7f", 2);
  bytes.size = 0;
  wire_message(&bytes, 1, &plane);
  expect_refused(&bytes, "a message XLine of 2 bytes breaks off at byte 2");
  bytes.size = 0;
  wire_varint(&bytes, 0); /* no field has the number 0 */
  expect_refused(&bytes, "a message XSpace of 1 bytes");
}

/* Each cut of a space is refused, or is a space with less in it. */
static void test_cuts(void **state) {
  (void)state;
  wire_writer bytes = {.size = 0};
  make_space(&bytes);
  size_t num_refused = 0;
  for (size_t size = 0; size < bytes.size; size++) {
    pjrt_xspace *space;
    void *exact = malloc(size + !size); /* for tools that see what is read */
    assert_non_null(exact);
    memcpy(exact, bytes.data, size);
    pjrt_error *error = pjrt_xspace_parse(exact, size, &space);
    free(exact);
    num_refused += error != NULL;
    pjrt_error_free(error);
    pjrt_xspace_free(space);
  }
  /* Nothing at all, and the ends of the plane and of three notes. */
  assert_int_equal(num_refused, bytes.size - 5);
}

static void test_times_that_cannot_be(void **state) {
  (void)state;
  wire_writer line = {.size = 0}, plane = {.size = 0}, bytes = {.size = 0};
  put_event(&line, 1, 1000, 1, NULL);
  wire_number(&line, 3, INT64_MAX);
  wire_message(&plane, 3, &line);
  wire_message(&bytes, 1, &plane);
  expect_refused(&bytes, "an event begins 1000 ps after 9223372036854775807");
}

/* ---- traces -------------------------------------------------------------- */

typedef struct sink {
  pjrt_builder text;
  size_t pieces;
  size_t fails_at; /* 0: never */
} sink;

static pjrt_error *gather(const void *data, size_t size, void *user) {
  sink *to = user;
  to->pieces++;
  if (to->pieces == to->fails_at) {
    return pjrt_error_create(PJRT_DATA_LOSS, "full", 4);
  }
  pjrt_builder_append(&to->text, data, size);
  return NULL;
}

static const char expected_trace[] =
    "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"start_timestamp_ns\":"
    "\"1000\"},\"traceEvents\":[\n"
    "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{\"name\":"
    "\"/device:X:0\"}},\n"
    "{\"ph\":\"M\",\"pid\":1,\"name\":\"process_sort_index\",\"args\":{"
    "\"sort_index\":1}},\n"
    "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"name\":\"thread_name\",\"args\":{"
    "\"name\":\"line\"}},\n"
    "{\"ph\":\"M\",\"pid\":1,\"tid\":1,\"name\":\"thread_sort_index\",\"args\":"
    "{\"sort_index\":1}},\n"
    "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"name\":\"(unnamed)\",\"ts\":0.000500,"
    "\"dur\":0.000004,\"args\":{}},\n"
    "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"name\":\"shown\",\"ts\":0.000500,"
    "\"dur\":0.000003,\"args\":{\"long_name\":\"one\",\"double\":2.5,"
    "\"uint64\":\"18446744073709551615\",\"int64\":-7,"
    "\"text\":\"a \\\"b\\\"\\u000a\\ufffd\xc3\xbc\",\"bytes\":\"3 bytes\","
    "\"ref\":\"double\",\"of the kind\":9}},\n"
    "{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"name\":\"one\",\"ts\":2.000500,"
    "\"dur\":1.000001,\"args\":{}}\n"
    "]}\n";

static void expect_trace(const wire_writer *bytes, const char *expected) {
  char *text;
  sink to = {.pieces = 0};
  pjrt_xspace *space = parse(bytes);
  expect_ok(pjrt_xspace_write_trace(space, gather, &to));
  expect_ok(pjrt_builder_finish(&to.text, &text, NULL));
  if (!strstr(text, expected)) {
    fail_msg("expected\n%s\nin\n%s", expected, text);
  }
  free(text);
  pjrt_xspace_free(space);
}

static void test_trace(void **state) {
  (void)state;
  wire_writer bytes = {.size = 0};
  make_space(&bytes);
  expect_trace(&bytes, expected_trace);
  bytes.size = 0;
  expect_trace(&bytes,
               "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"start_timestamp_"
               "ns\":\"0\"},\"traceEvents\":[\n]}\n");
}

/* Sums, times before 1970, a clock that ran back, numbers that are none. */
static void test_odd_events(void **state) {
  (void)state;
  wire_writer event = {.size = 0}, line = {.size = 0}, plane = {.size = 0},
              bytes = {.size = 0}, stat = {.size = 0};
  wire_number(&stat, 1, 1);
  put_double(&stat, 2, (double)INFINITY);
  wire_message(&event, 4, &stat);
  wire_number(&event, 5, 12);
  wire_number(&event, 3, (uint64_t)-5);
  wire_message(&line, 4, &event);
  put_event(&line, 1, (uint64_t)-1, 0, NULL);
  put_event(&line, 1, (uint64_t)INT64_MAX, INT64_MAX, NULL);
  wire_number(&line, 3, (uint64_t)-3);
  put_text(&line, 11, "shown");
  wire_message(&plane, 3, &line);
  put_stat_meta(&plane, 1, "infinite");
  wire_message(&bytes, 1, &plane);
  expect_trace(&bytes, "\"start_timestamp_ns\":\"-4\"");
  expect_trace(&bytes, "\"args\":{\"name\":\"shown\"}}");
  expect_trace(&bytes, "\"ts\":0.000999,\"dur\":0.000000,\"args\":{}}");
  expect_trace(&bytes,
               "\"ts\":0.001000,\"dur\":0.000000,\"args\":{\"num_occurrences\""
               ":12,\"infinite\":\"inf\"}}");
  expect_trace(&bytes,
               "\"ts\":9223372036854.776807,\"dur\":9223372036854.775807");
}

/* A long trace comes in pieces, and an error ends it. */
static void test_pieces(void **state) {
  (void)state;
  static char text[5000];
  wire_writer line = {.size = 0}, plane = {.size = 0}, bytes = {.size = 0};
  sink to = {.pieces = 0};
  for (int i = 0; i < 1000; i++) wire_field(&line, 4, "", 0);
  memset(text, 'x', sizeof text - 1);
  put_text(&line, 2, text);
  wire_message(&plane, 3, &line);
  wire_message(&bytes, 1, &plane);
  pjrt_xspace *space = parse(&bytes);
  expect_ok(pjrt_xspace_write_trace(space, gather, &to));
  assert_in_range(to.pieces, 2, 3);
  pjrt_builder_clear(&to.text);
  for (size_t at = 1; at <= to.pieces; at++) {
    sink failing = {.fails_at = at};
    expect_error(pjrt_xspace_write_trace(space, gather, &failing),
                 PJRT_DATA_LOSS, "full");
    assert_int_equal(failing.pieces, at);
    pjrt_builder_clear(&failing.text);
  }
  expect_error(pjrt_xspace_write_trace(NULL, gather, &to),
               PJRT_INVALID_ARGUMENT, "space is NULL");
  expect_error(pjrt_xspace_write_trace(space, NULL, &to), PJRT_INVALID_ARGUMENT,
               "write is NULL");
  pjrt_xspace_free(space);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_everything_is_read),
      cmocka_unit_test(test_stats),
      cmocka_unit_test(test_notes),
      cmocka_unit_test(test_nothing),
      cmocka_unit_test(test_damage),
      cmocka_unit_test(test_cuts),
      cmocka_unit_test(test_times_that_cannot_be),
      cmocka_unit_test(test_trace),
      cmocka_unit_test(test_odd_events),
      cmocka_unit_test(test_pieces),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
