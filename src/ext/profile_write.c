/* Profiles as files, where xprof looks for them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/file_write.h"
#include "base/text.h"
#include "pjrt/ext/profiler.h"

/* Leaves room for ".xplane.pb" and the name of a temporary file. */
enum { MAX_NAME = 200 };

/* Whether it is one component of a path, and no hidden one. */
static pjrt_error *check_name(const char *what, const char *name) {
  const size_t size = strlen(name);
  bool is_good = size > 0 && size <= MAX_NAME && name[0] != '.';
  for (size_t i = 0; i < size; i++) {
    const unsigned char c = (unsigned char)name[i];
    is_good = is_good && c != '/' && c >= 0x20 && c != 0x7f;
  }
  if (is_good) return NULL;
  return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                           "%s '%.*s' cannot be part of a file's name", what,
                           MAX_NAME, name);
}

static pjrt_error *time_text(char **out) {
  struct tm parts;
  char text[64];
  const time_t now = time(NULL);
  if (!localtime_r(&now, &parts)) memset(&parts, 0, sizeof parts);
  const size_t size = strftime(text, sizeof text, "%Y_%m_%d_%H_%M_%S", &parts);
  return pjrt_text_copy(text, size, out);
}

static pjrt_error *host_text(char **out) {
  char text[MAX_NAME + 1] = "";
  if (gethostname(text, sizeof text - 1) != 0 || !text[0]) {
    return pjrt_text_copy("localhost", PJRT_NUL_ENDED, out);
  }
  return pjrt_text_copy(text, PJRT_NUL_ENDED, out);
}

/* A folder and those above it. */
static pjrt_error *make_folders(char *path) {
  for (char *end = path + (path[0] == '/'); end;) {
    end = strchr(end, '/');
    if (end) *end = '\0';
    const int failed = mkdir(path, 0777) != 0 && errno != EEXIST ? errno : 0;
    if (failed) {
      return pjrt_error_from_errno(failed, "folder %s: cannot make", path);
    }
    if (end) *end++ = '/';
  }
  return NULL;
}

static pjrt_error *write_file(const char *dir, const char *run,
                              const char *host, const pjrt_file_part *part,
                              char **out_path) {
  char *folder, *path = NULL;
  PJRT_TRY(check_name("run", run));
  PJRT_TRY(check_name("host", host));
  PJRT_TRY(pjrt_path_format(&folder, "%s/plugins/profile/%s", dir, run));
  pjrt_error *error = make_folders(folder);
  if (!error) error = pjrt_path_format(&path, "%s/%s.xplane.pb", folder, host);
  if (!error) error = pjrt_file_write("profile", path, part, 1);
  free(folder);
  if (error || !out_path) {
    free(path);
    return error;
  }
  *out_path = path;
  return NULL;
}

pjrt_error *pjrt_profile_write(const char *dir, size_t dir_size,
                               const char *run, size_t run_size,
                               const char *host, size_t host_size,
                               const void *data, size_t data_size,
                               char **out_path) {
  const pjrt_file_part part = {data, data_size};
  char *folder = NULL, *run_name = NULL, *host_name = NULL;
  if (out_path) *out_path = NULL;
  if (data_size && !data) {
    return pjrt_error_format(PJRT_INVALID_ARGUMENT,
                             "data is NULL for %zu bytes", data_size);
  }
  pjrt_error *error = pjrt_text_copy_path("dir", dir, dir_size, &folder);
  if (!error) {
    error = run ? pjrt_text_copy_path("run", run, run_size, &run_name)
                : time_text(&run_name);
  }
  if (!error) {
    error = host ? pjrt_text_copy_path("host", host, host_size, &host_name)
                 : host_text(&host_name);
  }
  if (!error) error = write_file(folder, run_name, host_name, &part, out_path);
  free(folder);
  free(run_name);
  free(host_name);
  return error;
}
