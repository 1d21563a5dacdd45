/* What does one thing after the other: a device its programs, its link to the
 * host its transfers. */
#ifndef PJRT_SIM_LINE_H_
#define PJRT_SIM_LINE_H_

#include "plugin/internal.h"

/* Each use takes the latency, and the time of its bytes; 0 bytes per second are
 * unlimited. Counted, for uses may begin when the device is gone. */
sim_line *sim_line_create(int64_t latency_us, int64_t bytes_per_s);
sim_line *sim_line_share(sim_line *line);
void sim_line_drop(sim_line *line);

/* Uses all of them at once, when the last one is free. The future is done when
 * that is over: already, where it takes no time. */
sim_future *sim_lines_use(sim_line *const *lines, size_t num_lines,
                          size_t num_bytes);

/* For a part of a transfer: with chunks_out_of_order it may be later than what
 * follows it. */
sim_future *sim_line_use_for_piece(sim_line *line, size_t num_bytes);

#endif /* PJRT_SIM_LINE_H_ */
