#include "case.h"

#if PJRT_HAVE_JANSSON
#include <jansson.h>
#endif
#include <stdlib.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "pjrt/io/npy.h"

enum { TEXT_LIMIT = 1 << 24 };

static pjrt_error *read_text(const char *folder, const char *name, char **out) {
  char *path;
  size_t size;
  PJRT_TRY(pjrt_path_format(&path, "%s/%s", folder, name));
  pjrt_error *error = pjrt_file_read("test data", path, TEXT_LIMIT, out, &size);
  free(path);
  return error;
}

static pjrt_error *read_array(const char *folder, const char *name,
                              const char *dtype, pjrt_array **out) {
  char *path;
  pjrt_npy_opts opts;
  pjrt_npy_opts_init(&opts);
  PJRT_TRY(pjrt_dtype_parse(dtype, PJRT_NUL_ENDED, &opts.dtype));
  PJRT_TRY(pjrt_path_format(&path, "%s/%s", folder, name));
  pjrt_error *error = pjrt_npy_read(path, PJRT_NUL_ENDED, &opts, out);
  free(path);
  return error;
}

typedef struct arrays {
  pjrt_array **list; /* device after device */
  size_t num;
} arrays;

static void free_arrays(arrays *a) {
  for (size_t i = 0; i < a->num; i++) pjrt_array_free(a->list[i]);
  free(a->list);
}

/* --- case.json ------------------------------------------------------------ */

#if PJRT_HAVE_JANSSON

static pjrt_error *read_row(const char *folder, const json_t *row, size_t i,
                            size_t num_rows, size_t num_devices, arrays *out) {
  const json_t *files = json_object_get(row, "files");
  for (size_t d = 0; d < num_devices; d++) {
    size_t file = json_array_size(files) > 1 ? d : 0;
    PJRT_TRY(read_array(folder, json_string_value(json_array_get(files, file)),
                        json_string_value(json_object_get(row, "type")),
                        &out->list[d * num_rows + i]));
  }
  return NULL;
}

static pjrt_error *read_arrays(const char *folder, const json_t *rows,
                               size_t num_devices, arrays *out) {
  size_t num_rows = json_array_size(rows);
  void *memory;
  PJRT_TRY(pjrt_alloc(num_rows * num_devices, sizeof *out->list, &memory));
  out->list = memory;
  out->num = num_rows * num_devices;
  for (size_t i = 0; i < num_rows; i++) {
    PJRT_TRY(read_row(folder, json_array_get(rows, i), i, num_rows, num_devices,
                      out));
  }
  return NULL;
}

static double number_of(const json_t *object, const char *name) {
  return json_number_value(json_object_get(object, name));
}

static pjrt_error *compare(const fixture *f, const arrays *expected,
                           const json_t *bounds, uint64_t ulps) {
  pjrt_tolerance tolerance;
  pjrt_tolerance_init(&tolerance);
  tolerance.ulps = (uint64_t)number_of(bounds, "ulps");
  if (tolerance.ulps < ulps) tolerance.ulps = ulps;
  tolerance.absolute = number_of(bounds, "atol");
  tolerance.relative = number_of(bounds, "rtol");
  if (f->num_results != expected->num) {
    return pjrt_error_format(PJRT_DATA_LOSS, "expected %zu results, got %zu",
                             expected->num, f->num_results);
  }
  for (size_t i = 0; i < expected->num; i++) {
    pjrt_error *error =
        pjrt_array_compare(f->results[i], expected->list[i], &tolerance);
    if (!error) continue;
    pjrt_error_prefix(error, "result %zu", i);
    return error;
  }
  return NULL;
}

static pjrt_error *run_json(const char *folder, const char *text,
                            const json_t *json, uint64_t ulps) {
  arrays inputs = {0};
  arrays outputs = {0};
  fixture f = {0};
  f.opts.num_replicas = (size_t)number_of(json, "num_replicas");
  f.opts.num_partitions = (size_t)number_of(json, "num_partitions");
  size_t num_devices = f.opts.num_replicas * f.opts.num_partitions;
  pjrt_error *error = fixture_prepare(&f, text);
  if (!error) {
    error = read_arrays(folder, json_object_get(json, "inputs"), num_devices,
                        &inputs);
  }
  if (!error) {
    error = read_arrays(folder, json_object_get(json, "outputs"), num_devices,
                        &outputs);
  }
  if (!error) error = fixture_run(&f, inputs.list);
  if (!error)
    error = compare(&f, &outputs, json_object_get(json, "tolerance"), ulps);
  free_arrays(&inputs);
  free_arrays(&outputs);
  fixture_end(&f);
  return error;
}

pjrt_error *case_run(const char *folder, uint64_t ulps) {
  char *text = NULL;
  char *description = NULL;
  pjrt_error *error = read_text(folder, "program.mlir", &text);
  if (!error) error = read_text(folder, "case.json", &description);
  json_t *json = description ? json_loads(description, 0, NULL) : NULL;
  if (!error && !json) {
    error = pjrt_error_format(PJRT_INVALID_ARGUMENT, "case.json is not JSON");
  }
  if (!error) error = run_json(folder, text, json, ulps);
  json_decref(json);
  free(description);
  free(text);
  return error;
}

#else

pjrt_error *case_run(const char *folder, uint64_t ulps) {
  (void)ulps;
  return pjrt_error_format(PJRT_UNAVAILABLE, "%s: built without jansson",
                           folder);
}
#endif

/* --- models/digits -------------------------------------------------------- */

static size_t likeliest(const float *probabilities, size_t num) {
  size_t best = 0;
  for (size_t i = 1; i < num; i++) {
    if (probabilities[i] > probabilities[best]) best = i;
  }
  return best;
}

static size_t count_right(const fixture *f, const pjrt_array *labels) {
  const float *probabilities = pjrt_array_data(f->results[0]);
  const int32_t *right = pjrt_array_data(labels);
  size_t num_right = 0;
  for (size_t i = 0; i < pjrt_array_num_elements(labels); i++) {
    num_right += likeliest(probabilities + 10 * i, 10) == (size_t)right[i];
  }
  return num_right;
}

static pjrt_error *run_digits(const char *folder, fixture *f, arrays *inputs,
                              size_t *out_right, size_t *out_num) {
  static const char *const names[] = {"w1.npy", "b1.npy", "w2.npy", "b2.npy",
                                      "images.npy"};
  enum { NUM = sizeof names / sizeof *names };
  void *memory;
  char *text = NULL;
  PJRT_TRY(pjrt_alloc(NUM + 1, sizeof *inputs->list, &memory));
  inputs->list = memory;
  inputs->num = NUM + 1;
  for (size_t i = 0; i < NUM; i++) {
    PJRT_TRY(read_array(folder, names[i], "f32", &inputs->list[i]));
  }
  PJRT_TRY(read_array(folder, "labels.npy", "s32", &inputs->list[NUM]));
  PJRT_TRY(read_text(folder, "model.mlir", &text));
  pjrt_error *error = fixture_prepare(f, text);
  free(text);
  if (!error) error = fixture_run(f, inputs->list);
  if (error) return error;
  *out_num = pjrt_array_num_elements(inputs->list[NUM]);
  *out_right = count_right(f, inputs->list[NUM]);
  return NULL;
}

pjrt_error *case_run_digits(size_t *out_right, size_t *out_num) {
  char *folder;
  const char *source = getenv("PJRT_TEST_SOURCE_DIR");
  fixture f = {0};
  arrays inputs = {0};
  *out_right = 0;
  PJRT_TRY(
      pjrt_path_format(&folder, "%s/models/digits", source ? source : "."));
  pjrt_error *error = run_digits(folder, &f, &inputs, out_right, out_num);
  free_arrays(&inputs);
  fixture_end(&f);
  free(folder);
  return error;
}
