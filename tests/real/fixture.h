/* What the tests of real plugins start from: a plugin, a client, and short
 * ways to compile, upload, execute and read. A failure in here fails the test,
 * so that nothing returns an error.
 *
 * The runner names the plugin: PJRT_TEST_PLUGIN is its path. */
#ifndef PJRT_TESTS_REAL_FIXTURE_H_
#define PJRT_TESTS_REAL_FIXTURE_H_

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Needs the headers above. */
#include <cmocka.h>
#include <pjrt/pjrt.h>

typedef struct fixture {
  pjrt_plugin *plugin;
  pjrt_client *client;
  pjrt_device *device; /* the first */
  int minor;           /* of the plugin's API */
} fixture;

/* Set up and tear down a group of tests; *state is the fixture. */
int fixture_open(void **state);
int fixture_close(void **state);

/* Opens the plugin at `path` and makes a client. */
fixture *fixture_create(const char *path);
void fixture_free(fixture *f);

#define RUN_REAL_TESTS(tests) \
  cmocka_run_group_tests(tests, fixture_open, fixture_close)

/* Ends the test as skipped, for the reason given. */
#define skip_because(...)       \
  do {                          \
    print_message("skip: ");    \
    print_message(__VA_ARGS__); \
    print_message("\n");        \
    skip();                     \
  } while (0)

/* ---- errors -------------------------------------------------------------- */

/* Fails with the error's own words. */
#define assert_ok(expression) check_ok((expression), __FILE__, __LINE__)

/* Checks the code, and that the message contains `part`; frees the error. */
#define assert_code(expression, code, part) \
  check_code((expression), (code), (part), __FILE__, __LINE__)

/* The same, and that the plugin never saw the call. */
#define assert_refused(expression, code, part) \
  check_refused((expression), (code), (part), __FILE__, __LINE__)

/* An error of the plugin's own, clean and with a message. */
#define assert_plugin_error(expression) \
  check_plugin_error((expression), __FILE__, __LINE__)

void check_ok(pjrt_error *error, const char *file, int line);
void check_code(pjrt_error *error, pjrt_code code, const char *part,
                const char *file, int line);
void check_refused(pjrt_error *error, pjrt_code code, const char *part,
                   const char *file, int line);
void check_plugin_error(pjrt_error *error, const char *file, int line);

/* ---- programs ------------------------------------------------------------ */

/* main(f32[4], f32[4]) -> f32[4], their sum. */
extern const char add_program[];
/* The same, with the first argument donated to the result. */
extern const char donate_program[];
/* The sum of f32[2,3] over four replicas. */
extern const char replicas_program[];

pjrt_executable *compile(fixture *f, const char *code);
pjrt_executable *compile_with(fixture *f, const char *code,
                              const pjrt_compile_opts *opts);
/* What comes of compiling; NULL for success, and the executable is freed. */
pjrt_error *try_compile(fixture *f, const char *code,
                        const pjrt_compile_opts *opts);

/* A file of the tests' data: "formats/dense/program.bc". Free it. */
char *data_path(const char *name);
void *read_data(const char *name, size_t *out_size);

/* ---- buffers ------------------------------------------------------------- */

pjrt_buffer *upload(pjrt_device *device, pjrt_dtype dtype, const int64_t *dims,
                    size_t num_dims, const void *data);
/* A vector of f32: upload_f32(device, 4, 1.f, 2.f, 3.f, 4.f). */
pjrt_buffer *upload_f32(pjrt_device *device, int num, ...);

/* The buffer holds these f32: assert_f32(buffer, 2, 1.0, 2.0). */
#define assert_f32(buffer, num, ...) \
  check_f32((buffer), (num), (const float[]){__VA_ARGS__}, __FILE__, __LINE__)
void check_f32(pjrt_buffer *buffer, size_t num, const float *expected,
               const char *file, int line);

/* ---- executing ----------------------------------------------------------- */

pjrt_buffer *execute1(pjrt_executable *executable, pjrt_buffer *arg);
pjrt_buffer *execute2(pjrt_executable *executable, pjrt_buffer *arg0,
                      pjrt_buffer *arg1);

/* Memory given back: counts how often, for pjrt_release_fn. The data is freed
 * with pjrt_host_free. */
void count_release(void *data, void *counter);
/* Waits until the counter is at least `wanted`; fails after a minute. */
void await_count(const int *counter, int wanted);

#endif /* PJRT_TESTS_REAL_FIXTURE_H_ */
