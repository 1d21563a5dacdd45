/* What a memory has given out. */
#ifndef PJRT_SIM_ACCOUNT_H_
#define PJRT_SIM_ACCOUNT_H_

#include "pjrt/abi.h"

/* Counted, for storage may outlive its client. */
typedef struct sim_account sim_account;

typedef struct sim_balance {
  int64_t capacity;
  int64_t in_use;
  int64_t peak; /* since cleared */
  int64_t num_allocations;
  int64_t largest_allocation;
} sim_balance;

sim_account *sim_account_create(int64_t capacity);
sim_account *sim_account_share(sim_account *account);
void sim_account_drop(sim_account *account);

/* RESOURCE_EXHAUSTED when there is not that much left. */
PJRT_Error *sim_account_take(sim_account *account, size_t size);
void sim_account_give_back(sim_account *account, size_t size);

sim_balance sim_account_balance(sim_account *account);
/* The peak is what is in use now. */
void sim_account_clear(sim_account *account);

#endif /* PJRT_SIM_ACCOUNT_H_ */
