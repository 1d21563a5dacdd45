#include "session.h"

#include <pjrt/raw.h>
#include <stdlib.h>
#include <string.h>

/* ---- the program --------------------------------------------------------- */

static void write_type(FILE *to, program_shape shape) {
  if (shape.num_elements == 1) {
    fprintf(to, "tensor<f32>");
  } else {
    fprintf(to, "tensor<%zuxf32>", shape.num_elements);
  }
}

/* "(" TYPE ", " TYPE ")", with names before the types where asked for. */
static void write_list(FILE *to, program_shape shape, size_t num,
                       bool with_names) {
  fprintf(to, "(");
  for (size_t i = 0; i < num; i++) {
    if (i) fprintf(to, ", ");
    if (with_names) fprintf(to, "%%a%zu: ", i);
    write_type(to, shape);
  }
  fprintf(to, ")");
}

static void write_program(FILE *to, program_shape shape) {
  fprintf(to, "func.func @main");
  write_list(to, shape, shape.num_args, true);
  fprintf(to, " -> ");
  write_list(to, shape, shape.num_outs, false);
  fprintf(to, " {\n");
  for (size_t i = 0; i < shape.num_outs; i++) {
    fprintf(to, "  %%r%zu = stablehlo.add %%a%zu, %%a%zu : ", i,
            i % shape.num_args, (i + 1) % shape.num_args);
    write_type(to, shape);
    fprintf(to, "\n");
  }
  fprintf(to, "  return ");
  for (size_t i = 0; i < shape.num_outs; i++) {
    fprintf(to, "%s%%r%zu", i ? ", " : "", i);
  }
  for (size_t i = 0; i < shape.num_outs; i++) {
    fprintf(to, i ? ", " : " : ");
    write_type(to, shape);
  }
  fprintf(to, "\n}\n");
}

char *program_text(program_shape shape, size_t *out_size) {
  char *text = NULL;
  FILE *to = open_memstream(&text, out_size);
  if (to) {
    write_program(to, shape);
    fclose(to);
  }
  if (!text) fail("out of memory");
  return text;
}

pjrt_executable *session_compile(const session *it, program_shape shape,
                                 size_t num_devices) {
  size_t size;
  char *text = program_text(shape, &size);
  pjrt_program *program;
  pjrt_executable *executable;
  pjrt_compile_opts opts;
  pjrt_compile_opts_init(&opts);
  opts.num_replicas = (int)num_devices;
  check(pjrt_program_create(text, size, PJRT_FORMAT_AUTO, &program));
  check(pjrt_client_compile(it->client, program, &opts, &executable));
  pjrt_program_free(program);
  free(text);
  return executable;
}

/* ---- the session --------------------------------------------------------- */

static pjrt_client *create_client(pjrt_plugin *plugin, int64_t num_devices) {
  pjrt_client *client;
  pjrt_client_opts opts;
  pjrt_named_values *values = NULL;
  pjrt_client_opts_init(&opts);
  if (num_devices) {
    /* The simulated plugin's name for it. */
    check(pjrt_named_values_create(&values));
    check(pjrt_named_values_set_int64(values, "devices", PJRT_NUL_ENDED,
                                      num_devices));
    opts.options = values;
  }
  check(pjrt_client_create(plugin, &opts, &client));
  pjrt_named_values_free(values);
  return client;
}

session *session_open_client(const bench_setup *setup, int64_t num_devices) {
  session *it = allocate(1, sizeof *it);
  it->setup = setup;
  it->client = create_client(setup->plugin, num_devices);
  it->device = pjrt_client_addressable_device(it->client, 0);
  it->bare = (bare){.api = pjrt_plugin_raw(setup->plugin),
                    .client = pjrt_client_raw(it->client),
                    .device = pjrt_device_raw(it->device)};
  return it;
}

static pjrt_buffer *full_of(pjrt_device *device, program_shape shape,
                            float value) {
  const int64_t num = (int64_t)shape.num_elements;
  float *data = allocate(shape.num_elements, sizeof *data);
  pjrt_buffer *buffer;
  for (size_t i = 0; i < shape.num_elements; i++) data[i] = value;
  check(pjrt_buffer_from_host(device, PJRT_F32, &num, num > 1, data,
                              shape.num_elements * sizeof *data, &buffer));
  free(data);
  return buffer;
}

pjrt_buffer *session_scalar(const session *it, float value) {
  return full_of(it->device, (program_shape){.num_elements = 1}, value);
}

session *session_open(const bench_setup *setup, program_shape shape,
                      size_t num_devices) {
  session *it = session_open_client(setup, 0);
  const size_t num_args = shape.num_args * num_devices;
  const size_t num_outs = shape.num_outs * num_devices;
  it->shape = shape;
  it->num_devices = num_devices;
  it->executable = session_compile(it, shape, num_devices);
  it->args = allocate(num_args, sizeof *it->args);
  it->outs = allocate(num_outs, sizeof *it->outs);
  it->bare.executable = pjrt_executable_raw(it->executable);
  it->bare.num_args = shape.num_args;
  it->bare.num_outs = shape.num_outs;
  it->bare.args = allocate(num_args, sizeof *it->bare.args);
  it->bare.outs = allocate(num_outs, sizeof *it->bare.outs);
  for (size_t i = 0; i < num_args; i++) {
    it->args[i] =
        full_of(pjrt_executable_device(it->executable, i / shape.num_args),
                shape, (float)(i % shape.num_args) + 1);
    check(pjrt_buffer_await(it->args[i]));
    it->bare.args[i] = pjrt_buffer_raw(it->args[i]);
  }
  return it;
}

void session_close(session *it) {
  for (size_t i = 0; i < it->shape.num_args * it->num_devices; i++) {
    pjrt_buffer_free(it->args[i]);
  }
  free(it->args);
  free(it->outs);
  free(it->bare.args);
  free(it->bare.outs);
  pjrt_executable_free(it->executable);
  pjrt_client_free(it->client);
  free(it);
}

float session_expected(const session *it, size_t i) {
  const size_t num = it->shape.num_args;
  return (float)(i % num + 1) + (float)((i + 1) % num + 1);
}

void session_check_outputs(const session *it) {
  for (size_t i = 0; i < it->shape.num_outs * it->num_devices; i++) {
    const float expected = session_expected(it, i % it->shape.num_outs);
    const void *data;
    size_t size;
    check(pjrt_buffer_map(it->outs[i], &data, &size));
    const float *values = data;
    check_value("an output", expected, values[0]);
    check_value("an output", expected, values[size / sizeof *values - 1]);
    check(pjrt_buffer_unmap(it->outs[i]));
  }
}
