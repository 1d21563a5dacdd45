/* The compile cache on real plugins: another process loads what this one
 * compiled. That process is this program, started once more. */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "pjrt/unsafe.h"

/* ---- a folder ------------------------------------------------------------ */

static const char folder[] = "compiled";

static pjrt_compile_cache *open_cache(void) {
  pjrt_compile_cache *cache;
  assert_ok(pjrt_compile_cache_open(folder, PJRT_NUL_ENDED, NULL, &cache));
  return cache;
}

static bool look_up(pjrt_compile_cache *cache, fixture *f, const char *code,
                    const pjrt_compile_opts *opts, const char *part) {
  pjrt_program *program;
  pjrt_executable *add;
  bool was_hit;
  char *told;
  assert_ok(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  assert_ok(pjrt_compile_cache_compile(cache, f->client, program, opts, &add,
                                       &was_hit, &told));
  if (!strstr(told, part)) fail_msg("expected '%s' in: %s", part, told);
  pjrt_host_free(told);
  pjrt_program_free(program);
  pjrt_buffer *a = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *sum = execute2(add, a, a);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(a);
  pjrt_executable_free(add);
  return was_hit;
}

static void clear(pjrt_compile_cache *cache) {
  assert_ok(pjrt_compile_cache_clear(cache));
}

/* ---- another process ----------------------------------------------------- */

enum { HIT = 40, MISS = 41 };

static int run_process(void) {
  fixture *f = fixture_create(getenv("PJRT_TEST_PLUGIN"));
  pjrt_compile_cache *cache = open_cache();
  const bool was_hit = look_up(cache, f, add_program, NULL, "");
  pjrt_compile_cache_free(cache);
  fixture_free(f);
  return was_hit ? HIT : MISS;
}

static int other_process(void) {
  int status;
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    execl("/proc/self/exe", "process", (char *)NULL);
    _exit(127);
  }
  assert_int_equal(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void another_process_loads(void **state) {
  pjrt_compile_cache *cache = open_cache();
  clear(cache);
  assert_false(look_up(cache, *state, add_program, NULL,
                       "miss: there is no entry of this program; stored"));
  assert_int_equal(other_process(), HIT);
  assert_int_equal(other_process(), HIT);
  clear(cache);
  assert_int_equal(other_process(), MISS);
  assert_true(look_up(cache, *state, add_program, NULL, "hit"));
  clear(cache);
  pjrt_compile_cache_free(cache);
}

static void other_options_are_other_code(void **state) {
  fixture *f = *state;
  pjrt_compile_cache *cache = open_cache();
  pjrt_named_values *flags;
  pjrt_compile_opts opts;
  clear(cache);
  pjrt_compile_opts_init(&opts);
  assert_ok(pjrt_named_values_create(&flags));
  assert_ok(pjrt_named_values_set_bool(flags, "xla_cpu_enable_fast_math",
                                       PJRT_NUL_ENDED, true));
  opts.xla_options = flags;
  assert_false(look_up(cache, f, add_program, NULL, "stored"));
  assert_false(look_up(cache, f, add_program, &opts,
                       "compiled with other compile options "
                       "(env_option_overrides); stored"));
  assert_true(look_up(cache, f, add_program, &opts, "hit"));
  assert_true(look_up(cache, f, add_program, NULL, "hit"));
  clear(cache);
  pjrt_named_values_free(flags);
  pjrt_compile_cache_free(cache);
}

/* Arguments are checked as if it had been compiled here. */
static void signature_comes_with_the_entry(void **state) {
  fixture *f = *state;
  pjrt_compile_cache *cache = open_cache();
  pjrt_program *program;
  pjrt_executable *loaded;
  pjrt_buffer *out;
  bool was_hit;
  clear(cache);
  assert_false(look_up(cache, f, add_program, NULL, "stored"));
  assert_ok(pjrt_program_create(add_program, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO,
                                &program));
  assert_ok(pjrt_compile_cache_compile(cache, f->client, program, NULL, &loaded,
                                       &was_hit, NULL));
  assert_true(was_hit);
  assert_true(pjrt_executable_is_checked(loaded));
  pjrt_buffer *a = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *args[] = {a, NULL};
  assert_refused(pjrt_executable_execute(loaded, args, 2, NULL, &out, 1),
                 PJRT_INVALID_ARGUMENT, "argument 1");
  pjrt_buffer_free(a);
  pjrt_executable_free(loaded);
  pjrt_program_free(program);
  clear(cache);
  pjrt_compile_cache_free(cache);
}

static void plugins_own_bytes_go_out_and_in(void **state) {
  fixture *f = *state;
  pjrt_executable *add = compile(f, add_program);
  void *artifact;
  const void *raw;
  size_t size, raw_size;
  assert_ok(pjrt_executable_serialize(add, &artifact, &size));
  pjrt_executable_free(add);
  assert_ok(pjrt_executable_serialized_raw(artifact, size, &raw, &raw_size));
  assert_ok(pjrt_executable_load_raw(f->client, raw, raw_size, &add));
  pjrt_buffer *a = upload_f32(f->device, 4, 1.0, 2.0, 3.0, 4.0);
  pjrt_buffer *sum = execute2(add, a, a);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_executable_free(add);
  assert_ok(pjrt_executable_load_unchecked(f->client, artifact, size, &add));
  sum = execute2(add, a, a);
  assert_f32(sum, 4, 2, 4, 6, 8);
  pjrt_buffer_free(sum);
  pjrt_buffer_free(a);
  pjrt_executable_free(add);
  pjrt_host_free(artifact);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(another_process_loads),
      cmocka_unit_test(other_options_are_other_code),
      cmocka_unit_test(signature_comes_with_the_entry),
      cmocka_unit_test(plugins_own_bytes_go_out_and_in),
  };
  if (argc == 1 && strcmp(argv[0], "process") == 0) return run_process();
  return RUN_REAL_TESTS(tests);
}
