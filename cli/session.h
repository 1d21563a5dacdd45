/* A plugin at work: found, opened, and with a client. */
#ifndef CLI_SESSION_H_
#define CLI_SESSION_H_

#include "cli.h"

/* The rows of the options that choose a plugin and its client. */
typedef struct session_options {
  const char *plugin;   /* a name or a path; NULL: the first usable one */
  texts client_options; /* "name=value" */
} session_options;

#define SESSION_OPTIONS(type)                                          \
  {"plugin", "NAME|PATH", OPTION_TEXT, offsetof(type, session.plugin), \
   "a name from `pjrt plugin list`, or a file; default: the\n"         \
   "first usable one"},                                                \
      {"client-option", "NAME=VALUE", OPTION_TEXTS,                    \
       offsetof(type, session.client_options),                         \
       "an option of the plugin's, such as cpu_device_count=8;\n"      \
       "NAME:string=8 names the kind; may be repeated"}

struct session {
  pjrt_plugin *plugin;
  pjrt_client *client;
  pjrt_named_values *options; /* for the client */
};

/* Finds and opens the plugin. With `inspect_only` it is not initialized.
 * session_close whatever happens.
 * @param out_error the plugin's own error, for the caller to tell [owned:
 *   pjrt_error_free]; NULL: it is told here */
status session_open_plugin(struct cli *cli, const session_options *options,
                           bool inspect_only, struct session *out,
                           pjrt_error **out_error);

/* Makes the client of an opened plugin.
 * @param out_error as above */
status session_create_client(struct cli *cli, struct session *session,
                             pjrt_error **out_error);

void session_close(struct cli *cli, struct session *session);

#endif /* CLI_SESSION_H_ */
