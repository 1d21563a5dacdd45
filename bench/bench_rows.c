/* The library beside bare calls on one plugin, in one process.
 *
 *   rows [--plugin PLUGIN] [--match TEXT] [--seconds S] [--rounds N]
 *        [--unchecked] [--list | --serve | --programs DIR]
 *
 * Prints the times of each side of each row, round by round; run.py makes a
 * report of them. --serve measures on request instead, --programs writes the
 * programs that other clients are measured with. */
#include <stdlib.h>
#include <string.h>

#include "session.h"

struct options {
  const char *plugin;
  const char *match;
  double seconds;
  int rounds;
  bool unchecked; /* the plugin computes nothing */
  bool list;
  bool serve;
  const char *programs;
};

static bool read_option(const char *name, const char *value,
                        struct options *out) {
  if (strcmp(name, "--plugin") == 0) {
    out->plugin = value;
  } else if (strcmp(name, "--match") == 0) {
    out->match = value;
  } else if (strcmp(name, "--seconds") == 0) {
    out->seconds = strtod(value, NULL);
  } else if (strcmp(name, "--rounds") == 0) {
    out->rounds = (int)strtol(value, NULL, 10);
  } else if (strcmp(name, "--programs") == 0) {
    out->programs = value;
  } else {
    return false;
  }
  return true;
}

static bool read_options(int argc, char **argv, struct options *out) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--unchecked") == 0) {
      out->unchecked = true;
    } else if (strcmp(argv[i], "--serve") == 0) {
      out->serve = true;
    } else if (strcmp(argv[i], "--list") == 0) {
      out->list = true;
    } else if (i + 1 == argc || !read_option(argv[i], argv[i + 1], out)) {
      return false;
    } else {
      i++;
    }
  }
  return out->rounds > 0;
}

/* DIR/ARGSxOUTSxELEMENTS.mlir */
static void write_programs(const char *folder) {
  static const program_shape shapes[] = {{2, 1, 1},         {100, 100, 1},
                                         {1, 1, 1},         {1, 1, 1 << 10},
                                         {1, 1, 256 << 10}, {1, 1, 16 << 20}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    char path[4096];
    size_t size;
    char *text = program_text(shapes[i], &size);
    snprintf(path, sizeof path, "%s/%zux%zux%zu.mlir", folder,
             shapes[i].num_args, shapes[i].num_outs, shapes[i].num_elements);
    FILE *file = fopen(path, "w");
    const bool written = file && fwrite(text, 1, size, file) == size;
    if ((file && fclose(file) != 0) || !written) {
      fprintf(stderr, "rows: cannot write %s\n", path);
      exit(EXIT_FAILURE);
    }
    free(text);
  }
}

int main(int argc, char **argv) {
  struct options options = {
      .plugin = "", .match = "", .seconds = 1, .rounds = 400};
  bench_setup setup;
  if (!read_options(argc, argv, &options)) {
    fprintf(stderr,
            "usage: rows [--plugin PLUGIN] [--match TEXT] [--seconds S]\n"
            "            [--rounds N] [--unchecked] [--list]\n"
            "            [--serve] [--programs DIR]\n");
    return EXIT_FAILURE;
  }
  if (options.programs) write_programs(options.programs);
  if (options.list) harness_list(options.match);
  if (options.programs || options.list) return EXIT_SUCCESS;
  check(pjrt_plugin_find(options.plugin, PJRT_NUL_ENDED, NULL, &setup.plugin));
  setup.checked = !options.unchecked;
  if (options.serve) {
    harness_serve(&setup);
  } else {
    harness_measure(&setup, options.match, options.seconds, options.rounds);
  }
  pjrt_plugin_free(setup.plugin);
  return EXIT_SUCCESS;
}
