/* The board: memory that a worker and its supervisor share, where the worker
 * writes what it is doing. */
#ifndef CLI_BOARD_H_
#define CLI_BOARD_H_

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct board {
  pthread_mutex_t lock; /* robust: the worker may die holding it */
  /* The call under way, NULL between calls. A worker is a fork without exec,
   * so a literal has the same address in both processes. */
  const char *call;
  const char *doing;
  int64_t since_ns;
  bool is_drawn; /* a spinner is on the terminal; spinner.h */
  bool is_done;  /* the worker ended its work, with this exit status: */
  int code;
};

/* NULL when memory is short. */
struct board *board_create(void);
void board_free(struct board *board);

void board_lock(struct board *board);
void board_unlock(struct board *board);

/* Nanoseconds on a clock that only goes forward. */
int64_t now_ns(void);

#endif /* CLI_BOARD_H_ */
