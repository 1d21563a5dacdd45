/* No copies on either side: the plugin computes on this program's own memory,
 * and the result is read where the plugin put it.
 *
 *   05_zero_copy [PLUGIN]
 *
 * On a CPU both ends share memory. A device with memory of its own copies
 * instead: the same code is right there, too. */
#define _POSIX_C_SOURCE 200809L
#include <pjrt/pjrt.h>
#include <semaphore.h>
#include <stdlib.h>

enum { NUM = 1024 };

static const char code[] =
    "func.func @main(%x: tensor<1024xf32>) -> tensor<1024xf32> {\n"
    "  %y = stablehlo.multiply %x, %x : tensor<1024xf32>\n"
    "  return %y : tensor<1024xf32>\n"
    "}\n";

/* Called once, when neither the buffer nor work under way needs the memory:
 * perhaps on another thread, and perhaps after the buffer was freed. */
static void release(void *data, void *given_back) {
  pjrt_host_free(data);
  sem_post(given_back);
}

static pjrt_error *look(pjrt_buffer *buffer) {
  const void *data;
  PJRT_TRY(pjrt_buffer_map(buffer, &data, NULL));
  printf("mapped in place: %s\n",
         pjrt_buffer_is_mapped_in_place(buffer) ? "yes" : "no");
  printf("3 squared is %g\n", (double)((const float *)data)[3]);
  return pjrt_buffer_unmap(buffer);
}

static pjrt_error *compute(pjrt_executable *executable, pjrt_buffer *arg) {
  pjrt_buffer *out;
  PJRT_TRY(pjrt_executable_execute(executable, &arg, 1, NULL, &out, 1));
  pjrt_error *error = look(out);
  pjrt_buffer_free(out);
  return error;
}

static pjrt_error *compile(pjrt_client *client, pjrt_executable **out) {
  pjrt_program *program;
  PJRT_TRY(
      pjrt_program_create(code, PJRT_NUL_ENDED, PJRT_FORMAT_AUTO, &program));
  pjrt_error *error = pjrt_client_compile(client, program, NULL, out);
  pjrt_program_free(program);
  return error;
}

/* Memory from pjrt_host_alloc has the alignment that plugins want. */
static pjrt_error *run(pjrt_client *client) {
  const int64_t dims[] = {NUM};
  const size_t size = NUM * sizeof(float);
  pjrt_device *device = pjrt_client_addressable_device(client, 0);
  pjrt_executable *executable = NULL;
  pjrt_buffer *arg = NULL;
  sem_t given_back;
  void *memory;
  PJRT_TRY(pjrt_host_alloc(size, &memory));
  for (int i = 0; i < NUM; i++) ((float *)memory)[i] = (float)i;
  sem_init(&given_back, 0, 0);

  pjrt_error *error =
      pjrt_buffer_adopt_host(device, PJRT_F32, dims, 1, memory, size,
                             PJRT_ADOPT_READ_ONLY, release, &given_back, &arg);
  if (!error) error = compile(client, &executable);
  if (!error) error = compute(executable, arg);
  pjrt_buffer_free(arg);
  pjrt_executable_free(executable);

  /* It is given back in any case, also when adopting it failed. */
  while (sem_wait(&given_back) != 0) {
  }
  printf("memory given back\n");
  sem_destroy(&given_back);
  return error;
}

int main(int argc, char **argv) {
  pjrt_plugin *plugin = NULL;
  pjrt_client *client = NULL;

  pjrt_error *error =
      pjrt_plugin_find(argc > 1 ? argv[1] : "", PJRT_NUL_ENDED, NULL, &plugin);
  if (!error) error = pjrt_client_create(plugin, NULL, &client);
  if (!error) error = run(client);

  if (error) pjrt_error_print(error, stderr);
  int status = error ? EXIT_FAILURE : EXIT_SUCCESS;
  pjrt_error_free(error);
  pjrt_client_free(client);
  pjrt_plugin_free(plugin);
  return status;
}
