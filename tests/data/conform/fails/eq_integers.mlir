func.func @main() {
  %got1 = stablehlo.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi32>
  %want1 = stablehlo.constant dense<[[1, 2], [5, 4]]> : tensor<2x2xi32>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<2x2xi32>, tensor<2x2xi32>) -> ()
  return
}
