// One unit in the last place.
func.func @main() {
  %got1 = stablehlo.constant dense<[1.0, 0x3F800001, 2.0]> : tensor<3xf32>
  %want1 = stablehlo.constant dense<[1.0, 1.0, 2.0]> : tensor<3xf32>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<3xf32>, tensor<3xf32>) -> ()
  return
}
