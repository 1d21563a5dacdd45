/* pjrt plugin doctor: why a plugin does not load or work. Its file is looked at
 * first; then it is loaded, and then set to work, each in a process of its own,
 * since plugins end or block the process that asks too much of them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doctor.h"
#include "session.h"
#include "supervise.h"

typedef struct doctor_options {
  common_options common;
  texts client_options;
} doctor_options;

struct patient {
  session_options session;
  char *path;
};

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- the probes, each in a worker ---------------------------------------- */

static status load(struct cli *cli, void *user) {
  const struct patient *patient = user;
  double start = seconds_now();
  pjrt_plugin_opts opts;
  pjrt_plugin_opts_init(&opts);
  opts.inspect_only = true;
  pjrt_plugin *plugin;
  call_begin(cli, "GetPjrtApi", "loading the plugin");
  pjrt_error *error =
      pjrt_plugin_open(patient->path, PJRT_NUL_ENDED, &opts, &plugin);
  call_end(cli);
  if (error) {
    report_error(cli, "load", error);
    pjrt_error_free(error);
    return STATUS_PLUGIN;
  }
  report(cli, "load", FINDING_OK, "in %.2f s", seconds_now() - start);
  examine_table(cli, plugin);
  pjrt_plugin_free(plugin);
  return STATUS_OK;
}

static void report_client(const struct cli *cli, const pjrt_client *client,
                          double seconds) {
  size_t num_devices = pjrt_client_num_addressable_devices(client);
  report(cli, "client", num_devices ? FINDING_OK : FINDING_NOTE,
         "platform %s, %zu device%s, in %.2f s",
         pjrt_client_platform_name(client, NULL), num_devices,
         num_devices == 1 ? "" : "s", seconds);
}

static status report_work(struct cli *cli, struct session *session) {
  const pjrt_plugin *plugin = session->plugin;
  report(cli, "initialize", FINDING_OK, "%zu attributes",
         pjrt_named_values_size(pjrt_plugin_attributes(plugin)));
  bool exact = pjrt_plugin_wants_exact_struct_sizes(plugin);
  report(cli, "sizes", exact ? FINDING_NOTE : FINDING_OK,
         exact ? "demands the struct sizes of its own API version, against "
                 "PJRT's rule; this library obeys"
               : "accepts structs of newer API versions");
  double start = seconds_now();
  pjrt_error *error;
  status code = session_create_client(cli, session, &error);
  if (code == STATUS_OK) {
    report_client(cli, session->client, seconds_now() - start);
  } else {
    report_error(cli, "client", error);
    pjrt_error_free(error);
  }
  return code;
}

static status set_to_work(struct cli *cli, void *user) {
  const struct patient *patient = user;
  struct session session;
  pjrt_error *error;
  status code =
      session_open_plugin(cli, &patient->session, false, &session, &error);
  if (code == STATUS_OK) code = report_work(cli, &session);
  if (error) report_error(cli, "initialize", error);
  pjrt_error_free(error);
  session_close(cli, &session);
  return code;
}

/* ---- the examination ----------------------------------------------------- */

static status probe(struct cli *cli, const char *subject, work_fn work,
                    struct patient *patient) {
  outcome out = supervise(cli, work, patient);
  if (out.death[0]) report(cli, subject, FINDING_BAD, "%s", out.death);
  return out.code;
}

static status examine(struct cli *cli, struct patient *patient) {
  if (!examine_file(cli, patient->path)) {
    return fail(cli, STATUS_PLUGIN, "%s cannot be a plugin", patient->path);
  }
  status code = probe(cli, "load", load, patient);
  if (code == STATUS_PLUGIN) {
    return fail(cli, code, "%s does not load", patient->path);
  }
  if (code != STATUS_OK) return code;
  code = probe(cli, "client", set_to_work, patient);
  if (code == STATUS_PLUGIN) {
    return fail(cli, code, "%s loads, and makes no client", patient->path);
  }
  if (code != STATUS_OK) return code;
  report(cli, "verdict", FINDING_OK, "the plugin works");
  return STATUS_OK;
}

/* A name that discovery knows, or a path. */
static status find_path(struct cli *cli, const char *name, char **out) {
  *out = NULL;
  if (strchr(name, '/')) {
    *out = strdup(name);
    return *out ? STATUS_OK : fail_system(cli, "strdup");
  }
  pjrt_plugin_list *list;
  pjrt_error *error = pjrt_plugin_discover(NULL, &list);
  if (error) return fail_plainly(cli, STATUS_SYSTEM, error);
  size_t i;
  error = pjrt_plugin_list_find(list, name, PJRT_NUL_ENDED, &i);
  if (!error) {
    report(cli, "found", FINDING_OK, "%s, from %s",
           pjrt_plugin_list_name(list, i, NULL),
           pjrt_plugin_list_origin(list, i, NULL));
    *out = strdup(pjrt_plugin_list_path(list, i, NULL));
  }
  pjrt_plugin_list_free(list);
  if (error) return fail_plainly(cli, STATUS_PLUGIN, error);
  return *out ? STATUS_OK : fail_system(cli, "strdup");
}

static status run_doctor(struct cli *cli, const void *options,
                         const texts *operands) {
  const doctor_options *given = options;
  const char *name = operands->num ? operands->items[0] : "";
  struct patient patient = {
      .session = {.plugin = name, .client_options = given->client_options}};
  status code = find_path(cli, name, &patient.path);
  if (code == STATUS_OK) code = examine(cli, &patient);
  free(patient.path);
  return code;
}

static const struct option doctor_rows[] = {
    {"client-option", "NAME=VALUE", OPTION_TEXTS,
     offsetof(doctor_options, client_options),
     "an option of the plugin's for the client; may be\n"
     "repeated"},
    COMMON_OPTIONS(doctor_options),
};

static const doctor_options doctor_defaults = {.common = {.timeout_s = 60}};

const struct verb verb_plugin_doctor = {
    .name = "plugin doctor",
    .operands = "[NAME|PATH]",
    .summary = "find out why a plugin does not load or work",
    .about =
        "Examines a plugin step by step and prints a row for each finding: "
        "the file and\nits machine, shared libraries that are missing, "
        "symbols that it leaks; the\nfunction table with its size and NULL "
        "slots, the extensions with their sizes;\nwhether it initializes, "
        "demands struct sizes against the rule, and makes a\nclient. Without "
        "NAME it is the default plugin.\n"
        "\n"
        "Rows are ok, note (does not stop the plugin) or BAD (does). The "
        "plugin is loaded\nin a process of its own; if it ends or blocks "
        "that, the report says in which\ncall. --timeout is 60 here unless "
        "you set it.",
    .examples =
        "  pjrt plugin doctor\n"
        "  pjrt plugin doctor cpu\n"
        "  pjrt plugin doctor ./libtpu.so --timeout=10\n"
        "  pjrt plugin doctor cuda --verbose\n",
    .options = doctor_rows,
    .num_options = sizeof doctor_rows / sizeof *doctor_rows,
    .defaults = &doctor_defaults,
    .options_size = sizeof doctor_defaults,
    .max_operands = 1,
    .run = run_doctor,
};
