// Check calls with all kinds of attributes, or none.
func.func @main() {
  %a = stablehlo.constant dense<0x3F80000A> : tensor<f32>
  %b = stablehlo.constant dense<0x3F800000> : tensor<f32>
  // stablehlo.custom_call @check.expect_eq(%a, %b) is no call: a comment.
  stablehlo.custom_call @check.expect_eq(%a, %a) : (tensor<f32>, tensor<f32>) -> ()
  stablehlo.custom_call @check.expect_eq(%a, %a) {} : (tensor<f32>, tensor<f32>) -> ()
  stablehlo.custom_call @check.expect_eq(%a, %a) {api_version = 4 : i32,
      has_side_effect = true, mhlo.note = "{a, \"}\" b}"}
      : (tensor<f32>, tensor<f32>) -> ()
  stablehlo.custom_call @"check.expect_close"(%a, %b) {has_side_effect = true,
      backend_config = {max_ulp_difference = 10 : i64}}
      : (tensor<f32>, tensor<f32>) -> ()
  return
}
