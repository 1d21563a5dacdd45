#include "doctor.h"

/* The function table is a header of 40 bytes and one pointer for each
 * function, in the order of pjrt_function_name. */
#define TABLE_HEADER_SIZE 40

static size_t table_size_of(size_t num_functions) {
  return TABLE_HEADER_SIZE + num_functions * sizeof(void *);
}

/* How many functions the ABI has at a minor. */
static size_t num_functions_at(int minor) {
  size_t num = 0;
  while (num < pjrt_num_functions() && pjrt_function_since(num) <= minor) num++;
  return num;
}

static void examine_size(const struct cli *cli, const pjrt_plugin *plugin) {
  size_t size = pjrt_plugin_table_size(plugin);
  int minor = pjrt_plugin_api_minor(plugin);
  size_t usual = table_size_of(num_functions_at(minor));
  if (minor <
      56) { /* they declare one size, however many functions they have */
    report(cli, "table", FINDING_OK, "%zu bytes", size);
  } else if (size == usual) {
    report(cli, "table", FINDING_OK, "%zu bytes, as usual for API 0.%d", size,
           minor);
  } else {
    report(cli, "table", FINDING_NOTE,
           "%zu bytes, where API 0.%d usually has %zu%s", size, minor, usual,
           size > table_size_of(pjrt_num_functions())
               ? "; it is newer than this library"
               : "");
  }
}

/* Slots of the table that hold nothing. What lies behind its end is the
 * business of an older API. */
static void examine_functions(const struct cli *cli,
                              const pjrt_plugin *plugin) {
  size_t table_size = pjrt_plugin_table_size(plugin);
  size_t num_missing = 0, num_null = 0;
  for (size_t i = 0; i < pjrt_num_functions(); i++) {
    const char *name = pjrt_function_name(i);
    if (pjrt_plugin_supports(plugin, name, PJRT_NUL_ENDED)) continue;
    num_missing++;
    if (table_size_of(i + 1) > table_size) continue;
    num_null++;
    report(cli, "functions", FINDING_NOTE,
           "%s is NULL in the table: clients that do not look crash", name);
  }
  report(cli, "functions", FINDING_OK,
         "%zu of the %zu that this library knows%s",
         pjrt_num_functions() - num_missing, pjrt_num_functions(),
         num_null == num_missing ? "" : "; the rest is newer than the plugin");
}

/* Before API 0.45 extensions declare none. */
static void size_text(size_t size, char *out, size_t out_size) {
  if (size) {
    snprintf(out, out_size, "%zu bytes", size);
  } else {
    snprintf(out, out_size, "no size declared");
  }
}

static void examine_extensions(const struct cli *cli,
                               const pjrt_plugin *plugin) {
  size_t num = pjrt_plugin_num_extensions(plugin);
  report(cli, "extensions", FINDING_OK, "%zu", num);
  for (size_t i = 0; i < num; i++) {
    int type = pjrt_plugin_extension_type(plugin, i);
    char size[40];
    size_text(pjrt_plugin_extension_size(plugin, i), size, sizeof size);
    size_t first = pjrt_plugin_find_extension(plugin, type);
    report(cli, "extension", first == i ? FINDING_OK : FINDING_NOTE,
           "%d %s, %s%s", type, pjrt_extension_name(type), size,
           first == i ? "" : ": a second one, which nobody finds");
  }
}

void examine_table(const struct cli *cli, const pjrt_plugin *plugin) {
  report(cli, "API", FINDING_OK, "%d.%d", pjrt_plugin_api_major(plugin),
         pjrt_plugin_api_minor(plugin));
  examine_size(cli, plugin);
  examine_functions(cli, plugin);
  examine_extensions(cli, plugin);
}
