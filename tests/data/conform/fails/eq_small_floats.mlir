func.func @main() {
  %got1 = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf8E4M3FN>
  %want1 = stablehlo.constant dense<[1.0, 2.25]> : tensor<2xf8E4M3FN>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<2xf8E4M3FN>, tensor<2xf8E4M3FN>) -> ()
  return
}
