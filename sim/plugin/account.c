#include "plugin/account.h"

#include <stdlib.h>

#include "plugin/internal.h"

struct sim_account {
  atomic_int refs;
  pthread_mutex_t lock;
  sim_balance balance;
};

sim_account *sim_account_create(int64_t capacity) {
  sim_account *account = sim_allocate(sizeof(*account));
  account->refs = 1;
  account->balance.capacity = capacity;
  pthread_mutex_init(&account->lock, NULL);
  return account;
}

sim_account *sim_account_share(sim_account *account) {
  atomic_fetch_add(&account->refs, 1);
  return account;
}

void sim_account_drop(sim_account *account) {
  if (atomic_fetch_sub(&account->refs, 1) != 1) return;
  pthread_mutex_destroy(&account->lock);
  free(account);
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

PJRT_Error *sim_account_take(sim_account *account, size_t size) {
  const int64_t bytes = (int64_t)size;
  pthread_mutex_lock(&account->lock);
  sim_balance *b = &account->balance;
  const int64_t left = b->capacity - b->in_use;
  if (bytes <= left) {
    b->in_use += bytes;
    b->peak = larger(b->peak, b->in_use);
    b->num_allocations++;
    b->largest_allocation = larger(b->largest_allocation, bytes);
  }
  pthread_mutex_unlock(&account->lock);
  if (bytes <= left) return NULL;
  return sim_error(PJRT_Error_Code_RESOURCE_EXHAUSTED,
                   "Out of memory allocating %lld bytes, %lld are left",
                   (long long)bytes, (long long)left);
}

void sim_account_give_back(sim_account *account, size_t size) {
  pthread_mutex_lock(&account->lock);
  account->balance.in_use -= (int64_t)size;
  pthread_mutex_unlock(&account->lock);
}

sim_balance sim_account_balance(sim_account *account) {
  pthread_mutex_lock(&account->lock);
  const sim_balance balance = account->balance;
  pthread_mutex_unlock(&account->lock);
  return balance;
}

void sim_account_clear(sim_account *account) {
  pthread_mutex_lock(&account->lock);
  account->balance.peak = account->balance.in_use;
  pthread_mutex_unlock(&account->lock);
}
