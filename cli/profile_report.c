#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "profile.h"

/* ---- files --------------------------------------------------------------- */

static pjrt_error *write_piece(const void *data, size_t size, void *user) {
  FILE *file = user;
  if (fwrite(data, 1, size, file) == size) return NULL;
  const char *why = strerror(errno);
  return pjrt_error_create(PJRT_DATA_LOSS, why, strlen(why));
}

/* A device or a pipe is written to; a file is replaced when it is whole. */
static status write_trace(const struct cli *cli, const pjrt_xspace *space,
                          const char *path) {
  struct stat info;
  const bool in_place = stat(path, &info) == 0 && !S_ISREG(info.st_mode);
  char *name =
      in_place ? strdup(path) : format_text("%s.%ld.tmp", path, (long)getpid());
  if (!name) return fail_system(cli, "malloc");
  FILE *file = fopen(name, in_place ? "w" : "wxe");
  pjrt_error *error =
      file ? pjrt_xspace_write_trace(space, write_piece, file) : NULL;
  bool is_written = file && fclose(file) == 0 && !error;
  if (is_written && !in_place) is_written = rename(name, path) == 0;
  status code = STATUS_OK;
  if (error) {
    code = fail_error(cli, STATUS_OUTPUT, error, "%s", path);
  } else if (!is_written) {
    code =
        fail(cli, STATUS_OUTPUT, "%s: cannot write: %s", path, strerror(errno));
  }
  if (file && !is_written && !in_place) unlink(name);
  free(name);
  return code;
}

static status write_profile(const struct cli *cli, const char *dir,
                            const struct profile *profile) {
  char *path;
  pjrt_error *error = pjrt_profile_write(dir, PJRT_NUL_ENDED, NULL, 0, NULL, 0,
                                         profile->data, profile->size, &path);
  if (error) return fail_plainly(cli, STATUS_OUTPUT, error);
  fprintf(cli->err, "pjrt profile: wrote %s\n", path);
  pjrt_host_free(path);
  return STATUS_OK;
}

/* ---- the table ----------------------------------------------------------- */

/* All events of one kind in a line. Sums of what a profile claims may be beyond
 * any integer. */
struct total {
  const char *kind; /* one address for each */
  const char *shown;
  double num;
  double ps;
};

static struct total total_of(const pjrt_xevent *event) {
  const char *shown = pjrt_xevent_display_name(event, NULL);
  const char *name = pjrt_xevent_name(event, NULL);
  if (!*shown) shown = *name ? name : "(unnamed)";
  return (struct total){.kind = *name ? name : shown,
                        .shown = shown,
                        .num = (double)pjrt_xevent_num_occurrences(event),
                        .ps = (double)pjrt_xevent_duration_ps(event)};
}

static int by_kind(const void *a, const void *b) {
  const struct total *one = a, *other = b;
  return one->kind < other->kind ? -1 : one->kind > other->kind;
}

static int by_time(const void *a, const void *b) {
  const struct total *one = a, *other = b;
  if (one->ps != other->ps) return one->ps > other->ps ? -1 : 1;
  return strcmp(one->shown, other->shown);
}

/* Sorted by time; the number that is left. */
static size_t sum_up(struct total *totals, size_t num) {
  size_t num_kinds = 0;
  qsort(totals, num, sizeof *totals, by_kind);
  for (size_t i = 0; i < num; i++) {
    if (num_kinds && totals[num_kinds - 1].kind == totals[i].kind) {
      totals[num_kinds - 1].num += totals[i].num;
      totals[num_kinds - 1].ps += totals[i].ps;
    } else {
      totals[num_kinds++] = totals[i];
    }
  }
  qsort(totals, num_kinds, sizeof *totals, by_time);
  return num_kinds;
}

/* Names from a profile may hold anything; a table wants lines, and characters
 * that are whole. */
static void print_name(FILE *out, const char *name) {
  enum { MOST = 100 };
  size_t size = strlen(name);
  const bool is_cut = size > MOST;
  if (is_cut) size = MOST;
  while (is_cut && size && ((unsigned char)name[size] & 0xc0) == 0x80) size--;
  for (size_t i = 0; i < size; i++) {
    const unsigned char c = (unsigned char)name[i];
    fputc(c < 0x20 || c == 0x7f ? ' ' : c, out);
  }
  fputs(is_cut ? "...\n" : "\n", out);
}

static void print_line(FILE *out, const pjrt_xline *line, size_t top) {
  const size_t num = pjrt_xline_num_events(line);
  struct total *totals = calloc(num + 1, sizeof *totals);
  if (!totals || num == 0) {
    free(totals);
    return;
  }
  for (size_t i = 0; i < num; i++) {
    totals[i] = total_of(pjrt_xline_event(line, i));
  }
  const size_t num_kinds = sum_up(totals, num);
  fprintf(out, "  ");
  print_name(out, pjrt_xline_name(line, NULL));
  fprintf(out, "%14s %14s %10s  %s\n", "total us", "mean us", "count", "event");
  for (size_t i = 0; i < num_kinds && i < top; i++) {
    const struct total *t = &totals[i];
    fprintf(out, "%14.3f %14.3f %10.0f  ", t->ps / 1e6,
            t->num > 0 ? t->ps / 1e6 / t->num : 0, t->num);
    print_name(out, t->shown);
  }
  if (num_kinds > top) {
    fprintf(out, "%42s(%zu more)\n", "", num_kinds - top);
  }
  free(totals);
}

static void print_tables(FILE *out, const pjrt_xspace *space, size_t top) {
  for (size_t i = 0; i < pjrt_xspace_num_planes(space); i++) {
    const pjrt_xplane *plane = pjrt_xspace_plane(space, i);
    print_name(out, pjrt_xplane_name(plane, NULL));
    for (size_t l = 0; l < pjrt_xplane_num_lines(plane); l++) {
      print_line(out, pjrt_xplane_line(plane, l), top);
    }
  }
}

/* ---- the whole ----------------------------------------------------------- */

/* What the profiler itself complained of. */
static void print_notes(const struct cli *cli, const pjrt_xspace *space) {
  static const char *const kinds[] = {"error", "warning"};
  for (int kind = PJRT_XSPACE_ERROR; kind <= PJRT_XSPACE_WARNING; kind++) {
    const pjrt_xspace_note note = (pjrt_xspace_note)kind;
    for (size_t i = 0; i < pjrt_xspace_num_notes(space, note); i++) {
      fprintf(cli->err, "pjrt profile: the profiler's %s: ", kinds[kind]);
      print_name(cli->err, pjrt_xspace_note_text(space, note, i, NULL));
    }
  }
}

status profile_deliver(const struct cli *cli, const profile_options *options,
                       const struct profile *profile) {
  pjrt_xspace *space;
  status code = STATUS_OK;
  if (options->out) code = write_profile(cli, options->out, profile);
  if (code != STATUS_OK) return code;
  pjrt_error *error = pjrt_xspace_parse(profile->data, profile->size, &space);
  if (error) {
    return fail_error(cli, STATUS_PLUGIN, error,
                      "the plugin's profile cannot be read");
  }
  print_notes(cli, space);
  if (options->trace) code = write_trace(cli, space, options->trace);
  if (code == STATUS_OK) {
    print_tables(cli->out, space, (size_t)options->top);
  }
  pjrt_xspace_free(space);
  return code;
}
