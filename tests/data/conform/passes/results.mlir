// As the suite has it: inputs and expected results in functions of their own,
// and the results are results of the program, too.
module @jit_main attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main() -> (tensor<2x3xf32> {jax.result_info = "[0]"}, tensor<2xi64> {jax.result_info = "[1]"}) {
    %0:2 = call @inputs() : () -> (tensor<2x3xf32>, tensor<2xi64>)
    %1:2 = call @expected() : () -> (tensor<2x3xf32>, tensor<2xi64>)
    %2 = stablehlo.multiply %0#0, %0#0 : tensor<2x3xf32>
    %3 = stablehlo.negate %0#1 : tensor<2xi64>
    stablehlo.custom_call @check.expect_close(%2, %1#0) {has_side_effect = true} : (tensor<2x3xf32>, tensor<2x3xf32>) -> ()
    stablehlo.custom_call @check.expect_eq(%3, %1#1) {has_side_effect = true} : (tensor<2xi64>, tensor<2xi64>) -> ()
    return %2, %3 : tensor<2x3xf32>, tensor<2xi64>
  }
  func.func private @inputs() -> (tensor<2x3xf32>, tensor<2xi64>) {
    %cst = stablehlo.constant dense<"0x0000803F0000004000004040000080400000A0400000C040"> : tensor<2x3xf32>
    %c = stablehlo.constant dense<[5, -6]> : tensor<2xi64>
    return %cst, %c : tensor<2x3xf32>, tensor<2xi64>
  }
  func.func private @expected() -> (tensor<2x3xf32>, tensor<2xi64>) {
    %cst = stablehlo.constant dense<[[1.0, 4.0, 9.0], [16.0, 25.0, 36.0]]> : tensor<2x3xf32>
    %c = stablehlo.constant dense<[-5, 6]> : tensor<2xi64>
    return %cst, %c : tensor<2x3xf32>, tensor<2xi64>
  }
}
