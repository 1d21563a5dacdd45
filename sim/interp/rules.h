/* The functions of the rules, by the file they are in. rules.c puts them
 * together. */
#ifndef SIM_INTERP_RULES_H_
#define SIM_INTERP_RULES_H_

#include "interp/program.h"

typedef pjrt_error *sim_prepare_fn(sim_prep *prep, const void **out_plan);
typedef pjrt_error *sim_compute_fn(const sim_call *call);
typedef pjrt_error *sim_run_fn(sim_frame *frame, const sim_op *op,
                               sim_lanes lanes);

/* elementwise.c */
sim_prepare_fn sim_prepare_unary;
sim_compute_fn sim_compute_unary;
sim_prepare_fn sim_prepare_binary;
sim_compute_fn sim_compute_binary;

/* choose.c */
sim_prepare_fn sim_prepare_compare;
sim_compute_fn sim_compute_compare;
sim_prepare_fn sim_prepare_select;
sim_compute_fn sim_compute_select;
sim_prepare_fn sim_prepare_clamp;
sim_compute_fn sim_compute_clamp;

/* convert.c */
sim_prepare_fn sim_prepare_convert;
sim_compute_fn sim_compute_convert;
sim_prepare_fn sim_prepare_bitcast;
sim_compute_fn sim_compute_bitcast;
sim_prepare_fn sim_prepare_complex;
sim_compute_fn sim_compute_complex;
sim_prepare_fn sim_prepare_part;
sim_compute_fn sim_compute_part;
sim_prepare_fn sim_prepare_abs;
sim_compute_fn sim_compute_abs;
sim_prepare_fn sim_prepare_is_finite;
sim_compute_fn sim_compute_is_finite;
sim_prepare_fn sim_prepare_reduce_precision;
sim_compute_fn sim_compute_reduce_precision;

/* shape.c */
sim_prepare_fn sim_prepare_constant;
sim_compute_fn sim_compute_constant;
sim_prepare_fn sim_prepare_iota;
sim_compute_fn sim_compute_iota;
sim_prepare_fn sim_prepare_broadcast;
sim_compute_fn sim_compute_broadcast;
sim_prepare_fn sim_prepare_reshape;
sim_compute_fn sim_compute_reshape;
sim_prepare_fn sim_prepare_transpose;
sim_compute_fn sim_produce_transpose;
sim_prepare_fn sim_prepare_reverse;
sim_compute_fn sim_compute_reverse;
sim_prepare_fn sim_prepare_concatenate;
sim_compute_fn sim_compute_concatenate;
sim_prepare_fn sim_prepare_pad;
sim_compute_fn sim_compute_pad;

/* dynamic.c */
sim_prepare_fn sim_prepare_get_size;
sim_compute_fn sim_compute_get_size;
sim_prepare_fn sim_prepare_set_size;
sim_compute_fn sim_compute_set_size;

/* slice.c */
sim_prepare_fn sim_prepare_slice;
sim_compute_fn sim_compute_slice;
sim_prepare_fn sim_prepare_dynamic_slice;
sim_compute_fn sim_compute_dynamic_slice;
sim_prepare_fn sim_prepare_dynamic_update_slice;
sim_compute_fn sim_compute_dynamic_update_slice;

/* reduce.c */
sim_prepare_fn sim_prepare_reduce;
sim_compute_fn sim_compute_reduce;

/* dot.c */
sim_prepare_fn sim_prepare_dot_general;
sim_prepare_fn sim_prepare_dot;
sim_compute_fn sim_compute_dot;

/* control.c */
sim_prepare_fn sim_prepare_call;
sim_run_fn sim_run_call;
sim_prepare_fn sim_prepare_if;
sim_prepare_fn sim_prepare_case;
sim_run_fn sim_run_branch;
sim_prepare_fn sim_prepare_while;
sim_run_fn sim_run_while;
sim_prepare_fn sim_prepare_barrier;
sim_compute_fn sim_produce_operands;
sim_prepare_fn sim_prepare_tuple;
sim_compute_fn sim_produce_tuple;
sim_prepare_fn sim_prepare_tuple_element;
sim_compute_fn sim_produce_tuple_element;
sim_prepare_fn sim_prepare_token;
sim_compute_fn sim_compute_nothing;

/* collective.c */
sim_prepare_fn sim_prepare_all_reduce;
sim_run_fn sim_run_all_reduce;
sim_prepare_fn sim_prepare_reduce_scatter;
sim_run_fn sim_run_reduce_scatter;
sim_prepare_fn sim_prepare_all_gather;
sim_run_fn sim_run_all_gather;
sim_prepare_fn sim_prepare_all_to_all;
sim_run_fn sim_run_all_to_all;
sim_prepare_fn sim_prepare_collective_broadcast;
sim_run_fn sim_run_collective_broadcast;
sim_prepare_fn sim_prepare_permute;
sim_run_fn sim_run_permute;
sim_prepare_fn sim_prepare_id;
sim_compute_fn sim_compute_id;

/* host.c */
sim_prepare_fn sim_prepare_custom_call;
sim_compute_fn sim_compute_custom_call;
sim_prepare_fn sim_prepare_send;
sim_prepare_fn sim_prepare_recv;
sim_compute_fn sim_compute_send;
sim_compute_fn sim_compute_recv;

/* partition.c */
sim_prepare_fn sim_prepare_manual;
sim_run_fn sim_run_manual;

#endif /* SIM_INTERP_RULES_H_ */
