func.func @main() {
  %a = stablehlo.constant dense<[1, 0, 1, 1, 0]> : tensor<5xi4>
  %b = stablehlo.constant dense<[1, 0, 0, 1, 0]> : tensor<5xi4>
  stablehlo.custom_call @check.expect_eq(%a, %b) {has_side_effect = true} : (tensor<5xi4>, tensor<5xi4>) -> ()
  return
}
