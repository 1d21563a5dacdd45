#include "arrays.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static pjrt_error *invalid(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

static pjrt_error *invalid(const char *format, ...) {
  va_list args;
  va_start(args, format);
  char text[512];
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return pjrt_error_create(PJRT_INVALID_ARGUMENT, text, PJRT_NUL_ENDED);
}

void shape_text(pjrt_dtype dtype, const int64_t *dims, size_t num_dims,
                char *out, size_t out_size) {
  size_t used = 0;
  for (size_t i = 0; i < num_dims && used < out_size; i++) {
    used +=
        (size_t)snprintf(out + used, out_size - used, "%" PRId64 "x", dims[i]);
  }
  if (used < out_size) {
    snprintf(out + used, out_size - used, "%s", pjrt_dtype_name(dtype));
  }
}

/* ---- files --------------------------------------------------------------- */

static bool is_npy(const char *path) {
  size_t size = strlen(path);
  return size >= 4 && strcmp(path + size - 4, ".npy") == 0;
}

static pjrt_error *read_npy_as(const char *path, pjrt_dtype dtype,
                               pjrt_array **out) {
  pjrt_npy_opts opts;
  pjrt_npy_opts_init(&opts);
  opts.dtype = dtype;
  return pjrt_npy_read(path, PJRT_NUL_ENDED, &opts, out);
}

/* A descriptor such as "V2" is read as any type of that size, for the time
 * being. The first error stands when no type fits. */
static pjrt_error *read_npy(const char *path, struct given_array *out) {
  pjrt_error *error = read_npy_as(path, PJRT_DTYPE_INVALID, &out->array);
  if (pjrt_error_code(error) != PJRT_INVALID_ARGUMENT) return error;
  static const pjrt_dtype placeholders[] = {PJRT_BF16, PJRT_F8E5M2};
  for (size_t i = 0; i < 2; i++) {
    pjrt_error *again = read_npy_as(path, placeholders[i], &out->array);
    if (!again) {
      pjrt_error_free(error);
      out->is_raw = true;
      return NULL;
    }
    pjrt_error_free(again);
  }
  return error;
}

static pjrt_error *file_error(const char *path) {
  pjrt_code code = errno == ENOENT ? PJRT_NOT_FOUND : PJRT_UNKNOWN;
  char text[512];
  snprintf(text, sizeof text, "cannot read %s: %s", path, strerror(errno));
  return pjrt_error_create(code, text, PJRT_NUL_ENDED);
}

/* Fills the array from a file that must hold exactly its bytes. */
static pjrt_error *fill_from(const char *path, pjrt_array *array) {
  FILE *file = fopen(path, "rb");
  if (!file) return file_error(path);
  size_t size = pjrt_array_size(array);
  errno = 0;
  size_t got = fread(pjrt_array_data(array), 1, size, file);
  bool more = got == size && fgetc(file) != EOF;
  pjrt_error *error = NULL;
  if (ferror(file)) {
    error = file_error(path);
  } else if (got != size || more) {
    error = invalid("%s: expected %zu bytes of elements, found %s%zu", path,
                    size, more ? "more than " : "", got);
  }
  fclose(file);
  return error;
}

/* ---- specifications ------------------------------------------------------ */

static pjrt_error *check_shape(const char *path, const pjrt_array *want,
                               const pjrt_array *got) {
  size_t want_num, got_num;
  const int64_t *want_dims = pjrt_array_dims(want, &want_num);
  const int64_t *got_dims = pjrt_array_dims(got, &got_num);
  if (want_num == got_num &&
      memcmp(want_dims, got_dims, want_num * sizeof *want_dims) == 0) {
    return NULL;
  }
  char want_text[128], got_text[128];
  shape_text(pjrt_array_dtype(want), want_dims, want_num, want_text,
             sizeof want_text);
  shape_text(pjrt_array_dtype(got), got_dims, got_num, got_text,
             sizeof got_text);
  return invalid("%s: expected %s, found %s", path, want_text, got_text);
}

/* "TYPE=@FILE": what stands before the '=' is a type, or a type with a shape.
 * The type alone fits a .npy of any shape. */
static pjrt_error *read_typed(const char *type, size_t type_size,
                              const char *path, struct given_array *out) {
  pjrt_dtype dtype;
  pjrt_error *not_a_type = pjrt_dtype_parse(type, type_size, &dtype);
  if (!not_a_type && is_npy(path)) {
    return read_npy_as(path, dtype, &out->array);
  }
  pjrt_error_free(not_a_type);
  PJRT_TRY(pjrt_array_parse(type, type_size, &out->array));
  if (!is_npy(path)) return fill_from(path, out->array);
  pjrt_array *shape = out->array;
  out->array = NULL;
  pjrt_error *error = read_npy_as(path, pjrt_array_dtype(shape), &out->array);
  if (!error) error = check_shape(path, shape, out->array);
  pjrt_array_free(shape);
  return error;
}

static pjrt_error *read_one(const char *spec, struct given_array *out) {
  out->text = spec;
  if (spec[0] == '@') return read_npy(spec + 1, out);
  const char *equals = strchr(spec, '=');
  if (equals && equals[1] == '@') {
    return read_typed(spec, (size_t)(equals - spec), equals + 2, out);
  }
  return pjrt_array_parse(spec, PJRT_NUL_ENDED, &out->array);
}

status arrays_read(const struct cli *cli, const char *option,
                   const texts *specs, struct given_arrays *out) {
  *out = (struct given_arrays){0};
  if (specs->num == 0) return STATUS_OK;
  out->items = calloc(specs->num, sizeof *out->items);
  if (!out->items) return fail_system(cli, "calloc");
  out->num = specs->num;
  for (size_t i = 0; i < specs->num; i++) {
    pjrt_error *error = read_one(specs->items[i], &out->items[i]);
    if (error) {
      return fail_error(cli, STATUS_INPUT, error, "--%s %zu", option, i);
    }
  }
  return STATUS_OK;
}

status arrays_of_zeros(const struct cli *cli, const pjrt_executable *executable,
                       struct given_arrays *out) {
  const size_t num = pjrt_executable_num_parameters(executable);
  const char *name = pjrt_executable_name(executable, NULL);
  if (!pjrt_executable_is_checked(executable)) {
    return fail(cli, STATUS_INPUT,
                "%s does not tell what it takes: give every --input", name);
  }
  out->items = calloc(num + 1, sizeof *out->items);
  if (!out->items) return fail_system(cli, "calloc");
  for (; out->num < num; out->num++) {
    size_t num_dims;
    const int64_t *dims =
        pjrt_executable_parameter_dims(executable, out->num, &num_dims);
    pjrt_error *error =
        pjrt_array_create(pjrt_executable_parameter_dtype(executable, out->num),
                          dims, num_dims, &out->items[out->num].array);
    if (error) {
      return fail_error(cli, STATUS_INPUT, error,
                        "no zeros for parameter %zu of %s", out->num, name);
    }
    out->items[out->num].text = "zeros";
  }
  return STATUS_OK;
}

void arrays_free(struct given_arrays *arrays) {
  for (size_t i = 0; i < arrays->num; i++) {
    pjrt_array_free(arrays->items[i].array);
  }
  free(arrays->items);
}

pjrt_error *array_settle(struct given_array *given, pjrt_dtype dtype) {
  if (!given->is_raw) return NULL;
  if (dtype == PJRT_DTYPE_INVALID) {
    return invalid(
        "%s names no element type, and neither does the program: "
        "say TYPE=%s",
        given->text, given->text);
  }
  if (pjrt_dtype_host_size(dtype) !=
      pjrt_dtype_host_size(pjrt_array_dtype(given->array))) {
    return invalid("%s holds elements of %zu bytes, expected %s of %zu bytes",
                   given->text,
                   pjrt_dtype_host_size(pjrt_array_dtype(given->array)),
                   pjrt_dtype_name(dtype), pjrt_dtype_host_size(dtype));
  }
  return pjrt_array_reinterpret(given->array, dtype);
}
