#include "wheel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "process.h"
#include "supervise.h"

/* What pip and Python print is kept to this size; errors stand at the end. */
#define SAID_SIZE 4096

/* The first Python that has pip. Debian's own comes without it, and an active
 * environment may hide one that has it. */
static const char *python_with_pip(void) {
  static const char *const pythons[] = {"python3", "/usr/bin/python3"};
  for (size_t i = 0; i < sizeof pythons / sizeof *pythons; i++) {
    const char *argv[] = {pythons[i], "-m", "pip", "--version", NULL};
    char said[SAID_SIZE];
    if (process_run(argv, said, sizeof said)) return pythons[i];
  }
  return NULL;
}

/* pip's last complaint, or the last line of whatever was said. */
static const char *complaint_in(char *said) {
  const char *complaint = NULL, *last = "nothing was said";
  char *rest = said;
  for (char *line; (line = strsep(&rest, "\n"));) {
    if (!*line) continue;
    last = line;
    if (strncmp(line, "ERROR: ", 7) == 0) complaint = line + 7;
  }
  return complaint ? complaint : last;
}

/* The tags that end a wheel's name: PYTHON-ABI-SYSTEM.whl. They are told to
 * pip, so that any Python can fetch the wheel. */
struct tags {
  char python[32];
  char abi[32];
  char system[64];
};

static bool read_tags(const char *wheel, struct tags *out) {
  const char *at = wheel + strlen(wheel);
  for (int dashes = 0; at > wheel && dashes < 3;) {
    if (*--at == '-') dashes++;
  }
  return sscanf(at, "-%31[^-]-%31[^-]-%63[^.]", out->python, out->abi,
                out->system) == 3;
}

/* The line that makes pip refuse any other file. */
static status write_requirement(const struct cli *cli,
                                const struct pinned *plugin, const char *path) {
  char *line = format_text("%s==%s --hash=sha256:%s\n", plugin->package,
                           plugin->version, plugin->sha256);
  bool written = line && write_whole_file(path, line, strlen(line));
  free(line);
  if (written) return STATUS_OK;
  return fail(cli, STATUS_PLUGIN, "cannot write %s: %s", path, strerror(errno));
}

static status pip_download(struct cli *cli, const char *python,
                           const struct pinned *plugin,
                           const char *requirements, const char *folder) {
  struct tags tags;
  if (!read_tags(plugin->wheel, &tags)) {
    return fail(cli, STATUS_SYSTEM, "not a wheel's name: %s", plugin->wheel);
  }
  const char *argv[32] = {python,
                          "-m",
                          "pip",
                          "download",
                          "--quiet",
                          "--no-deps",
                          "--no-cache-dir",
                          "--disable-pip-version-check",
                          "--only-binary",
                          ":all:",
                          "--require-hashes",
                          "--dest",
                          folder,
                          "--requirement",
                          requirements,
                          "--platform",
                          tags.system};
  if (strncmp(tags.python, "cp", 2) == 0) {
    const char *more[] = {"--implementation", "cp",           "--abi", tags.abi,
                          "--python-version", tags.python + 2};
    memcpy(argv + 17, more, sizeof more);
  }
  char said[SAID_SIZE];
  call_begin(cli, "pip download", "downloading");
  bool done = process_run(argv, said, sizeof said);
  call_end(cli);
  if (done) return STATUS_OK;
  return fail(cli, STATUS_PLUGIN, "pip cannot download %s %s: %s",
              plugin->package, plugin->version, complaint_in(said));
}

/* Unpacks the plugin and the licence files. The hash is checked once more, for
 * a pip that was told to be lax. */
static const char unpack_script[] =
    "import hashlib, os, shutil, sys, zipfile\n"
    "wheel, sha256, member, folder = sys.argv[1:]\n"
    "digest = hashlib.sha256()\n"
    "with open(wheel, 'rb') as file:\n"
    "    while block := file.read(1 << 20):\n"
    "        digest.update(block)\n"
    "if digest.hexdigest() != sha256:\n"
    "    sys.exit(f'{wheel}: expected SHA-256 {sha256}, found '\n"
    "             f'{digest.hexdigest()}')\n"
    "with zipfile.ZipFile(wheel) as archive:\n"
    "    legal = [name for name in archive.namelist()\n"
    "             if '.dist-info/' in name and os.path.basename(name).upper()\n"
    "             .startswith(('LICEN', 'NOTICE', 'COPYING'))]\n"
    "    for name in [member] + legal:\n"
    "        target = os.path.join(folder, os.path.basename(name))\n"
    "        with archive.open(name) as source, open(target, 'wb') as file:\n"
    "            shutil.copyfileobj(source, file, 1 << 20)\n";

static status unpack(struct cli *cli, const char *python,
                     const struct pinned *plugin, const char *wheel,
                     const char *folder) {
  const char *argv[] = {python,         "-c",         unpack_script, wheel,
                        plugin->sha256, plugin->file, folder,        NULL};
  char said[SAID_SIZE];
  call_begin(cli, "zipfile", "unpacking");
  bool done = process_run(argv, said, sizeof said);
  call_end(cli);
  if (done) return STATUS_OK;
  return fail(cli, STATUS_PLUGIN, "cannot unpack %s: %s", plugin->wheel,
              complaint_in(said));
}

static status fetch_into(struct cli *cli, const struct pinned *plugin,
                         const char *staging, const char *fresh) {
  const char *python = python_with_pip();
  if (!python) {
    return fail(cli, STATUS_PLUGIN,
                "python3 with pip is missing (Debian: apt-get install "
                "python3-pip)");
  }
  char *requirements = format_text("%s/requirements.txt", staging);
  char *wheel = format_text("%s/%s", staging, plugin->wheel);
  status code = requirements && wheel
                    ? write_requirement(cli, plugin, requirements)
                    : fail_system(cli, "asprintf");
  if (code == STATUS_OK) {
    code = pip_download(cli, python, plugin, requirements, staging);
  }
  if (code == STATUS_OK) code = unpack(cli, python, plugin, wheel, fresh);
  free(wheel);
  free(requirements);
  return code;
}

status wheel_fetch(struct cli *cli, const struct pinned *plugin,
                   const char *staging) {
  char *fresh = format_text("%s/new", staging);
  status code = fresh && mkdir(fresh, 0777) == 0
                    ? fetch_into(cli, plugin, staging, fresh)
                    : fail(cli, STATUS_PLUGIN, "cannot make a folder in %s: %s",
                           staging, strerror(errno));
  free(fresh);
  return code;
}
