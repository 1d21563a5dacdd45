/* A line on the terminal that shows that a long call is alive: what is being
 * done and for how many seconds. Only where stderr is a terminal; a plain line,
 * once per call, under NO_COLOR or TERM=dumb. */
#ifndef CLI_SPINNER_H_
#define CLI_SPINNER_H_

#include "board.h"
#include "cli.h"

typedef enum spinner_style {
  SPINNER_NONE,
  SPINNER_PLAIN,
  SPINNER_ANIMATED
} spinner_style;

/* What suits stderr and the environment. */
spinner_style spinner_style_for(FILE *err);

/* Draws the next frame if the present call takes long. The board is locked. */
void spinner_tick(const struct cli *cli, struct board *board,
                  spinner_style style);

/* Takes the line away again, if it is there. The board is locked. */
void spinner_erase(const struct cli *cli, struct board *board);

#endif /* CLI_SPINNER_H_ */
