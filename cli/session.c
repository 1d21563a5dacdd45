#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervise.h"

static pjrt_error *copy_value(const pjrt_named_values *from, size_t i,
                              pjrt_named_values *to) {
  size_t name_size, size;
  const char *name = pjrt_named_values_name(from, i, &name_size);
  switch (pjrt_named_values_kind(from, i)) {
    case PJRT_VALUE_STRING: {
      const char *text = pjrt_named_values_string(from, i, &size);
      return pjrt_named_values_set_string(to, name, name_size, text, size);
    }
    case PJRT_VALUE_INT64:
      return pjrt_named_values_set_int64(to, name, name_size,
                                         pjrt_named_values_int64(from, i));
    case PJRT_VALUE_INT64_LIST: {
      const int64_t *list = pjrt_named_values_int64_list(from, i, &size);
      return pjrt_named_values_set_int64_list(to, name, name_size, list, size);
    }
    case PJRT_VALUE_FLOAT:
      return pjrt_named_values_set_float(to, name, name_size,
                                         pjrt_named_values_float(from, i));
    case PJRT_VALUE_BOOL:
      return pjrt_named_values_set_bool(to, name, name_size,
                                        pjrt_named_values_bool(from, i));
  }
  return NULL;
}

/* What the user asks for wins over what the plugin's manifest says. */
static status gather_options(struct cli *cli, const pjrt_named_values *given,
                             const texts *asked, struct session *out) {
  pjrt_error *error = pjrt_named_values_create(&out->options);
  size_t num_given = given ? pjrt_named_values_size(given) : 0;
  for (size_t i = 0; !error && i < num_given; i++) {
    error = copy_value(given, i, out->options);
  }
  if (error) return fail_error(cli, STATUS_SYSTEM, error, "client options");
  for (size_t i = 0; i < asked->num; i++) {
    error =
        pjrt_named_values_parse(out->options, asked->items[i], PJRT_NUL_ENDED);
    if (error) {
      return fail_error(cli, STATUS_USAGE, error, "--client-option=%s",
                        asked->items[i]);
    }
  }
  return STATUS_OK;
}

/* Away from TPU machines libtpu asks the network for a minute who it is. */
static void spare_libtpu_the_network(void) {
  if (access("/dev/accel0", F_OK) == 0 || access("/dev/vfio", F_OK) == 0) {
    return;
  }
  setenv("TPU_SKIP_MDS_QUERY", "1", 0);
}

static status open_path(struct cli *cli, const char *path, bool inspect_only,
                        struct session *out, pjrt_error **out_error) {
  pjrt_plugin_opts opts;
  pjrt_plugin_opts_init(&opts);
  opts.inspect_only = inspect_only;
  spare_libtpu_the_network();
  call_begin(cli, "GetPjrtApi or PJRT_Plugin_Initialize", "loading the plugin");
  pjrt_error *error =
      pjrt_plugin_open(path, PJRT_NUL_ENDED, &opts, &out->plugin);
  call_end(cli);
  if (out_error) *out_error = error;
  if (!error) return STATUS_OK;
  if (out_error) return STATUS_PLUGIN;
  /* What is wrong with the table does not know whose table it is. */
  if (strstr(pjrt_error_message(error, NULL), path)) {
    return fail_plainly(cli, STATUS_PLUGIN, error);
  }
  return fail_error(cli, STATUS_PLUGIN, error, "%s", path);
}

static status open_listed(struct cli *cli, const session_options *options,
                          bool inspect_only, const pjrt_plugin_list *list,
                          struct session *out, pjrt_error **out_error) {
  const char *name = options->plugin ? options->plugin : "";
  if (!*name && pjrt_plugin_list_size(list) == 0) {
    return fail(cli, STATUS_PLUGIN,
                "no plugin found; `pjrt plugin install cpu` gets one, and "
                "--plugin=PATH names one");
  }
  size_t i;
  pjrt_error *error = pjrt_plugin_list_find(list, name, PJRT_NUL_ENDED, &i);
  if (error) return fail_plainly(cli, STATUS_PLUGIN, error);
  const pjrt_error *verdict = pjrt_plugin_list_verdict(list, i);
  if (verdict) {
    return fail_plainly(cli, STATUS_PLUGIN, pjrt_error_copy(verdict));
  }
  status code = gather_options(cli, pjrt_plugin_list_options(list, i),
                               &options->client_options, out);
  if (code != STATUS_OK) return code;
  return open_path(cli, pjrt_plugin_list_path(list, i, NULL), inspect_only, out,
                   out_error);
}

status session_open_plugin(struct cli *cli, const session_options *options,
                           bool inspect_only, struct session *out,
                           pjrt_error **out_error) {
  if (out_error) *out_error = NULL;
  *out = (struct session){0};
  if (options->plugin && strchr(options->plugin, '/')) {
    status code = gather_options(cli, NULL, &options->client_options, out);
    if (code != STATUS_OK) return code;
    return open_path(cli, options->plugin, inspect_only, out, out_error);
  }
  pjrt_plugin_list *list;
  pjrt_error *error = pjrt_plugin_discover(NULL, &list);
  if (error) return fail_error(cli, STATUS_SYSTEM, error, "finding plugins");
  status code = open_listed(cli, options, inspect_only, list, out, out_error);
  pjrt_plugin_list_free(list);
  return code;
}

status session_create_client(struct cli *cli, struct session *session,
                             pjrt_error **out_error) {
  pjrt_client_opts opts;
  pjrt_client_opts_init(&opts);
  opts.options = session->options;
  call_begin(cli, "PJRT_Client_Create", "creating a client");
  pjrt_error *error =
      pjrt_client_create(session->plugin, &opts, &session->client);
  call_end(cli);
  if (out_error) *out_error = error;
  if (!error) return STATUS_OK;
  if (out_error) return STATUS_PLUGIN;
  return fail_error(cli, STATUS_PLUGIN, error, "%s cannot make a client",
                    pjrt_plugin_path(session->plugin, NULL));
}

void session_close(struct cli *cli, struct session *session) {
  if (session->client) {
    call_begin(cli, "PJRT_Client_Destroy", "ending the client");
    pjrt_client_free(session->client);
    call_end(cli);
  }
  pjrt_plugin_free(session->plugin);
  pjrt_named_values_free(session->options);
}
