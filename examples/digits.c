/* Reads handwriting: runs a model that JAX trained on images that it never saw.
 *
 *   digits [--plugin NAME|PATH] MODEL_FOLDER
 *
 * The folder, such as models/digits, holds the program, its weights, images
 * with labels, and what JAX made of them. The exit status is 0 only if this
 * plugin gets as many images right as JAX did, with the same probabilities. */
#define _POSIX_C_SOURCE 200809L
#include <pjrt/pjrt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SIDE = 8, CLASSES = 10, NUM_ARGS = 5, IMAGES = NUM_ARGS - 1 };

/* The program's arguments, in order; each is a file. */
static const char *const arg_names[NUM_ARGS] = {"w1", "b1", "w2", "b2",
                                                "images"};

/* What JAX got, as its export wrote it down. */
typedef struct expectation {
  size_t correct, total;
  double probability_atol;
} expectation;

typedef struct digits {
  const char *folder;
  expectation jax;
  pjrt_array *host_args[NUM_ARGS], *labels, *jax_probabilities;
  pjrt_array *probabilities;
  pjrt_plugin *plugin;
  pjrt_client *client;
  pjrt_executable *executable;
  pjrt_buffer *args[NUM_ARGS], *result;
  double compile_s, run_s;
} digits;

/* Every free accepts NULL, and the order does not matter. */
static void close_all(digits *d) {
  for (int i = 0; i < NUM_ARGS; i++) pjrt_array_free(d->host_args[i]);
  for (int i = 0; i < NUM_ARGS; i++) pjrt_buffer_free(d->args[i]);
  pjrt_buffer_free(d->result);
  pjrt_array_free(d->labels);
  pjrt_array_free(d->jax_probabilities);
  pjrt_array_free(d->probabilities);
  pjrt_executable_free(d->executable);
  pjrt_client_free(d->client);
  pjrt_plugin_free(d->plugin);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- reading the folder -------------------------------------------------- */

static void path_of(const digits *d, const char *name, const char *suffix,
                    char out[4096]) {
  snprintf(out, 4096, "%s/%s%s", d->folder, name, suffix);
}

static pjrt_error *unexpected(const char *path, const char *expected) {
  char text[4400];
  snprintf(text, sizeof text, "%s: expected %s", path, expected);
  return pjrt_error_create(PJRT_INVALID_ARGUMENT, text, PJRT_NUL_ENDED);
}

/* `row` elements for each image, or any number when it is 0. */
static pjrt_error *read_array(const digits *d, const char *name,
                              pjrt_dtype dtype, size_t row, pjrt_array **out) {
  char path[4096];
  pjrt_npy_opts opts;
  path_of(d, name, ".npy", path);
  pjrt_npy_opts_init(&opts);
  opts.dtype = dtype;
  PJRT_TRY(pjrt_npy_read(path, PJRT_NUL_ENDED, &opts, out));
  if (row == 0 || pjrt_array_num_elements(*out) == row * d->jax.total)
    return NULL;
  return unexpected(path, "as many images as expected.json counts");
}

static pjrt_error *read_expectation(digits *d) {
  char path[4096];
  path_of(d, "expected", ".json", path);
  FILE *file = fopen(path, "r");
  if (!file) return unexpected(path, "a file that can be read");
  int found = fscanf(file,
                     " { \"correct\" : %zu , \"total\" : %zu ,"
                     " \"probability_atol\" : %lf",
                     &d->jax.correct, &d->jax.total, &d->jax.probability_atol);
  fclose(file);
  if (found == 3) return NULL;
  return unexpected(path,
                    "{\"correct\": N, \"total\": N, "
                    "\"probability_atol\": X, ...");
}

static pjrt_error *read_folder(digits *d) {
  PJRT_TRY(read_expectation(d));
  for (int i = 0; i < IMAGES; i++)
    PJRT_TRY(read_array(d, arg_names[i], PJRT_F32, 0, &d->host_args[i]));
  PJRT_TRY(read_array(d, arg_names[IMAGES], PJRT_F32, SIDE * SIDE,
                      &d->host_args[IMAGES]));
  PJRT_TRY(read_array(d, "labels", PJRT_S32, 1, &d->labels));
  return read_array(d, "probabilities", PJRT_F32, CLASSES,
                    &d->jax_probabilities);
}

/* ---- on the device ------------------------------------------------------- */

static pjrt_error *compile(digits *d) {
  char path[4096];
  pjrt_program *program;
  path_of(d, "model", ".mlir", path);
  PJRT_TRY(pjrt_program_read(path, PJRT_NUL_ENDED, &program));
  double start = now();
  pjrt_error *error =
      pjrt_client_compile(d->client, program, NULL, &d->executable);
  d->compile_s = now() - start;
  pjrt_program_free(program);
  return error;
}

static pjrt_error *classify(digits *d) {
  pjrt_device *device = pjrt_client_addressable_device(d->client, 0);
  for (int i = 0; i < NUM_ARGS; i++)
    PJRT_TRY(pjrt_buffer_from_array(device, d->host_args[i], &d->args[i]));
  double start = now();
  PJRT_TRY(pjrt_executable_execute(d->executable, d->args, NUM_ARGS, NULL,
                                   &d->result, 1));
  d->run_s = now() - start;
  PJRT_TRY(pjrt_buffer_to_array(d->result, &d->probabilities));
  pjrt_tolerance tolerance;
  pjrt_tolerance_init(&tolerance);
  tolerance.absolute = d->jax.probability_atol;
  return pjrt_array_compare(d->probabilities, d->jax_probabilities, &tolerance);
}

/* ---- results ------------------------------------------------------------- */

static int label(const digits *d, size_t image) {
  return ((const int32_t *)pjrt_array_data(d->labels))[image];
}

static int predict(const digits *d, size_t image, float *out_probability) {
  const float *p = (float *)pjrt_array_data(d->probabilities) + image * CLASSES;
  int best = 0;
  for (int i = 1; i < CLASSES; i++)
    if (p[i] > p[best]) best = i;
  *out_probability = p[best];
  return best;
}

/* One pixel is two columns wide, which makes it a square on most terminals. */
static void print_pixel(float ink, bool colour) {
  static const char shades[] = " .:-=+*#%@";
  ink = ink > 0 ? (ink < 1 ? ink : 1) : 0;
  char shade = shades[(int)(ink * 9.0f + 0.5f)];
  if (colour)
    printf("\033[48;5;%dm  \033[0m", 255 - (int)(ink * 23.0f + 0.5f));
  else
    printf("%c%c", shade, shade);
}

static void print_images(const digits *d, const size_t *which, size_t num,
                         bool colour) {
  const float *pixels = pjrt_array_data(d->host_args[IMAGES]);
  for (size_t y = 0; y < SIDE; y++) {
    for (size_t i = 0; i < num; i++) {
      const float *row = pixels + (which[i] * SIDE + y) * SIDE;
      for (size_t x = 0; x < SIDE; x++) print_pixel(row[x], colour);
      printf("%s", i + 1 < num ? "  " : "\n");
    }
  }
  for (size_t i = 0; i < num; i++) {
    char text[32];
    float probability;
    int digit = predict(d, which[i], &probability);
    int size = snprintf(text, sizeof text, "%d, %.1f %%", digit,
                        100 * (double)probability);
    if (digit != label(d, which[i]))
      snprintf(text + size, sizeof text - (size_t)size, ", is %d",
               label(d, which[i]));
    printf("%-16s%s", text, i + 1 < num ? "  " : "\n\n");
  }
}

/* Counts the images that were read right, and shows a 0, a 1, a 2 and so on
 * of them, and the first of the others. */
static size_t show(const digits *d, bool colour) {
  enum { SHOWN = 4 };
  size_t which[2][SHOWN], num[2] = {0, 0}, correct = 0;
  for (size_t i = 0; i < d->jax.total; i++) {
    float probability;
    bool right = predict(d, i, &probability) == label(d, i);
    bool wanted = !right || label(d, i) == (int)num[true];
    if (wanted && num[right] < SHOWN) which[right][num[right]++] = i;
    correct += right;
  }
  for (int right = 1; right >= 0; right--) {
    if (num[right]) printf(right ? "Read right:\n" : "Read wrong:\n");
    if (num[right]) print_images(d, which[right], num[right], colour);
  }
  return correct;
}

/* True when the accuracy is JAX's. */
static bool report(const digits *d, bool colour) {
  size_t correct = show(d, colour), total = d->jax.total;
  printf("plugin     %s (API %d.%d), platform %s\n",
         pjrt_plugin_path(d->plugin, NULL), pjrt_plugin_api_major(d->plugin),
         pjrt_plugin_api_minor(d->plugin),
         pjrt_client_platform_name(d->client, NULL));
  printf("compiled   in %.0f ms\n", 1e3 * d->compile_s);
  printf("ran        %zu images in %.2f ms, %.2f us each\n", total,
         1e3 * d->run_s, 1e6 * d->run_s / (double)total);
  printf("agreement  every probability within %g of JAX's\n",
         d->jax.probability_atol);
  printf("accuracy   %zu of %zu held-out images, %.1f %%; JAX: %zu\n", correct,
         total, 100 * (double)correct / (double)total, d->jax.correct);
  if (correct != d->jax.correct)
    fprintf(stderr, "digits: %zu images are right, where JAX had %zu\n",
            correct, d->jax.correct);
  return correct == d->jax.correct;
}

int main(int argc, char **argv) {
  bool named = argc == 4 && strcmp(argv[1], "--plugin") == 0;
  if (!named && argc != 2) {
    fprintf(stderr, "usage: digits [--plugin NAME|PATH] MODEL_FOLDER\n");
    return 2;
  }
  digits d = {.folder = argv[argc - 1]};
  const char *no_colour = getenv("NO_COLOR");
  bool colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour);

  pjrt_error *error = read_folder(&d);
  if (!error)
    error =
        pjrt_plugin_find(named ? argv[2] : "", PJRT_NUL_ENDED, NULL, &d.plugin);
  if (!error) error = pjrt_client_create(d.plugin, NULL, &d.client);
  if (!error) error = compile(&d);
  if (!error) error = classify(&d);
  bool same = !error && report(&d, colour);

  if (error) pjrt_error_print(error, stderr);
  pjrt_error_free(error);
  close_all(&d);
  return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
