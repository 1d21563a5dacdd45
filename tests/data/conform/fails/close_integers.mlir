// A check that is not for this type.
func.func @main() {
  %got1 = stablehlo.constant dense<[1, 2]> : tensor<2xi32>
  %want1 = stablehlo.constant dense<[1, 2]> : tensor<2xi32>
  stablehlo.custom_call @check.expect_close(%got1, %want1) {has_side_effect = true}
      : (tensor<2xi32>, tensor<2xi32>) -> ()
  return
}
