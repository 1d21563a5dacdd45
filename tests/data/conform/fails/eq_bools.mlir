func.func @main() {
  %got1 = stablehlo.constant dense<[true, true]> : tensor<2xi1>
  %want1 = stablehlo.constant dense<[true, false]> : tensor<2xi1>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<2xi1>, tensor<2xi1>) -> ()
  return
}
