// The program's own bounds: at most ten, and not less than ten.
func.func @main() {
  %got1 = stablehlo.constant dense<0x3F80000A> : tensor<f32>
  %want1 = stablehlo.constant dense<0x3F800000> : tensor<f32>
  stablehlo.custom_call @check.expect_close(%got1, %want1) {has_side_effect = true, max_ulp_difference = 10 : ui64}
      : (tensor<f32>, tensor<f32>) -> ()
  %got2 = stablehlo.constant dense<0x3F80000A> : tensor<f32>
  %want2 = stablehlo.constant dense<0x3F800000> : tensor<f32>
  stablehlo.custom_call @check.expect_close(%got2, %want2) {max_ulp_difference = 10 : ui64, has_side_effect = true,
       min_ulp_difference = 10 : ui64}
      : (tensor<f32>, tensor<f32>) -> ()
  return
}
