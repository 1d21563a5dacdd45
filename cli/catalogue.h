/* The plugins that `pjrt plugin install` knows: tools/plugins.json, which the
 * build puts into the command. */
#ifndef CLI_CATALOGUE_H_
#define CLI_CATALOGUE_H_

#include <jansson.h>

#include "cli.h"

/* One pinned wheel. The texts are borrowed from the catalogue's JSON. */
struct pinned {
  const char *name;
  const char *package;
  const char *version;
  const char *wheel;
  const char *sha256;
  const char *file;    /* the plugin inside the wheel */
  const char *license; /* NULL: the wheel names none */
  const char *note;
  double megabytes;
};

/* A new reference, the list of the pinned plugins; NULL when memory is
 * short. */
json_t *catalogue_open(void);

struct pinned catalogue_at(const json_t *catalogue, size_t i);

/* Finds one by name, or says which there are. */
status catalogue_find(const struct cli *cli, const json_t *catalogue,
                      const char *name, struct pinned *out);

#endif /* CLI_CATALOGUE_H_ */
