/* Shardings without any plugin: their text, their messages, the slices of
 * devices and the pictures. tests/oracle compares with XLA what XLA takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

/* Needs the headers above. */
#include <cmocka.h>

#include "expect.h"
#include "pjrt/ext/shardings.h"
#include "wire_writer.h"

static pjrt_sharding *parse(const char *text) {
  pjrt_sharding *sharding;
  expect_ok(pjrt_sharding_parse(text, PJRT_NUL_ENDED, &sharding));
  return sharding;
}

/* Frees the sharding. */
static void expect_text(pjrt_sharding *sharding, const char *expected) {
  char *text;
  expect_ok(pjrt_sharding_to_text(sharding, &text, NULL));
  assert_string_equal(text, expected);
  pjrt_host_free(text);
  pjrt_sharding_free(sharding);
}

static void expect_devices(const pjrt_sharding *sharding, size_t num,
                           const int64_t *expected) {
  assert_int_equal(pjrt_sharding_num_devices(sharding), num);
  for (size_t i = 0; i < num; i++) {
    assert_int_equal(pjrt_sharding_device(sharding, i), expected[i]);
  }
  assert_int_equal(pjrt_sharding_device(sharding, num), -1);
}

/* ---- text ---------------------------------------------------------------- */

static void test_text_comes_back(void **state) {
  static const char *const texts[] = {
      "{replicated}",
      "{manual}",
      "{unknown}",
      "{unreduced}",
      "{maximal device=3}",
      "{devices=[2,2]0,1,2,3}",
      "{devices=[2,2]<=[4]}",
      "{devices=[2,2]<=[2,2]T(1,0)}",
      "{devices=[1,1]<=[1]}",
      "{devices=[2,1,2]<=[4] last_tile_dim_replicate}",
      "{devices=[2,1,2,2]<=[8] last_tile_dims={manual, replicated}}",
      "{replicated shard_as 5}",
      "{replicated shard_like -1}", /* as a message may say */
      "{devices=[2]7,5 shard_like 9}",
      "{{replicated}, {maximal device=0}, {devices=[2]<=[2]}}",
      "{}",
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    expect_text(parse(texts[i]), texts[i]);
  }
}

static void test_what_is_said_in_fewer_words(void **state) {
  static const char *const texts[][2] = {
      {"{ devices=[2,2] 0, 1,2 ,3 }", "{devices=[2,2]0,1,2,3}"},
      {"{devices=[4]<=[2,2]T(0,1)}", "{devices=[4]<=[4]}"},
      {"{devices=[8]<=[2,1,4]T(2,1,0)}", "{devices=[8]<=[2,4]T(1,0)}"},
      {"{devices=[12]<=[2,2,3]T(2,0,1)}", "{devices=[12]<=[4,3]T(1,0)}"},
      {"{devices=[2]<=[1,1,2]T(2,1,0)}", "{devices=[2]<=[2]}"},
      {"{devices=[1,1]5}", "{maximal device=5}"},
      {"{devices=[1,3]<=[3] last_tile_dim_replicate}", "{replicated}"},
      {"{devices=[4,1]1,3,2,0 last_tile_dim_replicate}",
       "{devices=[4]1,3,2,0}"},
      {"{devices=[2,2]3,1,2,0 last_tile_dim_replicate}",
       "{devices=[2,2]1,3,0,2 last_tile_dim_replicate}"},
      {"{devices=[2,2]<=[4] last_tile_dims={replicated}}",
       "{devices=[2,2]<=[4] last_tile_dim_replicate}"},
      {"{{replicated},{manual}} ", "{{replicated}, {manual}}"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    expect_text(parse(texts[i][0]), texts[i][1]);
  }
}

static void test_texts_that_are_refused(void **state) {
  static const struct {
    const char *text;
    const char *message;
  } cases[] = {
      {"", "{ expected at byte 0"},
      {"replicated", "{ expected at byte 0"},
      {"{replicated", "} expected at byte 11"},
      {"{replicated} x", "the end expected at byte 13"},
      {"{nonsense}", "devices=[...], replicated"},
      {"{maximal}", "device= expected"},
      {"{maximal device=}", "a number expected at byte 16"},
      {"{maximal device=-1}", "negative device"},
      {"{maximal device=-}", "a number expected at byte 16"},
      {"{devices=[-2]0,1}", "-2 tiles along dimension 0"},
      {"{devices=[2}", "] expected"},
      {"{devices=[]0}", "a number expected at byte 10"},
      {"{devices=[2]0,}", "a number expected at byte 14"},
      {"{devices=[2]0}", "2 tiles for 1 devices"},
      {"{devices=[2]1,1}", "names device 1 twice"},
      {"{devices=[0]0}", "0 tiles along dimension 0"},
      {"{devices=[2]<=[3]}", "2 tiles for 3 devices"},
      {"{devices=[4]<=[2,2]}", "T( expected"},
      {"{devices=[4]<=[2,2]T(0)}", "a number for each dimension"},
      {"{devices=[4]<=[2,2]T(0,0)}", "each dimension once"},
      {"{devices=[4]<=[2,2]T(0,2)}", "each dimension once"},
      {"{devices=[2]<=[2] last_tile_dims={manual, manual}}",
       "more subgroups than dimensions"},
      {"{devices=[2]<=[2] last_tile_dims={maximal}}", "not replicated, manual"},
      {"{devices=[2]<=[2] last_tile_dims={x}}", "replicated, manual or"},
      {"{devices=[9223372036854775807,2]<=[2]}", "2 tiles along dimension 1"},
      {"{devices=[9223372036854775808]<=[2]}", "a number expected"},
      {"{{replicated}, {{manual}}}", "replicated, maximal"},
      {"{{replicated}, }", "{ expected at byte 14"},
      {"{{replicated} {manual}}", "a comma or } expected"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    pjrt_sharding *sharding = (pjrt_sharding *)1;
    expect_error(pjrt_sharding_parse(cases[i].text, PJRT_NUL_ENDED, &sharding),
                 PJRT_INVALID_ARGUMENT, cases[i].message);
    assert_null(sharding);
  }
}

static void test_texts_that_are_not_read(void **state) {
  static const char *const texts[][2] = {
      {"{mesh['x'=2], [{'x'}]}", "named"},
      {"{maximal_mesh[device_id=3]}", "named"},
      {"{replicated metadata={op_name=\"a\"}}", "metadata"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    pjrt_sharding *sharding;
    expect_error(pjrt_sharding_parse(texts[i][0], PJRT_NUL_ENDED, &sharding),
                 PJRT_UNIMPLEMENTED, texts[i][1]);
  }
}

static void test_text_without_a_nul(void **state) {
  (void)state;
  pjrt_sharding *sharding;
  expect_ok(pjrt_sharding_parse("{manual}garbage", 8, &sharding));
  expect_text(sharding, "{manual}");
  expect_error(pjrt_sharding_parse("{manual}", 7, &sharding),
               PJRT_INVALID_ARGUMENT, "} expected at byte 7");
  expect_error(pjrt_sharding_parse(NULL, 0, &sharding), PJRT_INVALID_ARGUMENT,
               "{ expected");
}

/* 65 dimensions, and 65,537 elements. */
static void test_bounds(void **state) {
  (void)state;
  enum { NUM = (1 << 16) + 1 };
  pjrt_sharding *sharding;
  static const char dims[] =
      "{devices=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
      "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
      "1]0}";
  expect_error(pjrt_sharding_parse(dims, PJRT_NUL_ENDED, &sharding),
               PJRT_INVALID_ARGUMENT, "no more than 64");
  static const char element[] = "{manual},";
  char *text = malloc(NUM * sizeof element);
  assert_non_null(text);
  text[0] = '{';
  for (size_t i = 0; i < NUM; i++) {
    memcpy(text + 1 + i * 9, element, sizeof element);
  }
  text[9 * NUM] = '}';
  expect_error(pjrt_sharding_parse(text, 9 * NUM + 1, &sharding),
               PJRT_INVALID_ARGUMENT, "no more than 65,536 elements");
  text[9 * (NUM - 1)] = '}';
  expect_ok(pjrt_sharding_parse(text, 9 * (NUM - 1) + 1, &sharding));
  assert_int_equal(pjrt_sharding_num_elements(sharding), NUM - 1);
  pjrt_sharding_free(sharding);
  free(text);
}

/* What a list of devices takes is not for all the text behind it: that would be
 * megabytes for each of these. */
static void test_long_texts(void **state) {
  (void)state;
  enum { NUM = 1 << 14, BLANKS = 1 << 22 };
  static const char element[] = "{devices=[2]0,1},";
  pjrt_sharding *sharding;
  char *text = malloc(NUM * sizeof element + BLANKS + 2);
  assert_non_null(text);
  size_t size = 0;
  text[size++] = '{';
  for (size_t i = 0; i < NUM; i++) {
    memcpy(text + size, element, sizeof element);
    size += sizeof element - 1;
  }
  size--; /* the last comma */
  memset(text + size, ' ', BLANKS);
  size += BLANKS;
  text[size++] = '}';
  expect_ok(pjrt_sharding_parse(text, size, &sharding));
  assert_int_equal(pjrt_sharding_num_elements(sharding), NUM);
  pjrt_sharding_free(sharding);
  free(text);
}

/* ---- what it says -------------------------------------------------------- */

static void test_facts(void **state) {
  (void)state;
  size_t num;
  int64_t id;
  pjrt_sharding_kind kind;
  pjrt_sharding *s = parse(
      "{devices=[2,1,2,3]<=[4,3]T(1,0) last_tile_dims={manual, replicated} "
      "shard_like 9}");
  assert_int_equal(pjrt_sharding_kind_of(s), PJRT_SHARDING_TILED);
  assert_int_equal(pjrt_sharding_tiles(s, &num)[0], 2);
  assert_int_equal(num, 2);
  assert_int_equal(pjrt_sharding_num_subgroups(s), 2);
  assert_int_equal(pjrt_sharding_subgroup(s, 0, &kind), 2);
  assert_int_equal(kind, PJRT_SHARDING_MANUAL);
  assert_int_equal(pjrt_sharding_subgroup(s, 1, &kind), 3);
  assert_int_equal(kind, PJRT_SHARDING_REPLICATED);
  assert_int_equal(pjrt_sharding_subgroup(s, 2, NULL), 0);
  assert_int_equal(pjrt_sharding_iota_dims(s, &num)[1], 3);
  assert_int_equal(num, 2);
  assert_int_equal(pjrt_sharding_iota_order(s, &num)[0], 1);
  expect_devices(s, 12,
                 (const int64_t[]){0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11});
  assert_int_equal(pjrt_sharding_group(s, &id), PJRT_SHARD_GROUP_LIKE);
  assert_int_equal(id, 9);
  pjrt_sharding_free(s);

  s = parse("{devices=[3]5,1,7}");
  expect_devices(s, 3, (const int64_t[]){5, 1, 7});
  assert_non_null(pjrt_sharding_iota_dims(s, &num));
  assert_int_equal(num, 0);
  assert_int_equal(pjrt_sharding_group(s, NULL), PJRT_SHARD_GROUP_NONE);
  pjrt_sharding_free(s);

  s = parse("{{manual}, {maximal device=2}}");
  assert_int_equal(pjrt_sharding_kind_of(s), PJRT_SHARDING_TUPLE);
  assert_int_equal(pjrt_sharding_num_elements(s), 2);
  const pjrt_sharding *second = pjrt_sharding_element(s, 1);
  assert_int_equal(pjrt_sharding_kind_of(second), PJRT_SHARDING_MAXIMAL);
  expect_devices(second, 1, (const int64_t[]){2});
  assert_null(pjrt_sharding_element(s, 2));
  assert_non_null(pjrt_sharding_tiles(s, &num));
  assert_int_equal(num, 0);
  pjrt_sharding_free(s);
  pjrt_sharding_free(NULL);
}

/* ---- messages ------------------------------------------------------------ */

enum {
  TYPE = 1,
  TILE_DIMS = 3,
  DEVICES = 4,
  TUPLE = 5,
  REPLICATE_ON_LAST = 6,
  METADATA = 7,
  LAST_TILE_DIMS = 8,
  RESHAPE_DIMS = 9,
  TRANSPOSE_PERM = 10,
  IS_GROUP = 11,
  GROUP_ID = 12,
  GROUP_TYPE = 13
};

static pjrt_error *decode(const wire_writer *message, pjrt_sharding **out) {
  /* Of its own size, so that sanitizers see the end. */
  void *copy = malloc(message->size ? message->size : 1);
  assert_non_null(copy);
  memcpy(copy, message->data, message->size);
  pjrt_error *error = pjrt_sharding_from_proto(copy, message->size, out);
  free(copy);
  return error;
}

static void expect_decoded(const wire_writer *message, const char *expected) {
  pjrt_sharding *sharding;
  expect_ok(decode(message, &sharding));
  expect_text(sharding, expected);
}

static wire_writer tiled(void) {
  wire_writer m = {.size = 0};
  wire_number(&m, TYPE, 3);
  wire_packed(&m, TILE_DIMS, (const int64_t[]){2, 2}, 2);
  return m;
}

static void test_messages(void **state) {
  (void)state;
  wire_writer m = {.size = 0};
  expect_decoded(&m, "{replicated}");
  wire_number(&m, IS_GROUP, 1);
  wire_number(&m, GROUP_ID, 4);
  wire_field(&m, METADATA, "\x0a\x01x", 3);
  expect_decoded(&m, "{replicated shard_as 4}");
  wire_number(&m, GROUP_TYPE, 1);
  expect_decoded(&m, "{replicated shard_like 4}");

  wire_writer list = tiled();
  for (unsigned i = 0; i < 4; i++) wire_number(&list, DEVICES, 3 - i);
  expect_decoded(&list, "{devices=[2,2]3,2,1,0}");
  wire_number(&list, REPLICATE_ON_LAST, 1);
  expect_decoded(&list, "{devices=[2,2]2,3,0,1 last_tile_dim_replicate}");

  wire_writer iota = tiled();
  wire_packed(&iota, RESHAPE_DIMS, (const int64_t[]){2, 2}, 2);
  wire_packed(&iota, TRANSPOSE_PERM, (const int64_t[]){1, 0}, 2);
  expect_decoded(&iota, "{devices=[2,2]<=[2,2]T(1,0)}");
  wire_packed(&iota, LAST_TILE_DIMS, (const int64_t[]){4}, 1);
  expect_decoded(&iota, "{devices=[2,2]<=[2,2]T(1,0) last_tile_dims={manual}}");

  wire_writer tuple = {.size = 0};
  wire_number(&tuple, TYPE, 2);
  expect_decoded(&tuple, "{}");
  wire_message(&tuple, TUPLE, &list);
  wire_field(&tuple, TUPLE, "", 0);
  expect_decoded(
      &tuple, "{{devices=[2,2]2,3,0,1 last_tile_dim_replicate}, {replicated}}");

  wire_writer nested = {.size = 0};
  pjrt_sharding *sharding = (pjrt_sharding *)1;
  wire_number(&nested, TYPE, 2);
  wire_message(&nested, TUPLE, &tuple);
  expect_error(decode(&nested, &sharding), PJRT_INVALID_ARGUMENT,
               "a tuple in a tuple");
  assert_null(sharding);
}

static void test_damaged_messages(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  int64_t ones[65];
  pjrt_sharding *sharding;
  (void)state;
  for (size_t i = 0; i < 65; i++) ones[i] = 1;
  wire_writer m = tiled();
  expect_error(decode(&m, &sharding), bad, "tiles and no devices");
  wire_packed(&m, DEVICES, (const int64_t[]){-1, 0, 1, 2}, 4);
  expect_error(decode(&m, &sharding), bad, "negative device");
  m = tiled();
  wire_packed(&m, RESHAPE_DIMS, (const int64_t[]){4}, 1);
  expect_error(decode(&m, &sharding), bad, "another rank");
  wire_packed(&m, TRANSPOSE_PERM, (const int64_t[]){1}, 1);
  expect_error(decode(&m, &sharding), bad, "each dimension once");
  m = tiled();
  wire_packed(&m, RESHAPE_DIMS, (const int64_t[]){-4}, 1);
  wire_packed(&m, TRANSPOSE_PERM, (const int64_t[]){0}, 1);
  expect_error(decode(&m, &sharding), bad, "-4 devices along dimension 0");
  m = tiled();
  wire_packed(&m, RESHAPE_DIMS, ones, 65);
  wire_packed(&m, TRANSPOSE_PERM, ones, 65);
  expect_error(decode(&m, &sharding), bad, "another rank");
  m = tiled();
  wire_packed(&m, LAST_TILE_DIMS, ones, 65);
  expect_error(decode(&m, &sharding), bad, "more than 64 subgroups");
  m.size = 0;
  wire_number(&m, TYPE, 3);
  wire_packed(&m, TILE_DIMS, ones, 65);
  wire_packed(&m, DEVICES, ones, 1);
  expect_error(decode(&m, &sharding), bad, "65 dimensions of tiles");
  expect_error(pjrt_sharding_from_proto(NULL, 1, &sharding), bad,
               "data is NULL");
  const size_t size = (1 << 24) + 1;
  void *large = calloc(size, 1);
  assert_non_null(large);
  expect_error(pjrt_sharding_from_proto(large, size, &sharding), bad,
               "larger than 16 MiB");
  free(large);
}

/* Every prefix and every changed byte of a message is read or refused. */
static void test_any_bytes(void **state) {
  (void)state;
  wire_writer message = tiled();
  wire_packed(&message, RESHAPE_DIMS, (const int64_t[]){2, 2}, 2);
  wire_packed(&message, TRANSPOSE_PERM, (const int64_t[]){1, 0}, 2);
  wire_number(&message, REPLICATE_ON_LAST, 1);
  for (size_t i = 0; i < message.size; i++) {
    for (int byte = 0; byte < 256; byte++) {
      wire_writer damaged = message;
      pjrt_sharding *sharding;
      damaged.data[i] = (unsigned char)byte;
      if (byte == 0) damaged.size = i;
      pjrt_error_free(decode(&damaged, &sharding));
      pjrt_sharding_free(sharding);
    }
  }
}

/* ---- slices -------------------------------------------------------------- */

static void expect_slice(const pjrt_sharding *s, const int64_t *dims,
                         size_t num, int64_t device, const int64_t *offsets,
                         const int64_t *sizes) {
  int64_t from[4], counts[4];
  expect_ok(pjrt_sharding_slice(s, dims, num, device, from, counts));
  assert_memory_equal(from, offsets, num * sizeof *from);
  assert_memory_equal(counts, sizes, num * sizeof *counts);
}

#define INTS(...) ((const int64_t[]){__VA_ARGS__})

static void test_even_slices(void **state) {
  (void)state;
  pjrt_sharding *s = parse(
      "{devices=[2,2,2]<=[2,4]T(1,0) "
      "last_tile_dim_replicate}");
  const int64_t dims[] = {8, 6};
  expect_slice(s, dims, 2, 0, INTS(0, 0), INTS(4, 3));
  expect_slice(s, dims, 2, 4, INTS(0, 0), INTS(4, 3));
  expect_slice(s, dims, 2, 1, INTS(0, 3), INTS(4, 3));
  expect_slice(s, dims, 2, 7, INTS(4, 3), INTS(4, 3));
  int64_t shard[2];
  expect_ok(pjrt_sharding_shard_dims(s, dims, 2, shard));
  assert_memory_equal(shard, INTS(4, 3), sizeof shard);
  pjrt_sharding_free(s);
}

/* Tiles of ceil(5 / 4) = 2: the last but one has less, the last nothing. */
static void test_uneven_slices(void **state) {
  (void)state;
  int64_t shard;
  pjrt_sharding *s = parse("{devices=[4]9,8,7,6}");
  expect_slice(s, INTS(5), 1, 9, INTS(0), INTS(2));
  expect_slice(s, INTS(5), 1, 8, INTS(2), INTS(2));
  expect_slice(s, INTS(5), 1, 7, INTS(4), INTS(1));
  expect_slice(s, INTS(5), 1, 6, INTS(5), INTS(0));
  expect_slice(s, INTS(0), 1, 6, INTS(0), INTS(0));
  expect_ok(pjrt_sharding_shard_dims(s, INTS(5), 1, &shard));
  assert_int_equal(shard, 2);
  pjrt_sharding_free(s);
}

static void test_whole_arrays(void **state) {
  (void)state;
  int64_t from[2], sizes[2];
  pjrt_sharding *s = parse("{replicated}");
  expect_slice(s, INTS(8, 6), 2, 1000, INTS(0, 0), INTS(8, 6));
  expect_ok(pjrt_sharding_slice(s, NULL, 0, 3, NULL, NULL));
  pjrt_sharding_free(s);
  s = parse("{unreduced}");
  expect_slice(s, INTS(8), 1, 3, INTS(0), INTS(8));
  pjrt_sharding_free(s);
  s = parse("{maximal device=3}");
  expect_slice(s, INTS(8, 6), 2, 3, INTS(0, 0), INTS(8, 6));
  expect_error(pjrt_sharding_slice(s, INTS(8, 6), 2, 2, from, sizes),
               PJRT_NOT_FOUND, "device 2 has nothing");
  pjrt_sharding_free(s);
}

/* A short text for more devices than any memory could list. */
static void test_huge_iotas(void **state) {
  (void)state;
  const int64_t most = INT64_C(1) << 62;
  int64_t from[2], sizes[2];
  pjrt_sharding *s =
      parse("{devices=[2147483648,2147483648]<=[2147483648,2147483648]T(1,0)}");
  assert_int_equal(pjrt_sharding_num_devices(s), most);
  assert_int_equal(pjrt_sharding_device(s, 1), INT64_C(1) << 31);
  expect_slice(s, INTS(INT64_C(1) << 31, 7), 2, most - 1,
               INTS((INT64_C(1) << 31) - 1, 7), INTS(1, 0));
  expect_slice(s, INTS(1, INT64_C(1) << 40), 2, INT64_C(1) << 31, INTS(0, 512),
               INTS(1, 512));
  expect_error(pjrt_sharding_slice(s, INTS(1, 1), 2, most, from, sizes),
               PJRT_NOT_FOUND, "has nothing");
  char *picture = (char *)1;
  expect_error(pjrt_sharding_picture(s, INTS(1, 1), 2, 1, &picture, NULL),
               PJRT_INVALID_ARGUMENT, "expected 1 to 65536");
  assert_null(picture);
  pjrt_sharding_free(s);
}

static void test_arrays_that_do_not_fit(void **state) {
  const pjrt_code bad = PJRT_INVALID_ARGUMENT;
  int64_t out[3];
  (void)state;
  pjrt_sharding *s = parse("{devices=[2,2]<=[4]}");
  expect_error(pjrt_sharding_shard_dims(NULL, INTS(8), 1, out), bad,
               "sharding is NULL");
  expect_error(pjrt_sharding_shard_dims(s, INTS(8), 1, out), bad,
               "an array of 1 dimensions, expected 2");
  expect_error(pjrt_sharding_shard_dims(s, NULL, 2, out), bad, "dims is NULL");
  expect_error(pjrt_sharding_shard_dims(s, INTS(8, -1), 2, out), bad, "-1");
  expect_error(pjrt_sharding_slice(s, INTS(8, 8), 2, 4, out, out),
               PJRT_NOT_FOUND, "device 4");
  expect_error(pjrt_sharding_slice(s, INTS(8, 8), 2, -1, out, out),
               PJRT_NOT_FOUND, "device -1");
  pjrt_sharding_free(s);
  s = parse("{manual}");
  expect_error(pjrt_sharding_shard_dims(s, INTS(8), 1, out),
               PJRT_FAILED_PRECONDITION, "the sharding is manual");
  pjrt_sharding_free(s);
  s = parse("{unknown}");
  expect_error(pjrt_sharding_slice(s, INTS(8), 1, 0, out, out),
               PJRT_FAILED_PRECONDITION, "the sharding is unknown");
  pjrt_sharding_free(s);
  s = parse("{{replicated}}");
  expect_error(pjrt_sharding_slice(s, INTS(8), 1, 0, out, out), bad,
               "that of a tuple");
  pjrt_sharding_free(s);
}

/* ---- pictures ------------------------------------------------------------ */

static void expect_picture(const char *text, const int64_t *dims, size_t num,
                           size_t num_devices, const char *expected) {
  char *picture;
  size_t size;
  pjrt_sharding *s = parse(text);
  expect_ok(pjrt_sharding_picture(s, dims, num, num_devices, &picture, &size));
  assert_string_equal(picture, expected);
  assert_int_equal(size, strlen(expected));
  pjrt_host_free(picture);
  pjrt_sharding_free(s);
}

static void test_pictures(void **state) {
  (void)state;
  expect_picture("{devices=[2,2,2]<=[8] last_tile_dim_replicate}", INTS(8, 8),
                 2, 8,
                 "      0:4   4:8\n"
                 "    ┌─────┬─────┐\n"
                 "0:4 │ 0,1 │ 2,3 │\n"
                 "    ├─────┼─────┤\n"
                 "4:8 │ 4,5 │ 6,7 │\n"
                 "    └─────┴─────┘\n");
  expect_picture("{devices=[4]3,1,0,2}", INTS(5), 1, 4,
                 "  0:2   2:4   4:5\n"
                 "┌─────┬─────┬─────┐\n"
                 "│  3  │  1  │  0  │\n"
                 "└─────┴─────┴─────┘\n"
                 "nothing of it: 2\n");
  expect_picture("{replicated}", NULL, 0, 4,
                 "┌─────┐\n"
                 "│ 0-3 │\n"
                 "└─────┘\n");
  expect_picture("{maximal device=3}", INTS(3, 4), 2, 4,
                 "      0:4\n"
                 "    ┌─────┐\n"
                 "0:3 │  3  │\n"
                 "    └─────┘\n");
  expect_picture("{devices=[2,2]<=[4]}", INTS(0, 4), 2, 4,
                 "nothing of it: 0-3\n");
}

static void test_pictures_of_leading_dimensions(void **state) {
  (void)state;
  expect_picture("{devices=[2,1,2]<=[2,2]T(1,0)}", INTS(4, 3, 20), 3, 4,
                 "[0:2,:,:]\n"
                 "      0:10    10:20\n"
                 "    ┌───────┬───────┐\n"
                 "0:3 │   0   │   2   │\n"
                 "    └───────┴───────┘\n"
                 "[2:4,:,:]\n"
                 "      0:10    10:20\n"
                 "    ┌───────┬───────┐\n"
                 "0:3 │   1   │   3   │\n"
                 "    └───────┴───────┘\n");
}

/* Names that are too long end in dots. */
static void test_pictures_of_many_devices(void **state) {
  (void)state;
  expect_picture("{devices=[1,2,32]<=[32,2]T(1,0) last_tile_dim_replicate}",
                 INTS(1, 2), 2, 64,
                 "                    0:1                     "
                 "          1:2\n"
                 "    ┌─────────────────────────────────┬"
                 "─────────────────────────────────┐\n"
                 "0:1 │ 0,2,4,6,8,10,12,14,16,18,20,... │ "
                 "1,3,5,7,9,11,13,15,17,19,21,... │\n"
                 "    └─────────────────────────────────┴"
                 "─────────────────────────────────┘\n");
  expect_picture("{devices=[2]9223372036854775806,9223372036854775807}",
                 INTS(2), 1, 2,
                 "          0:1                   1:2\n"
                 "┌─────────────────────┬─────────────────────┐\n"
                 "│ 9223372036854775806 │ 9223372036854775807 │\n"
                 "└─────────────────────┴─────────────────────┘\n");
}

static void test_pictures_that_are_refused(void **state) {
  (void)state;
  char *picture;
  pjrt_sharding *s = parse("{replicated}");
  expect_error(pjrt_sharding_picture(s, INTS(2), 1, 0, &picture, NULL),
               PJRT_INVALID_ARGUMENT, "a picture of 0 devices");
  expect_error(pjrt_sharding_svg(s, INTS(2), 1, 65537, &picture, NULL),
               PJRT_INVALID_ARGUMENT, "a picture of 65537 devices");
  assert_null(picture);
  pjrt_sharding_free(s);
  s = parse("{manual}");
  expect_error(pjrt_sharding_svg(s, INTS(2), 1, 2, &picture, NULL),
               PJRT_FAILED_PRECONDITION, "manual");
  pjrt_sharding_free(s);
}

static size_t count(const char *text, const char *part) {
  size_t num = 0;
  while ((text = strstr(text, part))) {
    text += strlen(part);
    num++;
  }
  return num;
}

static void test_images(void **state) {
  (void)state;
  char *image;
  size_t size;
  pjrt_sharding *s = parse("{devices=[2,4,2]<=[16]}");
  expect_ok(pjrt_sharding_svg(s, INTS(2, 5, 10), 3, 16, &image, &size));
  assert_int_equal(strlen(image), size);
  assert_ptr_equal(strstr(image, "<svg xmlns="), image);
  assert_int_equal(count(image, "<rect "), 2 * 3 * 2);
  assert_int_equal(count(image, "<text "), 12 + 2 + 1);
  assert_int_equal(count(image, ">[1:2,:,:]</text>"), 1);
  assert_int_equal(count(image, ">nothing of it: 6,7,14,15</text>"), 1);
  /* Rows of 2, 2 and 1 of 5 in the height of three lines. */
  assert_int_equal(count(image, "height=\"33\""), 2 * 2);
  assert_int_equal(count(image, "height=\"34\""), 2 * 2);
  assert_int_equal(count(image, "height=\"17\""), 2 * 2);
  assert_string_equal(image + size - 7, "</svg>\n");
  pjrt_host_free(image);
  pjrt_sharding_free(s);
  s = parse("{replicated}");
  expect_ok(pjrt_sharding_svg(s, NULL, 0, 3, &image, NULL));
  assert_int_equal(count(image, ">0-2</text>"), 1);
  pjrt_host_free(image);
  pjrt_sharding_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text_comes_back),
      cmocka_unit_test(test_what_is_said_in_fewer_words),
      cmocka_unit_test(test_texts_that_are_refused),
      cmocka_unit_test(test_texts_that_are_not_read),
      cmocka_unit_test(test_text_without_a_nul),
      cmocka_unit_test(test_bounds),
      cmocka_unit_test(test_long_texts),
      cmocka_unit_test(test_facts),
      cmocka_unit_test(test_messages),
      cmocka_unit_test(test_damaged_messages),
      cmocka_unit_test(test_any_bytes),
      cmocka_unit_test(test_even_slices),
      cmocka_unit_test(test_uneven_slices),
      cmocka_unit_test(test_whole_arrays),
      cmocka_unit_test(test_huge_iotas),
      cmocka_unit_test(test_arrays_that_do_not_fit),
      cmocka_unit_test(test_pictures),
      cmocka_unit_test(test_pictures_of_leading_dimensions),
      cmocka_unit_test(test_pictures_of_many_devices),
      cmocka_unit_test(test_pictures_that_are_refused),
      cmocka_unit_test(test_images),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
