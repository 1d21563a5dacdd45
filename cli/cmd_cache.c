/* pjrt cache: what is in a compile cache, and why a program is not. */
#include "model.h"
#include "session.h"
#include "supervise.h"

typedef struct cache_options {
  common_options common;
  session_options session;
  compile_options compile;
  const char *explain; /* a model */
  const char *max_size;
  bool clear;
} cache_options;

struct cache_request {
  const cache_options *options;
  pjrt_compile_cache *cache;
};

/* ---- explaining ---------------------------------------------------------- */

static status explain_model(struct cli *cli,
                            const struct cache_request *request,
                            const struct model *model, pjrt_client *client) {
  struct compile_request wanted;
  char *text;
  status code = compile_request_make(cli, &request->options->compile, &wanted);
  if (code == STATUS_OK) {
    pjrt_error *error = pjrt_compile_cache_explain(
        request->cache, client, model->program, &wanted.opts, &text, NULL);
    if (error) {
      code = fail_error(cli, STATUS_COMPILE, error, "%s", model->name);
    } else {
      fprintf(cli->out, "%s\n", text);
      pjrt_host_free(text);
    }
  }
  compile_request_free(&wanted);
  return code;
}

static status explain_with_plugin(struct cli *cli,
                                  const struct cache_request *request,
                                  const struct model *model) {
  struct session session;
  status code = session_open_plugin(cli, &request->options->session, false,
                                    &session, NULL);
  if (code == STATUS_OK) code = session_create_client(cli, &session, NULL);
  if (code == STATUS_OK) {
    code = explain_model(cli, request, model, session.client);
  }
  session_close(cli, &session);
  return code;
}

static status explain_work(struct cli *cli, void *user) {
  const struct cache_request *request = user;
  struct model model;
  status code = model_read(cli, request->options->explain, &model);
  if (code == STATUS_OK && model.executable) {
    code = fail(cli, STATUS_INPUT, "%s is compiled already", model.name);
  }
  if (code == STATUS_OK) code = explain_with_plugin(cli, request, &model);
  model_free(&model);
  return code;
}

/* ---- the folder ---------------------------------------------------------- */

static status show(const struct cli *cli, pjrt_compile_cache *cache) {
  pjrt_compile_cache_stats stats;
  pjrt_compile_cache_stats_init(&stats);
  pjrt_error *error = pjrt_compile_cache_read_stats(cache, &stats);
  if (error) return fail_plainly(cli, STATUS_INPUT, error);
  fprintf(cli->out, "entries      %lld\nsize         %lld bytes\n",
          (long long)stats.num_entries, (long long)stats.size_in_bytes);
  return STATUS_OK;
}

static status open_folder(const struct cli *cli, const char *path,
                          bool read_only, pjrt_compile_cache **out) {
  pjrt_compile_cache_opts opts;
  pjrt_compile_cache_opts_init(&opts);
  opts.read_only = read_only;
  pjrt_error *error = pjrt_compile_cache_open(path, PJRT_NUL_ENDED, &opts, out);
  return error ? fail_plainly(cli, STATUS_INPUT, error) : STATUS_OK;
}

/* On a folder that is there: none is made to be emptied. */
static status change(const struct cli *cli, const cache_options *options,
                     const char *path, int64_t max_size) {
  pjrt_compile_cache *cache;
  status code = open_folder(cli, path, false, &cache);
  if (code != STATUS_OK) return code;
  pjrt_error *error = options->clear
                          ? pjrt_compile_cache_clear(cache)
                          : pjrt_compile_cache_evict(cache, max_size);
  pjrt_compile_cache_free(cache);
  return error ? fail_plainly(cli, STATUS_OUTPUT, error) : STATUS_OK;
}

static status work_on(struct cli *cli, const cache_options *options,
                      const char *path, int64_t max_size) {
  struct cache_request request = {.options = options};
  status code = open_folder(cli, path, true, &request.cache);
  if (code != STATUS_OK) return code;
  if (options->clear || options->max_size) {
    code = change(cli, options, path, max_size);
  }
  if (code == STATUS_OK && options->explain) {
    code = supervise(cli, explain_work, &request).code;
  } else if (code == STATUS_OK) {
    code = show(cli, request.cache);
  }
  pjrt_compile_cache_free(request.cache);
  return code;
}

static status run_cache(struct cli *cli, const void *options,
                        const texts *operands) {
  const cache_options *it = options;
  int64_t max_size = 0;
  if ((it->explain != NULL) + (it->max_size != NULL) + it->clear > 1) {
    return fail(cli, STATUS_USAGE,
                "--explain, --max-size and --clear are one at a time");
  }
  if (it->max_size) {
    const status code = size_parse(cli, "max-size", it->max_size, &max_size);
    if (code != STATUS_OK) return code;
  }
  return work_on(cli, it, operands->items[0], max_size);
}

/* ---- the verb ------------------------------------------------------------ */

static const struct option cache_rows[] = {
    {"explain", "MODEL", OPTION_TEXT, offsetof(cache_options, explain),
     "what a look-up of MODEL finds, with the plugin and the\n"
     "compile options below, and why; nothing is compiled"},
    {"max-size", "SIZE", OPTION_TEXT, offsetof(cache_options, max_size),
     "remove what was used longest ago, until the rest takes\n"
     "at most SIZE, such as 512M"},
    {"clear", NULL, OPTION_FLAG, offsetof(cache_options, clear),
     "remove all entries"},
    SESSION_OPTIONS(cache_options),
    COMPILE_OPTIONS(cache_options),
    COMMON_OPTIONS(cache_options),
};

static const cache_options cache_defaults = {.compile = COMPILE_DEFAULTS};

const struct verb verb_cache = {
    .name = "cache",
    .operands = "DIR",
    .summary = "look into a folder of compiled programs",
    .about =
        "Shows how many programs `pjrt run --cache=DIR` has stored, and what "
        "they take;\nremoves them; or explains why one is not found: with "
        "--explain it says \"hit\",\nor \"miss\" and the reason.\n"
        "\n"
        "A program is found by everything that its machine code depends on: "
        "itself, the\ncompile options, the plugin's file, the devices, the "
        "processor, XLA_FLAGS and\nLIBTPU_INIT_ARGS. Whoever can write to "
        "DIR can run code as you, so it belongs\nto you alone (mode 700), and "
        "another is refused.",
    .examples =
        "  pjrt run net.mlir --cache=cache --input=@x.npy\n"
        "  pjrt cache cache --explain=net.mlir\n"
        "  pjrt cache cache --max-size=1G\n",
    .options = cache_rows,
    .num_options = sizeof cache_rows / sizeof *cache_rows,
    .defaults = &cache_defaults,
    .options_size = sizeof cache_defaults,
    .min_operands = 1,
    .max_operands = 1,
    .run = run_cache,
};
