#include "catalogue.h"

#include <string.h>

#include "plugins_json.h"

json_t *catalogue_open(void) {
  json_t *root = json_loadb(pjrt_plugins_json, pjrt_plugins_json_size, 0, NULL);
  json_t *list = json_incref(json_object_get(root, "plugins"));
  json_decref(root);
  return list;
}

static const char *text_at(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}

struct pinned catalogue_at(const json_t *catalogue, size_t i) {
  const json_t *entry = json_array_get(catalogue, i);
  return (struct pinned){
      .name = text_at(entry, "name"),
      .package = text_at(entry, "package"),
      .version = text_at(entry, "version"),
      .wheel = text_at(entry, "wheel"),
      .sha256 = text_at(entry, "sha256"),
      .file = text_at(entry, "file"),
      .license = text_at(entry, "license"),
      .note = text_at(entry, "note"),
      .megabytes = json_number_value(json_object_get(entry, "size")) / 1e6,
  };
}

status catalogue_find(const struct cli *cli, const json_t *catalogue,
                      const char *name, struct pinned *out) {
  enum { MAX_NAMES = 32 };
  const char *names[MAX_NAMES];
  size_t num = json_array_size(catalogue);
  if (num > MAX_NAMES) num = MAX_NAMES;
  for (size_t i = 0; i < num; i++) {
    *out = catalogue_at(catalogue, i);
    if (strcmp(out->name, name) == 0) return STATUS_OK;
    names[i] = out->name;
  }
  const char *near = nearest(name, names, num);
  return fail(cli, STATUS_USAGE, "there is no pinned plugin '%s'; %s%s%s", name,
              near ? "did you mean '" : "", near ? near : "--list shows them",
              near ? "'?" : "");
}
