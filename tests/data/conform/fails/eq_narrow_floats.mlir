func.func @main() {
  %a = stablehlo.constant dense<[1.0, 0.0, 1.0, 1.0, 0.0]> : tensor<5xf4E2M1FN>
  %b = stablehlo.constant dense<[1.0, 0.0, 0.0, 1.0, 0.0]> : tensor<5xf4E2M1FN>
  stablehlo.custom_call @check.expect_eq(%a, %b) {has_side_effect = true} : (tensor<5xf4E2M1FN>, tensor<5xf4E2M1FN>) -> ()
  return
}
