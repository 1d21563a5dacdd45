/* pjrt info: what a plugin is and has. The facts are gathered as JSON, and the
 * text form prints that same JSON. */
#include "cli.h"
#include "info.h"
#include "session.h"
#include "supervise.h"

typedef struct info_options {
  common_options common;
  session_options session;
  bool json;
  bool no_client;
  bool extensions;
} info_options;

/* The plugin's facts are printed even when it cannot make a client, so that
 * error is data as well as the reason for the exit status. */
static json_t *describe_client(struct cli *cli, struct session *session,
                               status *out_code) {
  pjrt_error *error;
  *out_code = session_create_client(cli, session, &error);
  if (*out_code == STATUS_OK) return info_client_json(session->client);
  json_t *object = json_pack("{s:{s:s, s:s}}", "error", "code",
                             pjrt_code_name(pjrt_error_code(error)), "message",
                             pjrt_error_message(error, NULL));
  fail_error(cli, *out_code, error, "%s cannot make a client",
             pjrt_plugin_path(session->plugin, NULL));
  return object;
}

static status print_json(struct cli *cli, json_t *plugin, json_t *client) {
  json_t *all = json_object();
  json_object_set(all, "plugin", plugin);
  json_object_set(all, "client", client);
  int failed = json_dumpf(all, cli->out, JSON_INDENT(2));
  fputc('\n', cli->out);
  json_decref(all);
  return failed && !ferror(cli->out) ? fail_system(cli, "json_dumpf")
                                     : STATUS_OK;
}

static status print_session(struct cli *cli, const info_options *options,
                            struct session *session) {
  json_t *plugin = info_plugin_json(session->plugin);
  json_t *client = NULL;
  status code = STATUS_OK;
  if (!options->json) {
    if (options->extensions) {
      info_print_extensions(cli->out, plugin);
    } else {
      info_print_plugin(cli->out, plugin);
    }
    fflush(cli->out); /* the plugin may end the process in what follows */
  }
  if (options->no_client || options->extensions) {
    client = json_null();
  } else {
    client = describe_client(cli, session, &code);
  }
  if (options->json) {
    status printed = print_json(cli, plugin, client);
    if (code == STATUS_OK) code = printed;
  } else if (session->client) {
    info_print_client(cli->out, client);
  }
  json_decref(client);
  json_decref(plugin);
  return code;
}

static status work(struct cli *cli, void *user) {
  const info_options *options = user;
  struct session session;
  const bool inspect_only = options->no_client || options->extensions;
  status code =
      session_open_plugin(cli, &options->session, inspect_only, &session, NULL);
  if (code == STATUS_OK) code = print_session(cli, options, &session);
  session_close(cli, &session);
  return code;
}

static status run_info(struct cli *cli, const void *options,
                       const texts *operands) {
  (void)operands;
  info_options copy = *(const info_options *)options;
  return supervise(cli, work, &copy).code;
}

static const struct option info_rows[] = {
    SESSION_OPTIONS(info_options),
    {"json", NULL, OPTION_FLAG, offsetof(info_options, json),
     "print one JSON object"},
    {"no-client", NULL, OPTION_FLAG, offsetof(info_options, no_client),
     "do not initialize the plugin, so that its hardware stays\n"
     "untouched"},
    {"extensions", NULL, OPTION_FLAG, offsetof(info_options, extensions),
     "show each extension's functions instead: which of them\n"
     "the plugin has, which are empty, and which are unknown"},
    COMMON_OPTIONS(info_options),
};

static const info_options info_defaults = {0};

const struct verb verb_info = {
    .name = "info",
    .operands = "",
    .summary = "show a plugin, its devices and memories",
    .about =
        "Shows what a plugin is and has: file, API version, functions that "
        "are missing,\nextensions with their sizes, attributes; then, from a "
        "client, the platform, the\ndevices and the memories.\n"
        "\n"
        "A plugin whose hardware is absent fails at the client: what the "
        "plugin itself\ntells is printed, and the exit status is 4. Away from "
        "TPU machines\nTPU_SKIP_MDS_QUERY=1 is set unless you set it, or "
        "libtpu would ask the network\nfor a minute.",
    .examples =
        "  pjrt info\n"
        "  pjrt info --plugin=cpu --client-option=cpu_device_count=8\n"
        "  pjrt info --plugin=./libtpu.so --no-client\n"
        "  pjrt info --plugin=cpu --extensions\n"
        "  pjrt info --json | jq '.client.devices[].kind'\n",
    .options = info_rows,
    .num_options = sizeof info_rows / sizeof *info_rows,
    .defaults = &info_defaults,
    .options_size = sizeof info_defaults,
    .run = run_info,
};
