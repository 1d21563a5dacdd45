/* The compile cache in one process: hits, misses and their reasons, the bound,
 * damage wherever it is, and who may use a folder. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "cache_fixture.h"

/* ---- a folder and a client ----------------------------------------------- */

typedef struct world {
  temp_tree tree;
  fixture *f;
  pjrt_compile_cache *cache;
} world;

static int make_world(void **state) {
  world *w = test_calloc(1, sizeof *w);
  void *f;
  temp_tree_make(&w->tree);
  unsetenv("XLA_FLAGS");
  unsetenv("LIBTPU_INIT_ARGS");
  fixture_open(&f);
  w->f = f;
  w->cache = open_at(&w->tree, NULL);
  *state = w;
  return 0;
}

static int end_world(void **state) {
  world *w = *state;
  void *f = w->f;
  pjrt_compile_cache_free(w->cache);
  fixture_close(&f);
  temp_tree_remove(&w->tree);
  test_free(w);
  return 0;
}

static void reopen(world *w, const pjrt_compile_cache_opts *opts) {
  pjrt_compile_cache_free(w->cache);
  w->cache = open_at(&w->tree, opts);
}

static const char *at(const world *w, const char *name, temp_path *out) {
  char path[PATH_MAX / 4];
  snprintf(path, sizeof path, "cache/%s", name);
  return temp_at(&w->tree, path, out);
}

/* Whether a look-up is a hit; what is told contains `part`. The executable
 * works. */
static bool look_up(const world *w, pjrt_client *client, const char *code,
                    const pjrt_compile_opts *opts, const char *part) {
  pjrt_program *program = program_of(code);
  pjrt_executable *executable;
  char *told;
  bool was_hit;
  expect_ok(pjrt_compile_cache_compile(w->cache, client, program, opts,
                                       &executable, &was_hit, &told));
  if (!strstr(told, part)) fail_msg("expected '%s' in: %s", part, told);
  assert_memory_equal(told, was_hit ? "hit: " : "miss: ", 5);
  assert_int_equal(pjrt_executable_num_outputs(executable), 2);
  pjrt_host_free(told);
  pjrt_executable_free(executable);
  pjrt_program_free(program);
  return was_hit;
}

static bool pass(const world *w, const char *part) {
  return look_up(w, w->f->client, pass_program, NULL, part);
}

static void expect_explanation(const world *w, pjrt_client *client,
                               const pjrt_compile_opts *opts,
                               const char *part) {
  pjrt_program *program = program_of(pass_program);
  char *told;
  size_t size;
  expect_ok(pjrt_compile_cache_explain(w->cache, client, program, opts, &told,
                                       &size));
  if (!strstr(told, part)) fail_msg("expected '%s' in: %s", part, told);
  assert_int_equal(size, strlen(told));
  pjrt_host_free(told);
  pjrt_program_free(program);
}

/* A program of its own for each number. */
typedef struct program_text {
  char text[300];
} program_text;

static program_text numbered(int number) {
  program_text out;
  snprintf(out.text, sizeof out.text, "// program %d\n%s", number,
           pass_program);
  return out;
}

static bool look_up_numbered(const world *w, int number) {
  const program_text it = numbered(number);
  return look_up(w, w->f->client, it.text, NULL, "");
}

static pjrt_compile_cache_stats stats_of(const world *w) {
  pjrt_compile_cache_stats stats;
  pjrt_compile_cache_stats_init(&stats);
  expect_ok(pjrt_compile_cache_read_stats(w->cache, &stats));
  return stats;
}

/* ---- hits and misses ----------------------------------------------------- */

static void second_time_is_a_hit(void **state) {
  world *w = *state;
  expect_explanation(w, w->f->client, NULL,
                     "miss: there is no entry of this program");
  assert_false(pass(w, "there is no entry of this program; stored, "));
  assert_int_equal(sim.num_calls("PJRT_Client_Compile"), 1);
  assert_true(pass(w, "hit: "));
  assert_int_equal(sim.num_calls("PJRT_Client_Compile"), 1);
  expect_explanation(w, w->f->client, NULL, "hit: ");
  const pjrt_compile_cache_stats stats = stats_of(w);
  assert_int_equal(stats.num_entries, 1);
  assert_true(stats.size_in_bytes > PJRT_CACHE_HEADER_SIZE);
  assert_int_equal(stats.max_size_in_bytes, INT64_C(4) << 30);
  assert_int_equal(stats.num_hits, 1);
  assert_int_equal(stats.num_misses, 1);
  assert_int_equal(stats.num_stored, 1);
  assert_int_equal(stats.num_evicted, 0);
  assert_int_equal(stats.num_damaged, 0);
}

static void what_was_loaded_runs(void **state) {
  world *w = *state;
  pjrt_program *program = program_of(pass_program);
  for (int round = 0; round < 2; round++) {
    pjrt_executable *executable;
    pjrt_buffer *outs[2];
    expect_ok(pjrt_compile_cache_compile(w->cache, w->f->client, program, NULL,
                                         &executable, NULL, NULL));
    arguments given = upload_arguments(w->f->device);
    assert_true(pjrt_executable_is_checked(executable));
    expect_ok(
        pjrt_executable_execute(executable, given.args, 2, NULL, outs, 2));
    expect_f32(outs[0]);
    free_buffers(outs, 2);
    free_buffers(given.args, 2);
    pjrt_executable_free(executable);
  }
  assert_int_equal(stats_of(w).num_hits, 1);
  pjrt_program_free(program);
}

static void another_handle_and_client_find_it(void **state) {
  world *w = *state;
  pjrt_client *client;
  assert_false(pass(w, ""));
  reopen(w, NULL);
  expect_ok(pjrt_client_create(w->f->plugin, NULL, &client));
  assert_true(look_up(w, client, pass_program, NULL, ""));
  pjrt_client_free(client);
}

static void all_is_private(void **state) {
  const world *w = *state;
  struct stat info;
  temp_path path;
  assert_false(pass(w, ""));
  assert_int_equal(stat(at(w, "", &path), &info), 0);
  assert_int_equal(info.st_mode & 0777, 0700);
  assert_int_equal(stat(at(w, only_entry(&w->tree), &path), &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  assert_int_equal(stat(at(w, "lock", &path), &info), 0);
  assert_int_equal(info.st_mode & 0777, 0600);
  assert_int_equal(stat(at(w, ".new", &path), &info), -1);
}

/* ---- reasons ------------------------------------------------------------- */

static void other_options_are_named(void **state) {
  world *w = *state;
  pjrt_compile_opts opts;
  pjrt_named_values *flags;
  assert_false(pass(w, ""));
  expect_ok(pjrt_named_values_create(&flags));
  expect_ok(pjrt_named_values_set_bool(flags, "xla_fast", 8, true));
  pjrt_compile_opts_init(&opts);
  opts.xla_options = flags;
  expect_explanation(w, w->f->client, &opts,
                     "with other compile options (env_option_overrides)");
  pjrt_named_values_free(flags);
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 2;
  assert_false(look_up(w, w->f->client, pass_program, &opts,
                       "miss: the same program is there, compiled with other "
                       "compile options "
                       "(executable_build_options.num_replicas); stored"));
}

static void other_devices_are_named(void **state) {
  world *w = *state;
  pjrt_sim_options options;
  assert_false(pass(w, ""));
  sim.options_init(&options);
  options.num_devices = 2;
  sim.configure(&options);
  pjrt_client *client;
  expect_ok(pjrt_client_create(w->f->plugin, NULL, &client));
  expect_explanation(w, client, NULL,
                     "miss: the same program is there, compiled for other "
                     "devices");
  pjrt_client_free(client);
}

static void other_environment_is_named(void **state) {
  world *w = *state;
  pjrt_compile_opts opts;
  assert_false(pass(w, ""));
  setenv("XLA_FLAGS", "--xla_dump_to=x", 1);
  expect_explanation(w, w->f->client, NULL,
                     "compiled with other XLA_FLAGS or LIBTPU_INIT_ARGS");
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 2;
  expect_explanation(w, w->f->client, &opts,
                     "(executable_build_options.num_replicas) and with other "
                     "XLA_FLAGS");
  unsetenv("XLA_FLAGS");
  assert_true(pass(w, ""));
}

static void write_flags(const char *path, const char *flags) {
  FILE *file = fopen(path, "we");
  assert_non_null(file);
  assert_true(fputs(flags, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

/* XLA_FLAGS may name a file: then it is what stands there that counts. */
static void files_of_flags_are_read(void **state) {
  world *w = *state;
  temp_path path;
  temp_at(&w->tree, "flags", &path);
  write_flags(path.text, "--xla_a=1");
  setenv("XLA_FLAGS", path.text, 1);
  assert_false(pass(w, ""));
  assert_true(pass(w, ""));
  write_flags(path.text, "--xla_a=2");
  assert_false(pass(w, "compiled with other XLA_FLAGS or LIBTPU_INIT_ARGS"));
  unsetenv("XLA_FLAGS");
}

/* The bytes of a file, with a few more than it has. */
static void copy_longer(const char *from, const char *to) {
  char block[4096];
  size_t size;
  FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
  assert_non_null(in);
  assert_non_null(out);
  while ((size = fread(block, 1, sizeof block, in)) > 0) {
    assert_int_equal(fwrite(block, 1, size, out), size);
  }
  assert_int_equal(fwrite("more", 1, 4, out), 4);
  fclose(in);
  assert_int_equal(fclose(out), 0);
}

static void other_plugin_is_named(void **state) {
  world *w = *state;
  pjrt_plugin *plugin;
  pjrt_client *client;
  temp_path path;
  assert_false(pass(w, ""));
  copy_longer(sim_path(), temp_at(&w->tree, "other.so", &path));
  expect_ok(pjrt_plugin_open(path.text, PJRT_NUL_ENDED, NULL, &plugin));
  expect_ok(pjrt_client_create(plugin, NULL, &client));
  expect_explanation(w, client, NULL,
                     "miss: the same program is there, compiled by another "
                     "plugin (API 0.");
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
}

/* Writes an entry as if the process had been in another place. */
static void write_foreign(const world *w, pjrt_cache_field field) {
  pjrt_program *program = program_of(pass_program);
  pjrt_cache_key key;
  unsigned char header[PJRT_CACHE_HEADER_SIZE];
  char name[PATH_MAX / 8];
  expect_ok(pjrt_cache_key_make(w->f->client, program, NULL, &key));
  key.fields[field][0] ^= 1;
  pjrt_cache_entry_put_header(&key, 0, header);
  snprintf(name, sizeof name, "cache/%.17s%064d.pjrt", key.name, (int)field);
  temp_write(&w->tree, name, header, sizeof header);
  pjrt_cache_key_clear(&key);
  pjrt_program_free(program);
}

static void other_processor_and_platform_are_named(void **state) {
  world *w = *state;
  temp_path path;
  write_foreign(w, PJRT_CACHE_MACHINE);
  expect_explanation(w, w->f->client, NULL,
                     "compiled on a machine with another processor");
  assert_int_equal(unlink(at(w, only_entry(&w->tree), &path)), 0);
  write_foreign(w, PJRT_CACHE_PLATFORM);
  expect_explanation(w, w->f->client, NULL,
                     "compiled for another platform or version of it");
  /* The first half of the program's digest is all that names tell. */
  assert_int_equal(unlink(at(w, only_entry(&w->tree), &path)), 0);
  write_foreign(w, PJRT_CACHE_PROGRAM);
  expect_explanation(w, w->f->client, NULL, "no entry of this program");
}

static void plugin_that_cannot_serialize_is_told(void **state) {
  world *w = *state;
  sim_fail("PJRT_Executable_Serialize", 0, PJRT_Error_Code_UNIMPLEMENTED);
  assert_false(pass(w, "; not stored: the fault"));
  assert_null(only_entry(&w->tree));
  expect_explanation(w, w->f->client, NULL, "miss: not stored: the fault");
  assert_false(pass(w, "miss: not stored: the fault; not stored: the fault"));
  sim_configure_default();
  assert_false(pass(w, "; stored"));
  assert_true(pass(w, ""));
}

static void what_does_not_load_is_replaced(void **state) {
  world *w = *state;
  struct stat before, after;
  temp_path path;
  assert_false(pass(w, ""));
  at(w, only_entry(&w->tree), &path);
  assert_int_equal(stat(path.text, &before), 0);
  sim_fail("PJRT_Executable_DeserializeAndLoad", 0, PJRT_Error_Code_INTERNAL);
  assert_false(pass(w, "miss: the entry cannot be loaded: the fault; stored"));
  assert_int_equal(stat(path.text, &after), 0);
  assert_int_not_equal(before.st_ino, after.st_ino);
  assert_int_equal(stats_of(w).num_damaged, 0);
}

static void errors_of_compiling_come_back(void **state) {
  world *w = *state;
  pjrt_program *program = program_of(pass_program);
  pjrt_executable *executable;
  bool was_hit = true;
  char *told;
  sim_fail("PJRT_Client_Compile", 1, PJRT_Error_Code_INTERNAL);
  expect_error(pjrt_compile_cache_compile(w->cache, w->f->client, program, NULL,
                                          &executable, &was_hit, &told),
               PJRT_INTERNAL, "the fault");
  assert_null(executable);
  assert_null(told);
  assert_false(was_hit);
  assert_null(only_entry(&w->tree));
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = 0;
  expect_error(pjrt_compile_cache_compile(w->cache, w->f->client, program,
                                          &opts, &executable, NULL, NULL),
               PJRT_INVALID_ARGUMENT, "num_replicas");
  expect_error(pjrt_compile_cache_explain(w->cache, w->f->client, program,
                                          &opts, &told, NULL),
               PJRT_INVALID_ARGUMENT, "num_replicas");
  assert_null(told);
  pjrt_program_free(program);
}

/* ---- the bound ----------------------------------------------------------- */

static int64_t size_of_one(world *w) {
  assert_false(look_up_numbered(w, 0));
  const int64_t size = stats_of(w).size_in_bytes;
  expect_ok(pjrt_compile_cache_clear(w->cache));
  return size;
}

static void reopen_for(world *w, int64_t max_size) {
  pjrt_compile_cache_opts opts;
  pjrt_compile_cache_opts_init(&opts);
  opts.max_size_in_bytes = max_size;
  reopen(w, &opts);
}

static void least_recently_used_goes_first(void **state) {
  world *w = *state;
  const int64_t one = size_of_one(w);
  reopen_for(w, 3 * one + one / 2);
  for (int i = 0; i < 3; i++) assert_false(look_up_numbered(w, i));
  assert_true(look_up_numbered(w, 0));
  assert_false(look_up_numbered(w, 3)); /* evicts 1 */
  assert_int_equal(stats_of(w).num_entries, 3);
  assert_int_equal(stats_of(w).num_evicted, 1);
  assert_true(look_up_numbered(w, 2));
  assert_true(look_up_numbered(w, 0));
  assert_true(look_up_numbered(w, 3));
  const program_text second = numbered(1);
  assert_false(look_up(w, w->f->client, second.text, NULL,
                       "miss: the entry was evicted to make room for others"));
  assert_false(look_up_numbered(w, 2)); /* the oldest by then */
}

/* As after a start with a clock that was years ahead. */
static void what_was_used_in_the_future_goes_first(void **state) {
  world *w = *state;
  const int64_t one = size_of_one(w);
  const struct timespec ahead = {.tv_sec = INT32_MAX};
  reopen_for(w, 2 * one + one / 2);
  assert_false(look_up_numbered(w, 0));
  const struct timespec times[2] = {ahead, ahead};
  assert_int_equal(
      utimensat(w->cache->folder.fd, only_entry(&w->tree), times, 0), 0);
  assert_false(look_up_numbered(w, 1));
  assert_false(look_up_numbered(w, 2));
  assert_true(look_up_numbered(w, 1));
  assert_true(look_up_numbered(w, 2));
}

static void nothing_is_stored_beyond_the_bound(void **state) {
  world *w = *state;
  reopen_for(w, 300);
  assert_false(pass(w, "not stored: its "));
  assert_null(only_entry(&w->tree));
  assert_int_equal(stats_of(w).max_size_in_bytes, 300);
  expect_explanation(w, w->f->client, NULL, "are more than the 300 that");
  reopen_for(w, 0);
  assert_int_equal(stats_of(w).max_size_in_bytes, 0);
  assert_false(pass(w, "; stored"));
}

static void entries_are_evicted_and_cleared_on_request(void **state) {
  world *w = *state;
  const int64_t one = size_of_one(w);
  for (int i = 0; i < 4; i++) assert_false(look_up_numbered(w, i));
  expect_ok(pjrt_compile_cache_evict(w->cache, 4 * one));
  assert_int_equal(stats_of(w).num_entries, 4);
  expect_ok(pjrt_compile_cache_evict(w->cache, 2 * one));
  assert_int_equal(stats_of(w).num_entries, 2);
  assert_true(look_up_numbered(w, 3));
  expect_ok(pjrt_compile_cache_clear(w->cache));
  assert_int_equal(stats_of(w).num_entries, 0);
  const program_text last = numbered(3);
  assert_false(look_up(w, w->f->client, last.text, NULL,
                       "miss: there is no entry of this program"));
  expect_error(pjrt_compile_cache_evict(w->cache, -1), PJRT_INVALID_ARGUMENT,
               "max_size_in_bytes is -1");
}

/* ---- damage -------------------------------------------------------------- */

typedef struct bytes {
  unsigned char data[8192];
  size_t size;
} bytes;

static void read_only_entry(const world *w, temp_path *path, bytes *out) {
  FILE *file = fopen(at(w, only_entry(&w->tree), path), "rb");
  assert_non_null(file);
  out->size = fread(out->data, 1, sizeof out->data, file);
  assert_in_range(out->size, PJRT_CACHE_HEADER_SIZE, sizeof out->data - 1);
  fclose(file);
}

static void write_bytes(const char *path, const bytes *from, size_t size) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(from->data, 1, size, file), size);
  assert_int_equal(fclose(file), 0);
}

static void every_damaged_byte_is_a_miss(void **state) {
  world *w = *state;
  temp_path path;
  bytes entry;
  assert_false(pass(w, ""));
  read_only_entry(w, &path, &entry);
  for (size_t i = 0; i < entry.size; i++) {
    entry.data[i] ^= (unsigned char)(1 << i % 8);
    write_bytes(path.text, &entry, entry.size);
    entry.data[i] ^= (unsigned char)(1 << i % 8);
    if (i % 50 == 0) {
      expect_explanation(w, w->f->client, NULL, "miss: the entry was damaged");
    }
    assert_false(pass(w, "miss: the entry was damaged: "));
  }
  assert_int_equal(stats_of(w).num_damaged, (int64_t)entry.size);
  assert_true(pass(w, "hit"));
}

static void every_cut_is_a_miss(void **state) {
  world *w = *state;
  temp_path path;
  bytes entry = {.size = 0}; /* and zeros behind it */
  assert_false(pass(w, ""));
  read_only_entry(w, &path, &entry);
  for (size_t size = 0; size < entry.size; size++) {
    write_bytes(path.text, &entry, size);
    assert_false(pass(w, "miss: the entry was damaged: "));
  }
  write_bytes(path.text, &entry, entry.size + 1);
  assert_false(pass(w, "bytes of code instead of"));
}

/* Removed, and remembered, although it could not be replaced. */
static void damaged_entries_are_removed(void **state) {
  world *w = *state;
  temp_path path;
  assert_false(pass(w, ""));
  assert_int_equal(truncate(at(w, only_entry(&w->tree), &path), 20), 0);
  sim_fail("PJRT_Client_Compile", 1, PJRT_Error_Code_INTERNAL);
  pjrt_program *program = program_of(pass_program);
  pjrt_executable *executable;
  expect_error(pjrt_compile_cache_compile(w->cache, w->f->client, program, NULL,
                                          &executable, NULL, NULL),
               PJRT_INTERNAL, "the fault");
  pjrt_program_free(program);
  assert_null(only_entry(&w->tree));
  expect_explanation(w, w->f->client, NULL,
                     "miss: the entry was damaged: it ends within the header");
}

static void entry_under_another_name_is_a_miss(void **state) {
  world *w = *state;
  temp_path path, other;
  pjrt_program *program = program_of(donate_program);
  pjrt_cache_key key;
  assert_false(pass(w, ""));
  expect_ok(pjrt_cache_key_make(w->f->client, program, NULL, &key));
  assert_int_equal(
      rename(at(w, only_entry(&w->tree), &path), at(w, key.name, &other)), 0);
  assert_false(look_up(w, w->f->client, donate_program, NULL,
                       "damaged: it is the entry of another key"));
  pjrt_cache_key_clear(&key);
  pjrt_program_free(program);
}

static void other_things_in_the_folder_do_no_harm(void **state) {
  world *w = *state;
  temp_path path, target;
  temp_write_text(&w->tree, "cache/.new", "what a killed writer left");
  temp_write_text(&w->tree, "cache/notes", "mine");
  temp_write_text(&w->tree, "cache/history", "no line of a history");
  assert_false(pass(w, "there is no entry of this program; stored"));
  assert_int_equal(access(at(w, ".new", &path), F_OK), -1);
  assert_int_equal(access(at(w, "notes", &path), F_OK), 0);
  assert_int_equal(stats_of(w).num_entries, 1);
  /* A link is not followed, and replaced. */
  at(w, only_entry(&w->tree), &path);
  assert_int_equal(rename(path.text, temp_at(&w->tree, "moved", &target)), 0);
  assert_int_equal(symlink(target.text, path.text), 0);
  assert_false(pass(w, "cannot be loaded"));
  assert_true(pass(w, "hit"));
  /* So is what others may have written. */
  assert_int_equal(chmod(path.text, 0666), 0);
  assert_false(pass(w, "damaged: others may have written it"));
  assert_true(pass(w, "hit"));
}

static void history_stays_small(void **state) {
  world *w = *state;
  temp_path path;
  struct stat info;
  char *found;
  const char *name =
      "0123456789abcdef-"
      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.pjrt";
  for (int i = 0; i < 5000; i++) {
    pjrt_cache_history_add(&w->cache->folder, name,
                           i % 2 ? "one\nline" : "another");
  }
  assert_int_equal(stat(at(w, "history", &path), &info), 0);
  assert_in_range(info.st_size, 1, 1 << 18);
  found = pjrt_cache_history_find(&w->cache->folder, name);
  assert_string_equal(found, "one line");
  free(found);
}

/* ---- who may use it ------------------------------------------------------ */

static void expect_refused(const char *path, pjrt_code code, const char *part) {
  pjrt_compile_cache *cache;
  expect_error(pjrt_compile_cache_open(path, PJRT_NUL_ENDED, NULL, &cache),
               code, part);
  assert_null(cache);
}

static void folders_of_others_are_refused(void **state) {
  const world *w = *state;
  temp_path path;
  at(w, "", &path);
  for (mode_t mode = 0770; mode <= 0777; mode += 7) {
    assert_int_equal(chmod(path.text, mode), 0);
    expect_refused(path.text, PJRT_PERMISSION_DENIED,
                   "others may write to it (mode 77");
  }
  assert_int_equal(chmod(path.text, 0755), 0);
  pjrt_compile_cache *cache;
  expect_ok(pjrt_compile_cache_open(path.text, PJRT_NUL_ENDED, NULL, &cache));
  pjrt_compile_cache_free(cache);
  if (geteuid() != 0) {
    print_message("skip: only root can give a folder away\n");
    skip();
  }
  assert_int_equal(chown(path.text, 65534, 65534), 0);
  expect_refused(path.text, PJRT_PERMISSION_DENIED,
                 "it belongs to user 65534, and this process is of user 0");
}

static void wrong_paths_are_refused(void **state) {
  const world *w = *state;
  temp_path path;
  temp_write_text(&w->tree, "file", "text");
  expect_refused("", PJRT_INVALID_ARGUMENT, "path: expected a file name");
  expect_refused(temp_at(&w->tree, "none/cache", &path), PJRT_NOT_FOUND,
                 "cannot create");
  pjrt_compile_cache *cache;
  pjrt_error *error = pjrt_compile_cache_open(temp_at(&w->tree, "file", &path),
                                              PJRT_NUL_ENDED, NULL, &cache);
  assert_non_null(strstr(pjrt_error_message(error, NULL), "cannot open"));
  pjrt_error_free(error);
  assert_null(cache);
  pjrt_compile_cache_opts opts;
  pjrt_compile_cache_opts_init(&opts);
  opts.max_size_in_bytes = -5;
  expect_error(pjrt_compile_cache_open("x", 1, &opts, &cache),
               PJRT_INVALID_ARGUMENT, "max_size_in_bytes is -5");
}

static void read_only_changes_nothing(void **state) {
  world *w = *state;
  pjrt_compile_cache_opts opts;
  pjrt_compile_cache *none;
  struct stat before, after;
  temp_path path;
  pjrt_compile_cache_opts_init(&opts);
  opts.read_only = true;
  expect_error(pjrt_compile_cache_open(temp_at(&w->tree, "no", &path),
                                       PJRT_NUL_ENDED, &opts, &none),
               PJRT_NOT_FOUND, "cannot open");
  assert_false(look_up_numbered(w, 1));
  reopen(w, &opts);
  at(w, only_entry(&w->tree), &path);
  assert_int_equal(stat(path.text, &before), 0);
  assert_true(look_up_numbered(w, 1));
  assert_int_equal(stat(path.text, &after), 0);
  assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim);
  assert_false(pass(w, "; not stored: the cache is read-only"));
  assert_int_equal(truncate(path.text, 10), 0);
  assert_false(look_up_numbered(w, 1));
  assert_int_equal(access(path.text, F_OK), 0);
  expect_error(pjrt_compile_cache_clear(w->cache), PJRT_FAILED_PRECONDITION,
               "read-only");
  expect_error(pjrt_compile_cache_evict(w->cache, 0), PJRT_FAILED_PRECONDITION,
               "read-only");
}

static void nulls_are_refused(void **state) {
  const world *w = *state;
  pjrt_program *program = program_of(pass_program);
  pjrt_executable *executable;
  char *told;
  expect_error(pjrt_compile_cache_compile(NULL, w->f->client, program, NULL,
                                          &executable, NULL, NULL),
               PJRT_INVALID_ARGUMENT, "cache is NULL");
  expect_error(pjrt_compile_cache_compile(w->cache, NULL, program, NULL,
                                          &executable, NULL, NULL),
               PJRT_INVALID_ARGUMENT, "client is NULL");
  expect_error(pjrt_compile_cache_explain(w->cache, w->f->client, NULL, NULL,
                                          &told, NULL),
               PJRT_INVALID_ARGUMENT, "program is NULL");
  expect_error(pjrt_compile_cache_read_stats(w->cache, NULL),
               PJRT_INVALID_ARGUMENT, "NULL");
  pjrt_compile_cache_free(NULL);
  pjrt_program_free(program);
}

/* ---- at once ------------------------------------------------------------- */

static void lock_is_not_awaited_for_ever(void **state) {
  world *w = *state;
  temp_path path;
  assert_false(look_up_numbered(w, 1));
  const int lock = open(at(w, "lock", &path), O_RDWR | O_CLOEXEC);
  assert_int_equal(flock(lock, LOCK_EX), 0);
  w->cache->folder.patience_ns = 1000000;
  assert_true(look_up_numbered(w, 1)); /* which needs none */
  assert_false(pass(w, "not stored: compile cache "));
  expect_error(pjrt_compile_cache_clear(w->cache), PJRT_DEADLINE_EXCEEDED,
               "another process has held its lock for 0.001 seconds");
  close(lock);
  assert_false(pass(w, "; stored"));
}

/* A child that is forked while the lock is held has its descriptor. */
static void children_do_not_keep_the_lock(void **state) {
  world *w = *state;
  int lock;
  expect_ok(pjrt_cache_folder_lock(&w->cache->folder, &lock));
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  assert_true(child > 0);
  pjrt_cache_folder_unlock(lock);
  w->cache->folder.patience_ns = 1000000;
  pjrt_error *error = pjrt_cache_folder_lock(&w->cache->folder, &lock);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  expect_ok(error);
  pjrt_cache_folder_unlock(lock);
}

enum { NUM_THREADS = 8, NUM_ROUNDS = 20, NUM_PROGRAMS = 5 };

static void *compile_all(void *user) {
  const world *w = user;
  for (int i = 0; i < NUM_ROUNDS * NUM_PROGRAMS; i++) {
    const program_text it = numbered(i % NUM_PROGRAMS);
    pjrt_program *program;
    pjrt_executable *executable;
    pjrt_error *error = pjrt_program_create(it.text, PJRT_NUL_ENDED,
                                            PJRT_FORMAT_AUTO, &program);
    if (!error) {
      error = pjrt_compile_cache_compile(w->cache, w->f->client, program, NULL,
                                         &executable, NULL, NULL);
      pjrt_executable_free(executable);
      pjrt_program_free(program);
    }
    if (error) return error;
  }
  return NULL;
}

/* With room for less than they all need, so that entries come and go. */
static void threads_share_a_cache(void **state) {
  world *w = *state;
  pthread_t threads[NUM_THREADS];
  const int64_t one = size_of_one(w);
  reopen_for(w, 3 * one + one / 2);
  for (int i = 0; i < NUM_THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, compile_all, w), 0);
  }
  for (int i = 0; i < NUM_THREADS; i++) {
    void *error;
    assert_int_equal(pthread_join(threads[i], &error), 0);
    expect_ok(error);
  }
  const pjrt_compile_cache_stats stats = stats_of(w);
  assert_int_equal(stats.num_hits + stats.num_misses,
                   NUM_THREADS * NUM_ROUNDS * NUM_PROGRAMS);
  assert_int_equal(stats.num_damaged, 0);
  assert_int_equal(stats.num_stored, stats.num_misses);
  assert_true(stats.size_in_bytes <= stats.max_size_in_bytes);
}

/* ---- describing --------------------------------------------------------- */

static void expect_description(const pjrt_compile_cache *cache,
                               pjrt_detail detail, const char *first,
                               const char *last) {
  char *text;
  size_t size;
  expect_ok(pjrt_compile_cache_describe(cache, detail, &text, &size));
  assert_memory_equal(text, first, strlen(first));
  const char *end = strstr(text, last);
  assert_non_null(end);
  assert_string_equal(end, last);
  assert_int_equal(size, strlen(text));
  pjrt_host_free(text);
}

static void a_cache_describes_itself(void **state) {
  world *w = *state;
  pjrt_compile_cache_opts opts;
  expect_description(NULL, PJRT_ONE_LINE, "no compile cache",
                     "no compile cache");
  expect_description(w->cache, PJRT_ONE_LINE, "compile cache /",
                     "/cache, at most 4294967296 bytes");
  assert_false(pass(w, ""));
  assert_true(pass(w, ""));
  expect_description(w->cache, PJRT_ALL_LINES, "compile cache /",
                     " bytes\n  1 hits\n  1 misses\n  1 stored\n  0 evicted\n"
                     "  0 damaged");
  pjrt_compile_cache_opts_init(&opts);
  opts.read_only = true;
  reopen(w, &opts);
  expect_description(w->cache, PJRT_ONE_LINE, "compile cache /",
                     "/cache, read-only");
}

/* ---- comparing options --------------------------------------------------- */

static void options_are_compared_by_field(void **state) {
  (void)state;
  /* 3: {4: 1, 5: 1}, parameter_is_tupled_arguments (2),
   * and 900, which nobody knows. */
  static const char a[] = "\x1a\x04\x20\x01\x28\x01\x10\x01\xa0\x38\x05";
  static const char b[] = "\x1a\x04\x20\x01\x28\x02\xa0\x38\x06";
  pjrt_builder out = {0};
  pjrt_cache_compare_options(a, sizeof a - 1, b, sizeof b - 1, &out);
  char *text;
  expect_ok(pjrt_builder_finish(&out, &text, NULL));
  assert_string_equal(text,
                      "executable_build_options.num_partitions, "
                      "parameter_is_tupled_arguments, 900");
  free(text);
  pjrt_cache_compare_options(a, sizeof a - 1, a, sizeof a - 1, &out);
  assert_int_equal(out.size, 0);
  pjrt_builder_clear(&out);
}

#define cache_test(function) \
  cmocka_unit_test_setup_teardown(function, make_world, end_world)

int main(void) {
  const struct CMUnitTest tests[] = {
      cache_test(second_time_is_a_hit),
      cache_test(what_was_loaded_runs),
      cache_test(another_handle_and_client_find_it),
      cache_test(all_is_private),
      cache_test(other_options_are_named),
      cache_test(other_devices_are_named),
      cache_test(other_environment_is_named),
      cache_test(files_of_flags_are_read),
      cache_test(other_plugin_is_named),
      cache_test(other_processor_and_platform_are_named),
      cache_test(plugin_that_cannot_serialize_is_told),
      cache_test(what_does_not_load_is_replaced),
      cache_test(errors_of_compiling_come_back),
      cache_test(least_recently_used_goes_first),
      cache_test(what_was_used_in_the_future_goes_first),
      cache_test(nothing_is_stored_beyond_the_bound),
      cache_test(entries_are_evicted_and_cleared_on_request),
      cache_test(every_damaged_byte_is_a_miss),
      cache_test(every_cut_is_a_miss),
      cache_test(damaged_entries_are_removed),
      cache_test(entry_under_another_name_is_a_miss),
      cache_test(other_things_in_the_folder_do_no_harm),
      cache_test(history_stays_small),
      cache_test(folders_of_others_are_refused),
      cache_test(wrong_paths_are_refused),
      cache_test(read_only_changes_nothing),
      cache_test(nulls_are_refused),
      cache_test(lock_is_not_awaited_for_ever),
      cache_test(children_do_not_keep_the_lock),
      cache_test(threads_share_a_cache),
      cache_test(a_cache_describes_itself),
      cmocka_unit_test(options_are_compared_by_field),
  };
  return cmocka_run_group_tests_name("compile_cache", tests, NULL, NULL);
}
