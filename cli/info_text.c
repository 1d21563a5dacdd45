#include <inttypes.h>
#include <string.h>

#include "info.h"

static int64_t number(const json_t *object, const char *key) {
  return json_integer_value(json_object_get(object, key));
}

/* A text member, indented where it has several lines. */
static void print_text(FILE *to, const json_t *value, int indent) {
  const char *text = json_string_value(value);
  for (; text && *text; text++) {
    fputc(*text, to);
    if (*text == '\n' && text[1]) fprintf(to, "%*s", indent, "");
  }
}

static void print_value(FILE *to, const json_t *value) {
  if (json_is_string(value)) {
    print_text(to, value, 4);
  } else if (json_is_null(value)) {
    fputs("of a kind that this library does not know", to);
  } else {
    json_dumpf(value, to, JSON_ENCODE_ANY | JSON_COMPACT);
  }
}

static void print_attributes(FILE *to, const json_t *attributes,
                             const char *indent) {
  const char *name;
  json_t *value;
  json_object_foreach((json_t *)attributes, name, value) {
    fprintf(to, "%s%s: ", indent, name);
    print_value(to, value);
    fputc('\n', to);
  }
}

/* Before API 0.45 extensions declare none. */
static void print_size(FILE *to, int64_t size) {
  if (size) {
    fprintf(to, "%4" PRId64 " bytes\n", size);
  } else {
    fputs("no size declared\n", to);
  }
}

static void print_extensions(FILE *to, const json_t *extensions) {
  fprintf(to, "extensions: %zu\n", json_array_size(extensions));
  size_t i;
  json_t *extension;
  json_array_foreach(extensions, i, extension) {
    fprintf(to, "  %2" PRId64 "  %-22s ", number(extension, "type"),
            json_string_value(json_object_get(extension, "name")));
    print_size(to, number(extension, "struct_size"));
  }
}

static void print_since(FILE *to, int64_t minor) {
  if (minor <= 40) {
    fputs("0.40 or earlier", to);
  } else {
    fprintf(to, "since 0.%" PRId64, minor);
  }
}

static void print_functions(FILE *to, const json_t *plugin) {
  const json_t *missing = json_object_get(plugin, "missing_functions");
  int64_t known = number(plugin, "known_functions");
  fprintf(to,
          "functions: %" PRId64 " of %" PRId64 " (a table of %" PRId64
          " bytes)\n",
          known - (int64_t)json_array_size(missing), known,
          number(plugin, "table_size"));
  size_t i;
  json_t *function;
  json_array_foreach(missing, i, function) {
    fprintf(to, "  missing %s (",
            json_string_value(json_object_get(function, "name")));
    print_since(to, number(function, "since_minor"));
    fputs(")\n", to);
  }
}

static const char *string(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}

static bool is_unpublished(const char *name) {
  return strncmp(name, "PJRT_", 5) != 0 && strncmp(name, "PLUGIN_", 7) != 0;
}

static void print_slot(FILE *to, const json_t *slot) {
  const char *name = string(slot, "name");
  const char *state = string(slot, "state");
  fprintf(to, "      %-8s", strcmp(state, "null") ? state : "NULL");
  if (!name) {
    fputs("of no published meaning\n", to);
    return;
  }
  fprintf(to, "%s (", name);
  if (is_unpublished(name)) {
    fputs("its arguments are not published)\n", to);
    return;
  }
  print_since(to, number(slot, "since_minor"));
  fputs(")\n", to);
}

void info_print_extensions(FILE *to, const json_t *plugin) {
  const json_t *extensions = json_object_get(plugin, "extensions");
  fprintf(to, "extensions: %zu\n", json_array_size(extensions));
  size_t i, n;
  json_t *extension, *slot;
  json_array_foreach(extensions, i, extension) {
    const json_t *version = json_object_get(extension, "version");
    fprintf(to, "  %2" PRId64 "  %-22s version ", number(extension, "type"),
            string(extension, "name"));
    if (json_is_integer(version)) {
      fprintf(to, "%-3" PRId64, (int64_t)json_integer_value(version));
    } else {
      fputs("?  ", to);
    }
    print_size(to, number(extension, "struct_size"));
    json_array_foreach(json_object_get(extension, "slots"), n, slot)
        print_slot(to, slot);
  }
}

void info_print_plugin(FILE *to, const json_t *plugin) {
  fputs("plugin: ", to);
  print_text(to, json_object_get(plugin, "path"), 0);
  fprintf(to, "\nPJRT API: %" PRId64 ".%" PRId64 "\n",
          number(plugin, "api_major"), number(plugin, "api_minor"));
  print_functions(to, plugin);
  print_extensions(to, json_object_get(plugin, "extensions"));
  const json_t *attributes = json_object_get(plugin, "attributes");
  fprintf(to, "attributes: %zu\n", json_object_size(attributes));
  print_attributes(to, attributes, "  ");
  size_t i;
  json_t *quirk;
  json_array_foreach(json_object_get(plugin, "quirks"), i, quirk) {
    fprintf(to, "quirk: %s\n", json_string_value(quirk));
  }
}

static void print_memory_stats(FILE *to, const json_t *stats) {
  const json_t *limit = json_object_get(stats, "bytes_limit");
  if (!json_is_object(stats)) return;
  fprintf(to, "     memory in use: %" PRId64, number(stats, "bytes_in_use"));
  if (limit) fprintf(to, " of %" PRId64, (int64_t)json_integer_value(limit));
  fputs(" bytes\n", to);
}

static void print_device(FILE *to, const json_t *device) {
  fprintf(to, "  %" PRId64 "  ", number(device, "id"));
  print_text(to, json_object_get(device, "name"), 4);
  fputs("  kind ", to);
  print_text(to, json_object_get(device, "kind"), 4);
  if (json_is_true(json_object_get(device, "is_addressable"))) {
    fprintf(to, "  hardware id %" PRId64, number(device, "local_hardware_id"));
  } else {
    fprintf(to, "  of process %" PRId64, number(device, "process_index"));
  }
  fputs("  memories ", to);
  json_dumpf(json_object_get(device, "memories"), to, JSON_COMPACT);
  fputc('\n', to);
  print_attributes(to, json_object_get(device, "attributes"), "     ");
  print_memory_stats(to, json_object_get(device, "memory_stats"));
}

static void print_memory(FILE *to, const json_t *memory) {
  fprintf(to, "  %" PRId64 "  ", number(memory, "id"));
  print_text(to, json_object_get(memory, "kind"), 4);
  fputs("  devices ", to);
  json_dumpf(json_object_get(memory, "devices"), to, JSON_COMPACT);
  fputc('\n', to);
}

void info_print_client(FILE *to, const json_t *client) {
  fputs("platform: ", to);
  print_text(to, json_object_get(client, "platform_name"), 2);
  fputs("\nplatform version: ", to);
  print_text(to, json_object_get(client, "platform_version"), 2);
  fprintf(to, "\nprocess: %" PRId64 "\n", number(client, "process_index"));
  const json_t *devices = json_object_get(client, "devices");
  fprintf(to, "devices: %zu\n", json_array_size(devices));
  size_t i;
  json_t *item;
  json_array_foreach(devices, i, item) print_device(to, item);
  const json_t *memories = json_object_get(client, "memories");
  fprintf(to, "memories: %zu\n", json_array_size(memories));
  json_array_foreach(memories, i, item) print_memory(to, item);
}
