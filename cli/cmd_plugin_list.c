/* pjrt plugin list: what discovery finds, usable or not. Loads nothing. */
#include <jansson.h>
#include <string.h>

#include "cli.h"

typedef struct list_options {
  common_options common;
  bool json;
} list_options;

/* As wide as the longest name. */
static int name_width(const pjrt_plugin_list *list) {
  size_t width = 4;
  for (size_t i = 0; i < pjrt_plugin_list_size(list); i++) {
    size_t size = strlen(pjrt_plugin_list_name(list, i, NULL));
    if (size > width) width = size;
  }
  return width < 40 ? (int)width : 40;
}

static void print_text(const struct cli *cli, const pjrt_plugin_list *list) {
  int width = name_width(list);
  for (size_t i = 0; i < pjrt_plugin_list_size(list); i++) {
    const pjrt_error *verdict = pjrt_plugin_list_verdict(list, i);
    fprintf(cli->out, "%-*s  %-8s  %s\n%*s  from %s\n", width,
            pjrt_plugin_list_name(list, i, NULL),
            verdict ? "unusable" : "usable",
            pjrt_plugin_list_path(list, i, NULL), width + 10, "",
            pjrt_plugin_list_origin(list, i, NULL));
    if (verdict) {
      fprintf(cli->out, "%*s  %s\n", width + 10, "",
              pjrt_error_message(verdict, NULL));
    }
  }
}

static const char *source_name(pjrt_plugin_source source) {
  switch (source) {
    case PJRT_SOURCE_NONE:
      break;
    case PJRT_SOURCE_PATH:
      return "path";
    case PJRT_SOURCE_PJRT_PLUGIN:
      return "PJRT_PLUGIN";
    case PJRT_SOURCE_NAMES_AND_LIBRARY_PATHS:
      return "PJRT_NAMES_AND_LIBRARY_PATHS";
    case PJRT_SOURCE_PLUGIN_LIBRARY_PATH:
      return "PJRT_PLUGIN_LIBRARY_PATH";
    case PJRT_SOURCE_TPU_LIBRARY_PATH:
      return "TPU_LIBRARY_PATH";
    case PJRT_SOURCE_MANIFEST:
      return "manifest";
    case PJRT_SOURCE_PYTHON:
      return "python";
  }
  return "unknown";
}

static json_t *candidate_json(const pjrt_plugin_list *list, size_t i) {
  const pjrt_error *verdict = pjrt_plugin_list_verdict(list, i);
  return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s*}", "name",
                   pjrt_plugin_list_name(list, i, NULL), "path",
                   pjrt_plugin_list_path(list, i, NULL), "source",
                   source_name(pjrt_plugin_list_source(list, i)), "origin",
                   pjrt_plugin_list_origin(list, i, NULL), "usable", !verdict,
                   "reason",
                   verdict ? pjrt_error_message(verdict, NULL) : NULL);
}

static void print_json(const struct cli *cli, const pjrt_plugin_list *list) {
  json_t *array = json_array();
  for (size_t i = 0; i < pjrt_plugin_list_size(list); i++) {
    json_array_append_new(array, candidate_json(list, i));
  }
  json_dumpf(array, cli->out, JSON_INDENT(2));
  fputc('\n', cli->out);
  json_decref(array);
}

static status run_list(struct cli *cli, const void *options,
                       const texts *operands) {
  (void)operands;
  bool as_json = ((const list_options *)options)->json;
  pjrt_plugin_list *list;
  pjrt_error *error = pjrt_plugin_discover(NULL, &list);
  if (error) return fail_plainly(cli, STATUS_SYSTEM, error);
  if (as_json) {
    print_json(cli, list);
  } else if (pjrt_plugin_list_size(list) > 0) {
    print_text(cli, list);
  } else {
    fprintf(cli->err, "no plugin found; `pjrt plugin install cpu` gets one\n");
  }
  pjrt_plugin_list_free(list);
  return STATUS_OK;
}

static const struct option list_rows[] = {
    {"json", NULL, OPTION_FLAG, offsetof(list_options, json),
     "print a JSON array"},
    {"help", NULL, OPTION_FLAG, offsetof(list_options, common.help),
     "show this"},
};

static const list_options list_defaults = {0};

const struct verb verb_plugin_list = {
    .name = "plugin list",
    .operands = "",
    .summary = "list the plugins that are found, and where",
    .about =
        "Lists every plugin that is found, in the order of the places that "
        "are searched;\nthe first usable one is the default of --plugin. "
        "Nothing is loaded: a file is\njudged by its ELF tables.\n"
        "\n"
        "The places: PJRT_PLUGIN; PJRT_NAMES_AND_LIBRARY_PATHS "
        "(name:path,name:path);\nPJRT_PLUGIN_LIBRARY_PATH; TPU_LIBRARY_PATH; "
        "manifest files NAME.json in\n$PJRT_MANIFEST_PATH, "
        "$XDG_CONFIG_HOME/pjrt/plugins.d, /etc/pjrt/plugins.d and\n"
        "$XDG_DATA_HOME/pjrt/plugins.d, where `pjrt plugin install` writes; "
        "the active\nPython environment.",
    .examples =
        "  pjrt plugin list\n"
        "  pjrt plugin list --json | jq -r '.[] | select(.usable).path'\n"
        "  PJRT_PLUGIN=/opt/tpu/libtpu.so pjrt plugin list\n",
    .options = list_rows,
    .num_options = sizeof list_rows / sizeof *list_rows,
    .defaults = &list_defaults,
    .options_size = sizeof list_defaults,
    .run = run_list,
};
