#include "board.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

struct board *board_create(void) {
  struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (board == MAP_FAILED) return NULL;
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&board->lock, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return board;
}

void board_free(struct board *board) {
  pthread_mutex_destroy(&board->lock);
  munmap(board, sizeof *board);
}

void board_lock(struct board *board) {
  if (pthread_mutex_lock(&board->lock) == EOWNERDEAD) {
    pthread_mutex_consistent(&board->lock);
  }
}

void board_unlock(struct board *board) { pthread_mutex_unlock(&board->lock); }

int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}
