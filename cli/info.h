/* What `pjrt info` tells: facts as JSON, and that JSON as text. */
#ifndef CLI_INFO_H_
#define CLI_INFO_H_

#include <jansson.h>
#include <stdio.h>

#include <pjrt/pjrt.h>

/* New references; NULL when memory is short. */
json_t *info_plugin_json(const pjrt_plugin *plugin);
json_t *info_client_json(const pjrt_client *client);

void info_print_plugin(FILE *to, const json_t *plugin);
void info_print_extensions(FILE *to, const json_t *plugin);
void info_print_client(FILE *to, const json_t *client);

#endif /* CLI_INFO_H_ */
