#include "spinner.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Calls that are shorter than this are not worth a flicker. */
#define PATIENCE_NS 500000000

spinner_style spinner_style_for(FILE *err) {
  if (!isatty(fileno(err))) return SPINNER_NONE;
  const char *no_color = getenv("NO_COLOR");
  const char *terminal = getenv("TERM");
  bool plain = (no_color && *no_color) || !terminal || !*terminal ||
               strcmp(terminal, "dumb") == 0;
  return plain ? SPINNER_PLAIN : SPINNER_ANIMATED;
}

void spinner_tick(const struct cli *cli, struct board *board,
                  spinner_style style) {
  if (style == SPINNER_NONE || !board->call) return;
  int64_t elapsed_ns = now_ns() - board->since_ns;
  if (elapsed_ns < PATIENCE_NS) return;
  if (style == SPINNER_PLAIN) {
    if (!board->is_drawn) {
      fprintf(cli->err, "pjrt %s: %s ...\n", cli->verb->name, board->doing);
    }
  } else {
    static const char frames[] = "|/-\\";
    double seconds = (double)elapsed_ns / 1e9;
    fprintf(cli->err, "\r\x1b[K%c %s  %.1f s",
            frames[elapsed_ns / 100000000 % 4], board->doing, seconds);
  }
  fflush(cli->err);
  board->is_drawn = true;
}

void spinner_erase(const struct cli *cli, struct board *board) {
  if (!board->is_drawn) return;
  board->is_drawn = false;
  if (spinner_style_for(cli->err) != SPINNER_ANIMATED) return;
  fputs("\r\x1b[K", cli->err);
  fflush(cli->err);
}
