func.func @main() {
  %got1 = stablehlo.constant dense<[1.0, 1.5]> : tensor<2xf32>
  %want1 = stablehlo.constant dense<[1.0, 1.502]> : tensor<2xf32>
  stablehlo.custom_call @check.expect_almost_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<2xf32>, tensor<2xf32>) -> ()
  return
}
