/* Wheels: fetched with pip, unpacked with Python's zipfile. */
#ifndef CLI_WHEEL_H_
#define CLI_WHEEL_H_

#include "catalogue.h"
#include "cli.h"

/* Downloads the pinned wheel below the folder `staging` and leaves the plugin
 * and its licence files in STAGING/new. */
status wheel_fetch(struct cli *cli, const struct pinned *plugin,
                   const char *staging);

#endif /* CLI_WHEEL_H_ */
