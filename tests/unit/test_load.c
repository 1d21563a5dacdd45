/* Loading what was serialized: whose it is, and the ways around that. */
#include "sim_fixture.h"

#include "pjrt/unsafe.h"
#include "temp_tree.h"

/* ---- a second plugin: a copy of the first, a few bytes longer ------------ */

typedef struct world {
  temp_tree tree;
  temp_path path;
  pjrt_plugin *plugin;
  pjrt_client *client;
  void *artifact; /* of that plugin */
  size_t size;
} world;

static void copy_file(const char *from, const char *to, const char *end) {
  char block[4096];
  size_t size;
  FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
  assert_non_null(in);
  assert_non_null(out);
  while ((size = fread(block, 1, sizeof block, in)) > 0) {
    assert_int_equal(fwrite(block, 1, size, out), size);
  }
  assert_int_equal(fwrite(end, 1, strlen(end), out), strlen(end));
  fclose(in);
  assert_int_equal(fclose(out), 0);
}

static void open_copy(world *w) {
  temp_tree_make(&w->tree);
  copy_file(sim_path(), temp_at(&w->tree, "copy.so", &w->path), "more");
  expect_ok(pjrt_plugin_open(w->path.text, PJRT_NUL_ENDED, NULL, &w->plugin));
  expect_ok(pjrt_client_create(w->plugin, NULL, &w->client));
  pjrt_executable *executable = compile(w->client, pass_program, NULL);
  expect_ok(pjrt_executable_serialize(executable, &w->artifact, &w->size));
  pjrt_executable_free(executable);
}

static void close_copy(world *w) {
  pjrt_host_free(w->artifact);
  pjrt_client_free(w->client);
  pjrt_plugin_free(w->plugin);
  temp_tree_remove(&w->tree);
}

/* It computes what the program says, and knows its parameters. */
static void expect_pass_program(const fixture *f, pjrt_executable *executable) {
  pjrt_buffer *outs[2];
  arguments given = upload_arguments(f->device);
  assert_true(pjrt_executable_is_checked(executable));
  expect_ok(pjrt_executable_execute(executable, given.args, 2, NULL, outs, 2));
  expect_f32(outs[0]);
  free_buffers(outs, 2);
  free_buffers(given.args, 2);
  pjrt_executable_free(executable);
}

/* ---- the tests ----------------------------------------------------------- */

static void artifact_of_another_file_is_refused_unless_forced(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable;
  world w;
  open_copy(&w);
  expect_error(pjrt_executable_load(f->client, w.artifact, w.size, &executable),
               PJRT_FAILED_PRECONDITION,
               "the artifact was made by another plugin");
  assert_null(executable);
  expect_ok(pjrt_executable_load_unchecked(f->client, w.artifact, w.size,
                                           &executable));
  expect_pass_program(f, executable);
  close_copy(&w);
}

static void forcing_forgives_no_damage(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  void *artifact;
  size_t size;
  expect_ok(pjrt_executable_serialize(executable, &artifact, &size));
  pjrt_executable_free(executable);
  ((unsigned char *)artifact)[size - 1] ^= 1;
  expect_error(
      pjrt_executable_load_unchecked(f->client, artifact, size, &executable),
      PJRT_INVALID_ARGUMENT, "its checksum does not match");
  assert_null(executable);
  expect_error(
      pjrt_executable_load_unchecked(NULL, artifact, size, &executable),
      PJRT_INVALID_ARGUMENT, "client is NULL");
  pjrt_host_free(artifact);
}

static void plugins_own_bytes_go_out_and_in(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  void *artifact;
  const void *raw;
  size_t size, raw_size;
  expect_ok(pjrt_executable_serialize(executable, &artifact, &size));
  pjrt_executable_free(executable);
  expect_ok(pjrt_executable_serialized_raw(artifact, size, &raw, &raw_size));
  assert_true(raw_size > 0 && raw_size < size);
  expect_ok(pjrt_executable_load_raw(f->client, raw, raw_size, &executable));
  expect_pass_program(f, executable);

  expect_error(pjrt_executable_load_raw(f->client, artifact, size, &executable),
               PJRT_INVALID_ARGUMENT, "an artifact of this library");
  expect_error(pjrt_executable_load_raw(f->client, raw, 0, &executable),
               PJRT_INVALID_ARGUMENT, "got none");
  expect_error(pjrt_executable_load_raw(f->client, NULL, 0, &executable),
               PJRT_INVALID_ARGUMENT, "data is NULL");
  expect_error(pjrt_executable_load_raw(NULL, raw, raw_size, &executable),
               PJRT_INVALID_ARGUMENT, "client is NULL");
  assert_null(executable);
  pjrt_host_free(artifact);
}

static void errors_of_loading_come_back(void **state) {
  const fixture *f = *state;
  pjrt_executable *executable = compile(f->client, pass_program, NULL);
  void *artifact;
  const void *raw;
  size_t size, raw_size;
  expect_ok(pjrt_executable_serialize(executable, &artifact, &size));
  pjrt_executable_free(executable);
  expect_ok(pjrt_executable_serialized_raw(artifact, size, &raw, &raw_size));
  sim_fail("PJRT_Executable_DeserializeAndLoad", 0, PJRT_Error_Code_INTERNAL);
  expect_error(
      pjrt_executable_load_unchecked(f->client, artifact, size, &executable),
      PJRT_INTERNAL, "the fault");
  expect_error(pjrt_executable_load_raw(f->client, raw, raw_size, &executable),
               PJRT_INTERNAL, "the fault");
  assert_null(executable);
  pjrt_host_free(artifact);
}

/* Whose machine code would it be? */
static void plugin_that_was_replaced_serializes_nothing(void **state) {
  (void)state;
  world w;
  pjrt_plugin *plugin;
  pjrt_client *client;
  temp_path path;
  void *artifact;
  size_t size;
  open_copy(&w);
  copy_file(sim_path(), temp_at(&w.tree, "new.so", &path), "most");
  expect_ok(pjrt_plugin_open(w.path.text, PJRT_NUL_ENDED, NULL, &plugin));
  expect_ok(pjrt_client_create(plugin, NULL, &client));
  assert_int_equal(rename(path.text, w.path.text), 0);
  pjrt_executable *executable = compile(client, pass_program, NULL);
  expect_error(pjrt_executable_serialize(executable, &artifact, &size),
               PJRT_FAILED_PRECONDITION,
               "another file has taken its place since it was loaded");
  assert_null(artifact);
  pjrt_executable_free(executable);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  /* One that knew its identity before goes on. */
  executable = compile(w.client, pass_program, NULL);
  expect_ok(pjrt_executable_serialize(executable, &artifact, &size));
  pjrt_executable_free(executable);
  pjrt_host_free(artifact);
  close_copy(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      sim_test(artifact_of_another_file_is_refused_unless_forced),
      sim_test(forcing_forgives_no_damage),
      sim_test(plugins_own_bytes_go_out_and_in),
      sim_test(errors_of_loading_come_back),
      sim_test(plugin_that_was_replaced_serializes_nothing),
  };
  return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
