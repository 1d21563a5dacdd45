#include "target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "supervise.h"

char *target_platform(const char *name) {
  return strndup(name, strcspn(name, ":"));
}

static status set_from_file(const struct cli *cli, pjrt_named_values *values,
                            const char *option, size_t name_size) {
  size_t size;
  const char *path = option + name_size + 2;
  char *data = read_whole_file(path, &size);
  if (!data) {
    return fail(cli, STATUS_INPUT, "--topology-option=%s: cannot read %s: %s",
                option, path, strerror(errno));
  }
  pjrt_error *error =
      pjrt_named_values_set_string(values, option, name_size, data, size);
  free(data);
  if (!error) return STATUS_OK;
  return fail_error(cli, STATUS_USAGE, error, "--topology-option=%s", option);
}

static status parse_options(const struct cli *cli, const texts *given,
                            pjrt_named_values *values) {
  for (size_t i = 0; i < given->num; i++) {
    const char *option = given->items[i];
    const size_t name_size = strcspn(option, "=");
    if (option[name_size] && option[name_size + 1] == '@') {
      status code = set_from_file(cli, values, option, name_size);
      if (code != STATUS_OK) return code;
      continue;
    }
    pjrt_error *error = pjrt_named_values_parse(values, option, PJRT_NUL_ENDED);
    if (error) {
      return fail_error(cli, STATUS_USAGE, error, "--topology-option=%s",
                        option);
    }
  }
  return STATUS_OK;
}

static status create(struct cli *cli, const target_options *options,
                     pjrt_plugin *plugin, const pjrt_named_values *values,
                     pjrt_topology **out) {
  const char *colon = strchr(options->name, ':');
  call_begin(cli, "PJRT_TopologyDescription_Create", "describing the target");
  pjrt_error *error = pjrt_topology_create(plugin, colon ? colon + 1 : "",
                                           PJRT_NUL_ENDED, values, out);
  call_end(cli);
  if (!error) return STATUS_OK;
  return fail_error(cli, STATUS_PLUGIN, error, "cannot describe %s",
                    options->name);
}

static status check_platform(const struct cli *cli, const char *name,
                             const pjrt_topology *topology) {
  const char *platform = pjrt_topology_platform_name(topology, NULL);
  const size_t size = strcspn(name, ":");
  if (strlen(platform) == size && memcmp(platform, name, size) == 0) {
    return STATUS_OK;
  }
  return fail(cli, STATUS_PLUGIN,
              "%s compiles for platform %s, and --target=%s is for another",
              pjrt_plugin_path(pjrt_topology_plugin(topology), NULL), platform,
              name);
}

status target_describe(struct cli *cli, const target_options *options,
                       pjrt_plugin *plugin, pjrt_topology **out) {
  pjrt_named_values *values;
  *out = NULL;
  pjrt_error *error = pjrt_named_values_create(&values);
  if (error) return fail_error(cli, STATUS_SYSTEM, error, "--topology-option");
  status code = parse_options(cli, &options->topology_options, values);
  if (code == STATUS_OK) code = create(cli, options, plugin, values, out);
  if (code == STATUS_OK) code = check_platform(cli, options->name, *out);
  pjrt_named_values_free(values);
  return code;
}
