#include "pjrt/io/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/file_write.h"
#include "base/text.h"
#include "core/opts.h"
#include "io/npy_header.h"

static const char magic[] = "\x93NUMPY";
enum {
  magic_size = sizeof magic - 1,
  /* Magic, version, and the header's size in 2 bytes, later in 4. */
  prefix_size_1 = magic_size + 2 + 2,
  prefix_size_2 = magic_size + 2 + 4,
  /* NumPy's own limit is 10 000 bytes. */
  max_header_size = 1 << 20,
  /* What NumPy leaves for the first dimension to grow in place. */
  growth_digits = 21,
};

void pjrt_npy_opts_init(pjrt_npy_opts *opts) {
  *opts =
      (pjrt_npy_opts){.struct_size = sizeof *opts, .dtype = PJRT_DTYPE_INVALID};
}

/* Finds the header's text. */
static pjrt_error *find_header(const unsigned char *data, size_t size,
                               size_t *out_start, size_t *out_size) {
  if (size < prefix_size_1 || memcmp(data, magic, magic_size) != 0) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "expected an .npy file, found %zu bytes that do not start as one",
        size);
  }
  unsigned major = data[magic_size];
  unsigned minor = data[magic_size + 1];
  if (major < 1 || major > 3 || minor != 0) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "expected version 1.0, 2.0 or 3.0, found %u.%u",
                             major, minor);
  }
  size_t start = major == 1 ? prefix_size_1 : prefix_size_2;
  if (size < start) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "expected the header's size, found its end after "
                             "%zu bytes",
                             size);
  }
  size_t header_size = 0;
  for (size_t i = start; i-- > magic_size + 2;) {
    header_size = header_size << 8 | data[i];
  }
  if (header_size > max_header_size || header_size > size - start) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "the header says it has %zu bytes, but %zu follow and %d are allowed",
        header_size, size - start, (int)max_header_size);
  }
  *out_start = start;
  *out_size = header_size;
  return NULL;
}

/* The element type that the file and the caller agree on. */
static pjrt_error *choose_dtype(const char *descr, pjrt_dtype wanted,
                                pjrt_dtype *out) {
  size_t raw_size;
  PJRT_TRY(pjrt_npy_descr_read(descr, out, &raw_size));
  if (raw_size == 0) {
    if (wanted == PJRT_DTYPE_INVALID || wanted == *out) return NULL;
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT, "expected elements of type %s, found %s ('%s')",
        pjrt_dtype_name(wanted), pjrt_dtype_name(*out), descr);
  }
  if (wanted == PJRT_DTYPE_INVALID) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "'%s' names no element type: say which one it is, such as %s", descr,
        raw_size == 2 ? "bf16" : "f8e4m3fn");
  }
  if (pjrt_dtype_host_size(wanted) != raw_size) {
    return pjrt_error_format(
        PJRT_INVALID_ARGUMENT,
        "expected elements of type %s, found '%s' of %zu bytes each",
        pjrt_dtype_name(wanted), descr, raw_size);
  }
  *out = wanted;
  return NULL;
}

/* What an array is made of. */
typedef struct image {
  pjrt_npy_header header;
  pjrt_dtype dtype;
  int64_t *strides; /* NULL: row-major */
  const unsigned char *data;
} image;

static pjrt_error *set_fortran_strides(image *img) {
  void *strides;
  PJRT_TRY(pjrt_alloc(img->header.num_dims, sizeof *img->strides, &strides));
  img->strides = strides;
  int64_t stride = (int64_t)pjrt_dtype_host_size(img->dtype);
  for (size_t i = 0; i < img->header.num_dims; i++) {
    img->strides[i] = stride;
    if (img->header.dims[i]) stride *= img->header.dims[i];
  }
  return NULL;
}

/* The data must fill the rest of the file, no less and no more. */
static pjrt_error *check_data(const image *img, size_t size) {
  size_t element_size = pjrt_dtype_host_size(img->dtype);
  size_t num;
  PJRT_TRY(pjrt_dims_num_elements(img->header.dims, img->header.num_dims,
                                  element_size, &num));
  if (num * element_size == size) return NULL;
  return pjrt_error_format(
      PJRT_INVALID_ARGUMENT,
      "expected %zu bytes of data for %zu elements of %s, found %zu",
      num * element_size, num, pjrt_dtype_name(img->dtype), size);
}

/* What this fills, close_image empties, also after a failure. */
static pjrt_error *open_image(const unsigned char *data, size_t size,
                              const pjrt_npy_opts *opts, image *out) {
  *out = (image){0};
  pjrt_npy_opts used;
  pjrt_npy_opts_init(&used);
  PJRT_TRY(pjrt_opts_read(opts, "pjrt_npy_opts", sizeof used, &used));
  size_t start;
  size_t header_size;
  PJRT_TRY(find_header(data, size, &start, &header_size));
  PJRT_TRY(pjrt_npy_header_read((const char *)data + start, header_size,
                                &out->header));
  PJRT_TRY(choose_dtype(out->header.descr, used.dtype, &out->dtype));
  start += header_size;
  out->data = data + start;
  PJRT_TRY(check_data(out, size - start));
  return out->header.fortran_order ? set_fortran_strides(out) : NULL;
}

static void close_image(image *img) {
  free(img->header.dims);
  free(img->strides);
}

/* `release` is called when this fails, as by pjrt_array_wrap. */
static pjrt_error *read_image(const void *data, size_t size,
                              const pjrt_npy_opts *opts,
                              pjrt_release_fn release, void *user,
                              pjrt_array **out) {
  image img;
  pjrt_error *error = open_image(data, size, opts, &img);
  if (!error) {
    /* The array type serves both directions; this one is only read. */
    void *elements = (void *)(uintptr_t)img.data;
    error = pjrt_array_wrap(img.dtype, img.header.dims, img.header.num_dims,
                            img.strides, elements, release, user, out);
  } else if (release) {
    release(NULL, user);
  }
  close_image(&img);
  return error;
}

pjrt_error *pjrt_npy_read_memory(const void *data, size_t size,
                                 const pjrt_npy_opts *opts, pjrt_array **out) {
  *out = NULL;
  pjrt_error *error = read_image(data, size, opts, NULL, NULL, out);
  pjrt_error_prefix(error, "npy");
  return error;
}

static void release_mapping(void *data, void *user) {
  (void)data;
  pjrt_file_unmap(user);
  free(user);
}

static pjrt_error *read_file(const char *path, const pjrt_npy_opts *opts,
                             pjrt_array **out) {
  void *mapping;
  PJRT_TRY(pjrt_alloc(1, sizeof(pjrt_mapping), &mapping));
  pjrt_error *error = pjrt_file_map("npy", path, mapping);
  if (error) {
    free(mapping);
    return error;
  }
  const pjrt_mapping *mapped = mapping;
  error = read_image(mapped->data, mapped->size, opts, release_mapping, mapping,
                     out);
  pjrt_error_prefix(error, "npy %s", path);
  return error;
}

pjrt_error *pjrt_npy_read(const char *path, size_t path_size,
                          const pjrt_npy_opts *opts, pjrt_array **out) {
  *out = NULL;
  char *name;
  PJRT_TRY(pjrt_text_copy_path("npy", path, path_size, &name));
  pjrt_error *error = read_file(name, opts, out);
  free(name);
  return error;
}

/* Byte for byte what NumPy writes, so that a file can be compared with its. */
static pjrt_error *make_header(const pjrt_array *array, char **out,
                               size_t *out_size) {
  enum { alignment = PJRT_HOST_ALIGNMENT, max_size_1 = 0xffff };
  pjrt_builder text = {0};
  size_t num_dims;
  const int64_t *dims = pjrt_array_dims(array, &num_dims);
  pjrt_builder_append(&text, "\x93NUMPY\x01\0\0", prefix_size_1);
  pjrt_builder_appendf(&text,
                       "{'descr': '%s', 'fortran_order': False, "
                       "'shape': (",
                       pjrt_npy_descr_of(pjrt_array_dtype(array)));
  for (size_t i = 0; i < num_dims; i++) {
    pjrt_builder_appendf(&text, "%s%lld", i ? ", " : "", (long long)dims[i]);
  }
  pjrt_builder_appendf(&text, "%s), }", num_dims == 1 ? "," : "");
  if (num_dims) {
    int digits = snprintf(NULL, 0, "%lld", (long long)dims[0]);
    pjrt_builder_appendf(&text, "%*s", growth_digits - digits, "");
  }
  size_t total = (text.size + 1 + alignment - 1) / alignment * alignment;
  pjrt_builder_appendf(&text, "%*s\n", (int)(total - text.size - 1), "");
  PJRT_TRY(pjrt_builder_finish(&text, out, out_size));
  size_t header_size = *out_size - prefix_size_1;
  if (header_size > max_size_1) {
    free(*out);
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "%zu dimensions are too many for an .npy file",
                             num_dims);
  }
  (*out)[magic_size + 2] = (char)(header_size & 0xff);
  (*out)[magic_size + 3] = (char)(header_size >> 8);
  return NULL;
}

static pjrt_error *write_dense(const char *path, const pjrt_array *array) {
  char *header;
  size_t size;
  PJRT_TRY(make_header(array, &header, &size));
  const pjrt_file_part parts[] = {
      {header, size}, {pjrt_array_data(array), pjrt_array_size(array)}};
  pjrt_error *error = pjrt_file_write("npy", path, parts, 2);
  free(header);
  return error;
}

static pjrt_error *write_file(const char *path, const pjrt_array *array) {
  if (pjrt_array_is_dense(array)) return write_dense(path, array);
  pjrt_array *copy;
  PJRT_TRY(pjrt_array_copy(array, &copy));
  pjrt_error *error = write_dense(path, copy);
  pjrt_array_free(copy);
  return error;
}

pjrt_error *pjrt_npy_write(const char *path, size_t path_size,
                           const pjrt_array *array) {
  char *name;
  PJRT_TRY(pjrt_text_copy_path("npy", path, path_size, &name));
  pjrt_error *error = write_file(name, array);
  free(name);
  return error;
}
