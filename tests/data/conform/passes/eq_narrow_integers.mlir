// Integers narrower than a byte.
func.func @main() {
  %got1 = stablehlo.constant dense<[-8, -1, 0, 1, 7]> : tensor<5xi4>
  %want1 = stablehlo.constant dense<[-8, -1, 0, 1, 7]> : tensor<5xi4>
  stablehlo.custom_call @check.expect_eq(%got1, %want1) {has_side_effect = true}
      : (tensor<5xi4>, tensor<5xi4>) -> ()
  %got2 = stablehlo.constant dense<[0, 8, 15]> : tensor<3xui4>
  %want2 = stablehlo.constant dense<[0, 8, 15]> : tensor<3xui4>
  stablehlo.custom_call @check.expect_eq(%got2, %want2) {has_side_effect = true}
      : (tensor<3xui4>, tensor<3xui4>) -> ()
  %got3 = stablehlo.constant dense<[-2, -1, 0, 1]> : tensor<4xi2>
  %want3 = stablehlo.constant dense<[-2, -1, 0, 1]> : tensor<4xi2>
  stablehlo.custom_call @check.expect_eq(%got3, %want3) {has_side_effect = true}
      : (tensor<4xi2>, tensor<4xi2>) -> ()
  %got4 = stablehlo.constant dense<[0, 1, 2, 3, 0]> : tensor<5xui2>
  %want4 = stablehlo.constant dense<[0, 1, 2, 3, 0]> : tensor<5xui2>
  stablehlo.custom_call @check.expect_eq(%got4, %want4) {has_side_effect = true}
      : (tensor<5xui2>, tensor<5xui2>) -> ()
  return
}
