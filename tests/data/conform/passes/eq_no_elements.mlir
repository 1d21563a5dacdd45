// Arrays without elements, and one without dimensions.
func.func @main() {
  %got1 = stablehlo.constant dense<> : tensor<2x0x3xf32>
  %want1 = stablehlo.constant dense<> : tensor<2x0x3xf32>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<2x0x3xf32>, tensor<2x0x3xf32>) -> ()
  %got2 = stablehlo.constant dense<7> : tensor<i32>
  %want2 = stablehlo.constant dense<7> : tensor<i32>
  stablehlo.custom_call @check.expect_eq(%got2, %want2) {has_side_effect = true}
      : (tensor<i32>, tensor<i32>) -> ()
  return
}
