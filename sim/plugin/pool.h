/* The threads of a client, on which its programs run. */
#ifndef PJRT_SIM_POOL_H_
#define PJRT_SIM_POOL_H_

#include <stdbool.h>

typedef struct sim_pool sim_pool;
typedef void (*sim_job)(void *arg);

/* Threads start when there is work for them. */
sim_pool *sim_pool_create(void);
sim_pool *sim_pool_share(sim_pool *pool);
void sim_pool_drop(sim_pool *pool);

/* False, and nothing is done, when the pool is closed. */
bool sim_pool_submit(sim_pool *pool, sim_job job, void *arg);

/* Takes no more jobs, and waits for those it has, while time passes; on one of
 * its own threads it does not wait. */
void sim_pool_close(sim_pool *pool);
bool sim_pool_is_closed(sim_pool *pool);

/* Around a wait of the current thread: if it is a pool's, another one takes its
 * place meanwhile. */
void sim_pool_leave(void);
void sim_pool_return(void);

#endif /* PJRT_SIM_POOL_H_ */
